import { Command } from "commander";
import type { MerchantSettings } from "../core/merchants/merchant.ts";
import type { MerchantView } from "../core/merchants/read.ts";
import { type Cell, type Column, note, printJson, type Wire } from "./format.ts";
import { printList } from "./list.ts";
import { callNode } from "./node-client.ts";
import { example, listed, merchantPath, oneOf, refuseNothing } from "./options.ts";

type Merchant = Wire<MerchantView>;

interface Made {
  merchant: Merchant;
  credentials: object;
}

interface SettingOptions {
  noticeUrl?: string | false;
  resend?: boolean;
  form?: boolean;
  announceIssued?: boolean;
  topUpHolder?: string | false;
}

const dialects = ["iamport", "kakao-moment", "ppro", "konaplate"] as const;

interface KeyOptions {
  dialect: (typeof dialects)[number];
  name?: string;
  redirectUri?: string[];
}

export const merchants = new Command("merchants")
  .description("shops: list, make and change them and their keys")
  .addHelpText(...example("naru merchants create 나루상점 --notice-url http://127.0.0.1:9000/hook"));

merchants
  .command("list", { isDefault: true })
  .description("list them with their keys")
  .option("--json", "one JSON object per line")
  .addHelpText(...example("naru merchants list"))
  .action(async ({ json }: { json?: boolean }) => {
    await printList(
      { path: "/merchants", name: "merchants", columns: merchantColumns, rowOf, none: "no merchants" },
      json,
    );
  });

withSettings(
  merchants
    .command("create")
    .description("make one; its secrets are printed, and never shown again")
    .argument("<name>", "as customers see it")
    .option("--id <mer_…>", "of your choice, so that the same again is refused"),
)
  .addHelpText(...example("naru merchants create 나루상점 --id mer_shop-1 --resend --form"))
  .action(async (name: string, { id, ...options }: SettingOptions & { id?: string }) => {
    printMade(await callNode<Made>("POST", "/merchants", { id, name, settings: settingsOf(options) }));
  });

withSettings(
  merchants
    .command("set")
    .description("change one; nodes may go by the old settings for some seconds")
    .argument("<id>", "mer_…")
    .option("--name <name>", "as customers see it"),
)
  .option("--no-notice-url", "no address: each request names its own")
  .option("--no-top-up-holder", "the name of Kakao Moment's contract")
  .addHelpText(...example("naru merchants set mer_shop-1 --no-resend --no-form"))
  .action(async (id: string, { name, ...options }: SettingOptions & { name?: string }) => {
    const settings = settingsOf(options);
    refuseNothing({ name, ...settings });
    printMerchant(await callNode<Merchant>("PATCH", merchantPath(id), { name, settings }));
  });

merchants
  .command("add-key")
  .description("give one more pair of key and secret, which is printed, and never shown again")
  .argument("<id>", "mer_…")
  .option("-d, --dialect <dialect>", dialects.join(", "), oneOf(dialects), dialects[0])
  .option("--name <name>", "of a kakao-moment app, as users are shown it; default: the merchant's")
  .option("--redirect-uri <uri>", "where the app has users sent back to; repeated for more", listed(String))
  .addHelpText(
    ...example(
      "naru merchants add-key mer_shop-1",
      "naru merchants add-key mer_shop-1 --dialect kakao-moment --redirect-uri http://localhost:3000/callback",
    ),
  )
  .action(async (id: string, { dialect, name, redirectUri: redirectUris }: KeyOptions) => {
    printMade(await callNode<Made>("POST", `${merchantPath(id)}/credentials`, { dialect, name, redirectUris }));
  });

merchants
  .command("remove-key")
  .description("take a key away; a token it was given works for some seconds more")
  .argument("<id>", "mer_…")
  .argument("<key>", "as `naru merchants list` shows it")
  .addHelpText(...example("naru merchants remove-key mer_shop-1 1234567890123456"))
  .action(async (id: string, key: string) =>
    printMerchant(await callNode<Merchant>("DELETE", `${merchantPath(id)}/credentials/${encodeURIComponent(key)}`)),
  );

function withSettings(command: Command): Command {
  return command
    .option("--notice-url <url>", "where changes are announced when a request names no address")
    .option("--resend", "failed webhooks are tried again")
    .option("--no-resend", "they are not")
    .option("--form", "webhooks are written as forms")
    .option("--no-form", "they are JSON")
    .option("--announce-issued", "issued accounts are announced")
    .option("--no-announce-issued", "they are not")
    .option("--top-up-holder <name>", "whose name stands on accounts that top up an ad account");
}

/** Those that are named; false stands for one that is to be removed. */
function settingsOf({ noticeUrl, resend, form, announceIssued, topUpHolder }: SettingOptions): object {
  const named: Partial<Record<keyof MerchantSettings, unknown>> = {
    noticeUrl: noticeUrl === false ? null : noticeUrl,
    resendWebhooks: resend,
    webhookFormat: form === undefined ? undefined : form ? "form" : "json",
    announceIssued,
    topUpHolder: topUpHolder === false ? null : topUpHolder,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

function printMerchant({ id, name, settings, credentials }: Merchant): void {
  printJson({ id, name, settings, credentials });
}

function printMade({ merchant, credentials }: Made): void {
  const { id, name, settings } = merchant;
  printJson({ merchant: { id, name, settings }, credentials });
  // A secret that signs is read back by the node; of others it only needs to know that they are right.
  const stored = "konaplate" in credentials ? "encrypted" : "hashed";
  note(`the secrets are stored ${stored}: this is the only time they are shown`);
}

export const merchantColumns: readonly Column[] = [
  { title: "id" },
  { title: "name" },
  // Room for a whole one, so that it can be copied.
  { title: "keys", wrap: 40 },
  { title: "channels", right: true, spare: true },
  { title: "settings", cut: true, spare: true },
];

function rowOf({ id, name, credentials, channels, settings }: Merchant): Cell[] {
  const keys = credentials.map(({ key }) => key).join(" ");
  const set = Object.entries(settings).map(([setting, value]) => `${setting}=${settingText(value)}`);
  return [id, name, keys, String(channels.length), set.join(" ")];
}

/** Of headers, whose values are nobody's to see, the names. */
function settingText(value: unknown): string {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.keys(value).join(",")
    : String(value);
}
