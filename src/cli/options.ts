/** What options and arguments of commands are made of; what is wrong is one line of commander's. */
import { type Command, InvalidArgumentError } from "commander";
import { callNode, NodeError } from "./node-client.ts";

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** A number whose bounds are the node's. */
export function decimal(text: string): number {
  if (/^\d*\.?\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a number such as 3 or 0.1.");
}

/** One of these words. */
export function oneOf<const Choice extends string>(choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`It must be ${choices.join(", ")}.`);
  };
}

/** A date, which begins at midnight here, or a time; as the node reads it. */
export function moment(text: string): string {
  const time = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time.getTime())) return time.toISOString();
  throw new InvalidArgumentError("It must be a date or time such as 2026-03-02 or 2026-03-02T09:00.");
}

/** Refuses what is empty, as an unset variable of a shell leaves it, and arguments that would turn a path elsewhere. */
export function refuseEmpty(_: Command, command: Command): void {
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    if (typeof value === "string" && value.trim() === "") {
      command.error(`error: option '${option.flags}' argument is empty`);
    }
  }
  for (const argument of command.args) {
    if (/^\s*$/.test(argument)) command.error("error: an argument is empty");
    if (/^\.\.?$/.test(argument)) command.error(`error: '${argument}' names nothing`);
  }
}

/** For `--help`. */
export function example(...lines: string[]): [position: "after", text: string] {
  return ["after", `\nExample${lines.length > 1 ? "s" : ""}:\n${lines.map((line) => `  ${line}`).join("\n")}`];
}

/** What was given of an option that may be repeated. */
export function listed<Item>(read: (text: string) => Item): (text: string, before?: Item[]) => Item[] {
  return (text, before = []) => [...before, read(text)];
}

/** `1001=master`; which roles there are is the node's to say. */
export function readMember(text: string): { user: number; role: string } {
  const [, user, role] = /^(\d{1,15})=(\w+)$/.exec(text) ?? [];
  if (user === undefined || role === undefined) {
    throw new InvalidArgumentError("It must be a user and a role such as 1001=master.");
  }
  return { user: Number(user), role };
}

/** A change must name something. */
export function refuseNothing(change: object): void {
  if (Object.values(change).every((value) => value === undefined)) {
    throw new NodeError("say what to change; see --help");
  }
}

/** A number by which users and ad accounts are known. */
export const knownNumber = wholeNumber(1, Number.MAX_SAFE_INTEGER);

/** What `ofMerchant` adds. */
export interface OfMerchant {
  merchant?: string;
}

export function ofMerchant(command: Command): Command {
  return command.option("-m, --merchant <id>", "mer_…; needed if there are several");
}

/** Where a merchant's are: the one that is named, or the only one. */
export async function findMerchantPath(named: string | undefined): Promise<string> {
  if (named !== undefined) return merchantPath(named);
  const { merchants } = await callNode<{ merchants: { id: string }[] }>("GET", "/merchants", { limit: 2 });
  const [only] = merchants;
  if (only === undefined) throw new NodeError("there is no merchant; see `naru merchants create`");
  if (merchants.length > 1)
    throw new NodeError("there are several merchants: give one by --merchant, as `naru merchants` lists them");
  return merchantPath(only.id);
}

export function merchantPath(id: string): string {
  return `/merchants/${encodeURIComponent(id)}`;
}

/** The id of the payment that is named by its own id, or by the id that its client knows. */
export async function findPaymentId(name: string): Promise<string> {
  if (name.trim() === "") throw new NodeError("give the id of a payment, imp_… or pay_…");
  if (name.startsWith("pay_")) return name;
  const { payments } = await callNode<{ payments: { id: string }[] }>("GET", "/payments", { wireId: name });
  if (payments[0] === undefined) throw new NodeError(`there is no payment ${name}`);
  return payments[0].id;
}
