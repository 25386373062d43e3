import { Command } from "commander";
import { type AdAccount, type AdAccountState, adAccountStates } from "../core/ad-accounts/ad-account.ts";
import {
  type Cell,
  type Column,
  Columns,
  inColour,
  inked,
  localTime,
  paint,
  printJson,
  printLines,
  type Wire,
  won,
} from "./format.ts";
import { printList } from "./list.ts";
import { callNode } from "./node-client.ts";
import {
  decimal,
  example,
  findMerchantPath,
  knownNumber,
  listed,
  type OfMerchant,
  ofMerchant,
  oneOf,
  readMember,
  refuseNothing,
} from "./options.ts";

/** As the node shows one. */
type Shown = Wire<Omit<AdAccount, "id" | "members" | "eventSeq">> & {
  cash: number;
  outOfBalance: boolean;
  members: Member[];
};

interface Member {
  user: number;
  role: string;
}

interface Fields {
  freeCash?: number;
  member?: Member[];
  /** False: none at all. */
  members?: boolean;
}

export const adAccounts = new Command("ad-accounts")
  .description("accounts that advertisers top up: list, show, make and change them")
  .addHelpText(...example("naru ad-accounts", "naru ad-accounts create 광고계정 --member 1001=master"));

ofMerchant(adAccounts.command("list", { isDefault: true }).description("list a merchant's with their cash"))
  .option("--json", "one JSON object per line")
  .addHelpText(...example("naru ad-accounts list --merchant mer_shop-1"))
  .action(async ({ merchant, json }: OfMerchant & { json?: boolean }) => {
    const path = `${await findMerchantPath(merchant)}/ad-accounts`;
    const none = "no ad accounts";
    await printList({ path, name: "adAccounts", columns: adAccountColumns, rowOf, none }, json);
  });

ofMerchant(adAccounts.command("show").description("show one"))
  .argument("<number>", "as `naru ad-accounts` lists it", knownNumber)
  .option("--json", "as JSON, with every field")
  .addHelpText(...example("naru ad-accounts show 12345"))
  .action(async (named: number, { merchant, json }: OfMerchant & { json?: boolean }) => {
    const shown = await callNode<Shown>("GET", await pathOf(named, merchant));
    if (json === true) printJson(shown);
    else printLines(detailOf(shown));
  });

withFields(ofMerchant(adAccounts.command("create").description("make one, switched on")))
  .argument("<name>", "as advertisers see it")
  .option("--number <number>", "of your choice, so that the same again is refused", decimal)
  .addHelpText(...example("naru ad-accounts create 광고계정 --number 20001 --member 1001=master --member 1002=member"))
  .action(async (name: string, { merchant, number: chosen, ...given }: Fields & OfMerchant & { number?: number }) => {
    const fields = { name, number: chosen, ...fieldsOf(given) };
    printJson(await callNode<Shown>("POST", `${await findMerchantPath(merchant)}/ad-accounts`, fields));
  });

withFields(ofMerchant(adAccounts.command("set").description("change one; its members as a whole")))
  .argument("<number>", "as `naru ad-accounts` lists it", knownNumber)
  .option("--name <name>", "as advertisers see it")
  .option("--state <state>", adAccountStates.join(", "), oneOf(adAccountStates))
  .option("--stop", "its members cannot switch it on")
  .option("--no-stop", "they can")
  .option("--no-members", "nobody may use it")
  .addHelpText(
    ...example("naru ad-accounts set 12345 --stop --state off", "naru ad-accounts set 12345 --free-cash 50000"),
  )
  .action(async (named: number, { merchant, ...given }: Fields & OfMerchant & Changes) => {
    const { name, state, stop: stopped } = given;
    const change = { name, state, stopped, ...fieldsOf(given) };
    refuseNothing(change);
    printJson(await callNode<Shown>("PATCH", await pathOf(named, merchant), change));
  });

interface Changes {
  name?: string;
  state?: AdAccountState;
  stop?: boolean;
}

async function pathOf(named: number, merchant: string | undefined): Promise<string> {
  return `${await findMerchantPath(merchant)}/ad-accounts/${named}`;
}

function withFields(command: Command): Command {
  return command
    .option("--free-cash <won>", "what was given for nothing", decimal)
    .option("--member <user=role>", "a user's number and master or member; repeated for more", listed(readMember));
}

function fieldsOf({ freeCash, member, members }: Fields): object {
  return { freeCash, members: members === false ? [] : member };
}

export const adAccountColumns: readonly Column[] = [
  { title: "number", right: true },
  { title: "name", cut: true },
  { title: "state" },
  { title: "cash", right: true },
  { title: "free cash", right: true },
  { title: "members", cut: true, spare: true },
];

function rowOf({ number: named, name, state, stopped, cash, freeCash, members }: Shown): Cell[] {
  const free = freeCash === 0 ? "" : won(freeCash);
  return [String(named), name, stateOf({ state, stopped }), won(cash), free, membersOf(members)];
}

function stateOf({ state, stopped }: Pick<Shown, "state" | "stopped">): Cell {
  return stopped ? [`${state}, stopped`, "red"] : inColour(state);
}

function membersOf(members: readonly Member[]): string {
  return members.map(({ user, role }) => `${user}=${role}`).join(" ");
}

function detailOf(shown: Shown): string[] {
  const { number: named, name, merchantId, cash, freeCash, outOfBalance, createdAt, updatedAt } = shown;
  const { ownerCompany, advertiser, businessRight, walletNumber, type, members } = shown;
  const companyOf = (company: Shown["advertiser"]) => `${company.name} (${company.businessRegistrationNumber})`;
  const facts: [name: string, value: string][] = [
    ["name", name],
    ["merchant", merchantId],
    ["cash", `${won(cash)}${outOfBalance ? ", out of balance" : ""}`],
    ["free cash", won(freeCash)],
    ["members", members.length === 0 ? "nobody" : membersOf(members)],
    ["owner", companyOf(ownerCompany)],
    ["advertiser", companyOf(advertiser)],
    ["right", `${businessRight.companyName} (${businessRight.number})`],
    ["wallet", String(walletNumber)],
    ["type", type],
    ["made", localTime(createdAt)],
    ["changed", updatedAt === createdAt ? "" : localTime(updatedAt)],
  ];
  const rows = facts.filter(([, value]) => value !== "").map(([title, value]): Cell[] => [[title, "dim"], value]);
  return [
    `${paint(String(named), "bold")}  ${inked(stateOf(shown))}`,
    ...new Columns([{ title: "" }, { title: "" }]).lines(rows),
  ];
}
