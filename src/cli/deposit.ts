import { Command } from "commander";
import { printJson } from "./format.ts";
import { callNode } from "./node-client.ts";
import { example } from "./options.ts";

interface Options {
  amount?: string;
  bank?: string;
  name?: string;
  noticeId?: string;
  occurredAt?: string;
  force?: boolean;
}

export const deposit = new Command("deposit")
  .description("transfer money to a virtual account, as a customer would")
  .argument("<account-number>")
  .option("-a, --amount <won>", "default: what is due")
  .option("-b, --bank <code>", "needed if several banks know the number")
  .option("-n, --name <depositor>", "the depositor's name")
  .option("--notice-id <id>", "the bank's transaction id; the same again is a duplicate")
  .option("--occurred-at <time>", "by the bank's clock, ISO 8601; default: now")
  .option("--force", "the bank lets it through without asking whether the account takes it")
  .addHelpText(
    ...example("naru deposit 56212345678901 --name 홍길동", "naru deposit 56212345678901 --amount 1000 --force"),
  )
  .action(async (accountNumber: string, options: Options) => {
    const { bank, name, ...same } = options;
    printJson(
      await callNode("POST", "/sandbox/deposits", { accountNumber, bankCode: bank, depositorName: name, ...same }),
    );
  });

deposit
  .command("reverse")
  .description("the bank takes a deposit back")
  .argument("<notice-id>")
  .addHelpText(...example("naru deposit reverse sbx_1"))
  .action(async (noticeId: string) =>
    printJson(await callNode("POST", `/sandbox/deposits/${encodeURIComponent(noticeId)}/reversal`)),
  );
