import { Command } from "commander";
import type { User } from "../core/ad-accounts/user.ts";
import { type Cell, type Column, localTime, note, printJson, printLine, type Wire } from "./format.ts";
import { printList } from "./list.ts";
import { callNode } from "./node-client.ts";
import {
  decimal,
  example,
  findMerchantPath,
  knownNumber,
  type OfMerchant,
  ofMerchant,
  refuseNothing,
} from "./options.ts";

/** As the node shows one. */
type Shown = Wire<Omit<User, "id" | "signInHash">>;

interface Answer {
  user: Shown;
  signInCode?: string;
}

interface Fields {
  restricted?: boolean;
  business?: boolean;
}

export const users = new Command("users")
  .description("people who use ad accounts: list, make and change them, take an app away")
  .addHelpText(...example("naru users", "naru users create 김나루 --number 2001"));

ofMerchant(users.command("list", { isDefault: true }).description("list a merchant's"))
  .option("--json", "one JSON object per line")
  .addHelpText(...example("naru users list --merchant mer_shop-1"))
  .action(async ({ merchant, json }: OfMerchant & { json?: boolean }) => {
    const path = `${await findMerchantPath(merchant)}/users`;
    await printList({ path, name: "users", columns: userColumns, rowOf, none: "no users" }, json);
  });

withFields(ofMerchant(users.command("create").description("make one; what they sign in with is printed once")))
  .argument("<name>", "as the consent page shows it")
  .option("--number <number>", "of your choice, so that the same again is refused", decimal)
  .addHelpText(...example("naru users create 김나루 --number 2001"))
  .action(async (name: string, { merchant, number: chosen, ...fields }: Fields & OfMerchant & { number?: number }) => {
    const path = `${await findMerchantPath(merchant)}/users`;
    printAnswer(await callNode<Answer>("POST", path, { name, number: chosen, ...fields }));
  });

withFields(ofMerchant(users.command("set").description("change one; nodes may go by the old for some seconds")))
  .argument("<number>", "as `naru users` lists it", knownNumber)
  .option("--name <name>", "as the consent page shows it")
  .option("--new-sign-in-code", "another code to sign in with, which is printed once")
  .addHelpText(...example("naru users set 1001 --restricted", "naru users set 1001 --new-sign-in-code"))
  .action(async (named: number, { merchant, ...change }: Fields & OfMerchant & { name?: string }) => {
    refuseNothing(change);
    printAnswer(await callNode<Answer>("PATCH", `${await findMerchantPath(merchant)}/users/${named}`, change));
  });

ofMerchant(users.command("unlink").description("the user no longer lets an app act for them"))
  .argument("<number>", "as `naru users` lists it", knownNumber)
  .argument("<key>", "the app's, as `naru merchants list` shows it")
  .addHelpText(...example("naru users unlink 1001 naru_sandbox_rest_api_key"))
  .action(async (named: number, key: string, { merchant }: OfMerchant) => {
    const path = `${await findMerchantPath(merchant)}/users/${named}/apps/${encodeURIComponent(key)}`;
    const { tokens } = await callNode<{ tokens: number }>("DELETE", path);
    printLine(`${tokens === 1 ? "1 token is" : `${tokens} tokens are`} void`);
  });

function withFields(command: Command): Command {
  return command
    .option("--restricted", "may neither consent nor be acted for")
    .option("--no-restricted", "may do both")
    .option("--business", "is registered as a business")
    .option("--no-business", "is not");
}

function printAnswer(answer: Answer): void {
  printJson(answer);
  if (answer.signInCode !== undefined) note("the sign-in code is stored hashed: this is the only time it is shown");
}

export const userColumns: readonly Column[] = [
  { title: "number", right: true },
  { title: "name", cut: true },
  { title: "restricted" },
  { title: "business" },
  { title: "made", spare: true },
];

function rowOf({ number: named, name, restricted, business, createdAt }: Shown): Cell[] {
  return [String(named), name, restricted ? ["yes", "red"] : "", business ? "yes" : "no", localTime(createdAt)];
}
