import { Command } from "commander";
import type { MerchantSettings } from "../core/merchants/merchant.ts";
import type { MerchantView } from "../core/merchants/read.ts";
import { type Cell, Columns, note, printJson, printJsonLines, printLines, type Wire } from "./format.ts";
import { callNode, NodeError, pagesOf } from "./node-client.ts";
import { example } from "./options.ts";

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
}

const dialect = "iamport";

export const merchants = new Command("merchants")
  .description("shops: list, make and change them and their keys")
  .addHelpText(...example("naru merchants create 나루상점 --notice-url http://127.0.0.1:9000/hook"));

merchants
  .command("list", { isDefault: true })
  .description("list them with their keys")
  .option("--json", "one JSON object per line")
  .addHelpText(...example("naru merchants list"))
  .action(async ({ json }: { json?: boolean }) => {
    const columns = new Columns([
      { title: "id" },
      { title: "name" },
      { title: "keys" },
      { title: "channels", right: true },
      { title: "settings", cut: true, spare: true },
    ]);
    let isFirst = true;
    for await (const page of pagesOf<{ merchants: Merchant[]; cursor: string | null }>("/merchants", {})) {
      const rows = page.merchants.map(rowOf);
      if (json === true) printJsonLines(page.merchants);
      else printLines(isFirst ? columns.table(rows) : columns.lines(rows));
      isFirst = false;
    }
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
  .addHelpText(...example("naru merchants set mer_shop-1 --no-resend --no-form"))
  .action(async (id: string, { name, ...options }: SettingOptions & { name?: string }) => {
    const settings = settingsOf(options);
    if (name === undefined && Object.keys(settings).length === 0) throw new NodeError("say what to change; see --help");
    printMerchant(await callNode<Merchant>("PATCH", pathOf(id), { name, settings }));
  });

merchants
  .command("add-key")
  .description("give one more pair of key and secret, which is printed, and never shown again")
  .argument("<id>", "mer_…")
  .addHelpText(...example("naru merchants add-key mer_shop-1"))
  .action(async (id: string) => printMade(await callNode<Made>("POST", `${pathOf(id)}/credentials`, { dialect })));

merchants
  .command("remove-key")
  .description("take a key away; a token it was given works for some seconds more")
  .argument("<id>", "mer_…")
  .argument("<key>", "as `naru merchants list` shows it")
  .addHelpText(...example("naru merchants remove-key mer_shop-1 1234567890123456"))
  .action(async (id: string, key: string) =>
    printMerchant(await callNode<Merchant>("DELETE", `${pathOf(id)}/credentials/${encodeURIComponent(key)}`)),
  );

function pathOf(id: string): string {
  return `/merchants/${encodeURIComponent(id)}`;
}

function withSettings(command: Command): Command {
  return command
    .option("--notice-url <url>", "where changes are announced when a request names no address")
    .option("--resend", "failed webhooks are tried again")
    .option("--no-resend", "they are not")
    .option("--form", "webhooks are written as forms")
    .option("--no-form", "they are JSON")
    .option("--announce-issued", "issued accounts are announced")
    .option("--no-announce-issued", "they are not");
}

/** Those that are named; false stands for an address that is to be removed. */
function settingsOf({ noticeUrl, resend, form, announceIssued }: SettingOptions): object {
  const named: Partial<Record<keyof MerchantSettings, unknown>> = {
    noticeUrl: noticeUrl === false ? null : noticeUrl,
    resendWebhooks: resend,
    webhookFormat: form === undefined ? undefined : form ? "form" : "json",
    announceIssued,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

function printMerchant({ id, name, settings, credentials }: Merchant): void {
  printJson({ id, name, settings, credentials });
}

function printMade({ merchant, credentials }: Made): void {
  const { id, name, settings } = merchant;
  printJson({ merchant: { id, name, settings }, credentials });
  note("the secrets are stored hashed: this is the only time they are shown");
}

function rowOf({ id, name, credentials, channels, settings }: Merchant): Cell[] {
  const keys = credentials.map(({ key }) => key).join(" ");
  const set = Object.entries(settings).map(([setting, value]) => `${setting}=${value}`);
  return [id, name, keys, String(channels.length), set.join(" ")];
}
