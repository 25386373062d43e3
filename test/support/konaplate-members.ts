/** What tests do with members of Konaplate: register them, link their accounts, charge their balances. */
import { randomInt } from "node:crypto";
import { expect } from "vitest";
import { isLuhn, merchantId } from "../konaplate/contract.ts";
import { type Client, eventually } from "./client.ts";
import { demoMerchant } from "./consent.ts";
import { type KonaplateAnswer, type KonaplateBody, KonaplateClient, type WideFields } from "./konaplate.ts";
import { operate } from "./merchants.ts";

export interface OwnAccount {
  bankCode: string;
  bankName: string;
  bankAccount: string;
}

export interface TestMember {
  userId: number | bigint;
  loginId: string;
  userName: string;
  birthDate: string;
  cardNo: string;
  par: string;
  /** `YYMM`. */
  cardExpiry: string;
  /** Of the same name, and linked to nobody yet. */
  account: OwnAccount;
}

let made = randomInt(1_000_000);

/** An account of 12 digits at Shinhan that no other call had; `prefix` for what the sandbox's PG does with it. */
export function newAccount(prefix = "110"): OwnAccount {
  made += 1;
  return { bankCode: "088", bankName: "신한은행", bankAccount: `${prefix}${String(made).padStart(9, "7")}` };
}

/** Whose it is at the sandbox's PG. */
export async function holderOf(node: Client, { bankCode, bankAccount }: OwnAccount): Promise<string> {
  const query = new URLSearchParams({ bankCode, accountNumber: bankAccount });
  const { status, body } = await node.get<{ holder: string }>(`/naru/v1/sandbox/holders?${query}`);
  if (status !== 200) throw new Error(`nobody's account: ${JSON.stringify(body)}`);
  return body.holder;
}

/** What a registration says of a person, with a login name that no other call had. */
export function personFields(fields: WideFields = {}): WideFields {
  made += 1;
  return {
    loginId: `naru${process.pid}no${made}`,
    loginPassword: "918273",
    birthDate: "19900101",
    nationality: "Korean",
    gender: "Female",
    userName: "박나루",
    mobileNumber: `010${String(made).padStart(8, "5")}`,
    joinChannel: "OPENAPI",
    ...fields,
  };
}

/** Registers a person whose name is that of an account's holder. */
export async function newMember(
  client: KonaplateClient,
  fields: WideFields = {},
  account = newAccount(),
): Promise<TestMember> {
  const userName = fields.userName ?? (await holderOf(client.node, account));
  const person = personFields({ ...fields, userName });
  const { userId, basicCardInfo } = await client.ask("registerMember", person);
  const { cardNo, par, expiryDate } = basicCardInfo;
  expect(isLuhn(cardNo)).toBe(true);
  const { loginId, birthDate } = person as Record<string, string>;
  return {
    userId,
    loginId: loginId!,
    userName: String(userName),
    birthDate: birthDate!,
    cardNo,
    par,
    cardExpiry: expiryDate.slice(0, 4),
    account,
  };
}

/** What the registration of a member's account says. */
export function accountFieldsOf({ userId, userName, birthDate, account }: TestMember): WideFields {
  return { userId, ...account, userName, birthDate };
}

export function statusOf(client: KonaplateClient, regNo: string): Promise<KonaplateAnswer> {
  return client.call("registration", { regNo });
}

/** What comes of a registration, once the telephone has had its time: a status, or the code of its failure. */
export async function settled(client: KonaplateClient, regNo: string): Promise<string> {
  await client.node.moveClock("PT2S");
  return eventually(async () => {
    const { status, body } = await statusOf(client, regNo);
    if (status !== 200) return body.response.code;
    return body.status === "BANK_ACC_REGISTERED" && body.status;
  }, 20_000);
}

/** A registration from the code on, whatever comes of it. */
export async function register(client: KonaplateClient, member: TestMember, fields: WideFields = {}): Promise<string> {
  await client.ask("arsCode", { userId: member.userId });
  const { bankAccRegNo } = await client.ask("register", { ...accountFieldsOf(member), ...fields });
  return settled(client, bankAccRegNo);
}

/** Registers their account, so that it can be drawn on. */
export async function link(client: KonaplateClient, member: TestMember, fields: WideFields = {}): Promise<TestMember> {
  const status = await register(client, member, fields);
  if (status !== "BANK_ACC_REGISTERED") throw new Error(`the account was not linked: ${status}`);
  return member;
}

export async function newLinkedMember(client: KonaplateClient, fields: WideFields = {}): Promise<TestMember> {
  return link(client, await newMember(client, fields));
}

/** A name of a request that no other call had. */
export function newSequenceId(): string {
  made += 1;
  return `seq${process.pid}at${Date.now()}no${made}`.slice(-30);
}

export interface ShownToken {
  oneTimeToken: string;
  dcvv: string;
}

export async function tokenOf(client: KonaplateClient, { cardNo }: TestMember, type?: string): Promise<ShownToken> {
  const { oneTimeToken, dcvv } = await client.ask("token", { cardNo, ...(type === undefined ? {} : { type }) });
  return { oneTimeToken, dcvv };
}

/** A request to charge a balance, with a token of its own. */
export async function charging(
  client: KonaplateClient,
  member: TestMember,
  amount: number,
  fields: WideFields = {},
): Promise<WideFields> {
  const shown = fields.oneTimeToken === undefined ? await tokenOf(client, member) : {};
  return { sequenceId: newSequenceId(), userId: member.userId, amount, merchantId, ...shown, ...fields };
}

export async function tryCharge(
  client: KonaplateClient,
  member: TestMember,
  amount: number,
  fields: WideFields = {},
): Promise<KonaplateAnswer> {
  return client.call("charge", await charging(client, member, amount, fields));
}

export interface Charged {
  sequenceId: string;
  nrNumber: string;
}

/** Charges a balance, and waits until that is completed. */
export async function charge(client: KonaplateClient, member: TestMember, amount: number): Promise<Charged> {
  const fields = await charging(client, member, amount);
  const { nrNumber } = await client.ask("charge", fields);
  const sequenceId = String(fields.sequenceId);
  const result = await resultOf(client, sequenceId);
  if (result !== "COMPLETED") throw new Error(`the charge is ${result}`);
  return { sequenceId, nrNumber };
}

/** A request to take a charge back, with a token of its own. */
export async function cancelling(
  client: KonaplateClient,
  member: TestMember,
  { nrNumber }: Pick<Charged, "nrNumber">,
  fields: WideFields = {},
): Promise<WideFields> {
  const { userId, cardExpiry } = member;
  const shown = fields.oneTimeToken === undefined ? await tokenOf(client, member) : {};
  return { sequenceId: newSequenceId(), userId, nrNumber, cardExpiry, ...shown, ...fields };
}

export async function tryCancel(
  client: KonaplateClient,
  member: TestMember,
  charged: Pick<Charged, "nrNumber">,
  fields: WideFields = {},
): Promise<KonaplateAnswer> {
  return client.call("cancel", await cancelling(client, member, charged, fields));
}

/** What becomes of a charge or of taking one back, once that is known. */
export async function resultOf(client: KonaplateClient, sequenceId: unknown, timeout_ms = 20_000): Promise<string> {
  return eventually(async () => {
    const { result } = await client.ask("result", { sequenceId });
    return result !== "PENDING" && result;
  }, timeout_ms);
}

/** As every way to see it shows it, which are one balance, once nothing changes it between two looks, or this fails. */
export async function balanceOf(client: KonaplateClient, { userId, cardNo, par }: TestMember): Promise<number> {
  const { shown } = await eventually(async () => {
    const { balance } = await client.ask("cardOwner", { cardNo });
    const { cardDataInfo } = await client.ask("cards", { userId, par });
    const booked = await client.node.balanceOf(`member:${userId}`);
    return cardDataInfo[0].balance === balance && booked === balance && { shown: balance };
  });
  return shown;
}

/** Of a project that has no crypto key yet. */
export const noKey = { cryptoKeyId: "", serverPublicKey: "", clientPrivateKey: "" };

/** Another merchant's partner, without a crypto key yet. */
export interface Partner {
  merchantId: string;
  /** Where its crypto keys are, in Naru's own API. */
  keys: string;
  client: KonaplateClient;
}

export async function newPartner(node: Client): Promise<Partner> {
  const merchantId = (await operate(node, "POST", "/merchants", { name: "코나 상점" })).body.merchant.id;
  const made = await operate(node, "POST", `/merchants/${merchantId}/credentials`, { dialect: "konaplate" });
  expect(made.status).toBe(201);
  const { konaplate } = made.body.credentials;
  return {
    merchantId,
    keys: `/merchants/${merchantId}/credentials/${konaplate.accessKey}/crypto-keys`,
    client: new KonaplateClient(node, { ...konaplate, ...noKey }),
  };
}

/** Gives a partner a crypto key; its client goes by it from then on. */
export async function withKey(node: Client, { client, keys }: Partner): Promise<KonaplateClient> {
  const { status, body } = await operate(node, "POST", keys);
  if (status !== 201) throw new Error(`no key was made: ${JSON.stringify(body)}`);
  return new KonaplateClient(client.node, { ...client.credentials, ...body });
}

/** All that is stored of members and money; nothing of it changes by what is refused. */
export const kept = [
  "members",
  "cards",
  "one_time_tokens",
  "linked_accounts",
  "account_verifications",
  "withdrawals",
  "payments",
  "refunds",
  "operations",
  "events",
  "transfers",
  "exchanges",
  "crypto_keys",
] as const;

/** A member with a number of the operator's choice. */
export async function importMember(
  node: Client,
  userId: bigint,
  fields: WideFields = {},
  merchant = demoMerchant,
): Promise<KonaplateBody> {
  made += 1;
  const person = { loginId: `brought${process.pid}no${made}`, name: "박나루", birthDate: "19900101", gender: "Female" };
  const body = { ...person, number: String(userId), ...fields };
  const answer = await node.post<KonaplateBody>(`/naru/v1/merchants/${merchant}/members`, body);
  if (answer.status !== 201) throw new Error(`no member was made: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** A call that rings, as operators see it. */
export interface ArsCall {
  id: string;
  userId: string;
}

/** The telephone rings at this member, until it is answered. */
export async function ringing(node: Client, { userId }: TestMember): Promise<ArsCall> {
  return eventually(async () => {
    const { body } = await node.get<{ calls: ArsCall[] }>("/naru/v1/sandbox/ars-calls");
    return body.calls.find((one) => one.userId === String(userId));
  });
}

export function answerCall(node: Client, { id }: ArsCall, answer: "right" | "wrong" | "unanswered") {
  return node.post<KonaplateBody>(`/naru/v1/sandbox/ars-calls/${id}`, { answer });
}
