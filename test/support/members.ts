/** A core alone with a made-up PG and bank behind it, and a member who has a card and an account that can be drawn on. */
import { randomUUID } from "node:crypto";
import { readNow } from "../../src/core/clock.ts";
import type { Capabilities, Connector, RefundOrder, WithdrawalOrder } from "../../src/core/connector.ts";
import { Core } from "../../src/core/index.ts";
import { checkInvariants, invariants } from "../../src/core/invariants.ts";
import { accounts, readOwed } from "../../src/core/ledger/ledger.ts";
import {
  type LinkedAccountPurpose,
  linkedAccounts,
  sealAccount,
  sealRegistration,
} from "../../src/core/linked-accounts/linked-account.ts";
import { type Card, cards, sealCardNumber } from "../../src/core/members/card.ts";
import { type Member, members, nameIndex, type Person, sealPerson } from "../../src/core/members/member.ts";
import { oneTimeTokens } from "../../src/core/members/token.ts";
import { newOperation, newOperationId, type OperationAnswer, operations } from "../../src/core/operations/operation.ts";
import { Secrets } from "../../src/core/secrets.ts";
import { newId, Store } from "../../src/store/index.ts";
import type { TestDatabase } from "./database.ts";

export const merchantId = "mer_shop";
export const dialect = "konaplate";
export const channel = { id: "chn_1", connector: "pg", provider: "konaplate", providerMerchantId: "kona" };
export const secrets = new Secrets(Buffer.alloc(32, 7));
const holder = "김코나";

const capabilities: Capabilities = {
  issue: "ask",
  reservedNumbers: false,
  change: false,
  close: false,
  refund: true,
  receipts: false,
  wallet: false,
  linkedAccounts: true,
  holderLookup: false,
  notices: true,
  query: false,
};

/** What it decided, by the key of the order. It answers as it is told to, and by itself with a yes. */
export class MadeUpPg {
  readonly decided = new Map<string, OperationAnswer>();
  readonly withdrawn: WithdrawalOrder[] = [];
  readonly paid: RefundOrder[] = [];
  /** How the next orders are decided, and what the call is answered. */
  readonly next: { decides: OperationAnswer | undefined; answers: OperationAnswer | undefined }[] = [];

  decline(code = "insufficient-funds"): void {
    const no: OperationAnswer = { outcome: "failed", code, message: "잔액이 부족합니다." };
    this.next.push({ decides: no, answers: no });
  }

  /** It is done, but the answer is lost. */
  loseAnswer(): void {
    const decides: OperationAnswer = { outcome: "succeeded", transactionId: randomUUID() };
    this.next.push({ decides, answers: { outcome: "unknown", reason: "no answer" } });
  }

  /** It will say later. */
  wait(): void {
    this.next.push({ decides: undefined, answers: { outcome: "unknown", reason: "under way" } });
  }

  withdraw = async (order: WithdrawalOrder) => {
    this.withdrawn.push(order);
    return this.#decide(order.key);
  };

  pay = async (order: RefundOrder) => {
    this.paid.push(order);
    return this.#decide(order.key);
  };

  ask = async (key: string): Promise<OperationAnswer> =>
    this.decided.get(key) ?? { outcome: "unknown", reason: "under way" };

  #decide(key: string): OperationAnswer {
    const yes: OperationAnswer = { outcome: "succeeded", transactionId: randomUUID() };
    const { decides, answers } = this.next.shift() ?? { decides: yes, answers: yes };
    if (decides !== undefined) this.decided.set(key, decides);
    return answers ?? yes;
  }
}

export interface TestCore {
  core: Core;
  pg: MadeUpPg;
  close(): Promise<void>;
}

/** Not started: what it does by itself is done when a test says so. Several share a database and a PG. */
export function openCore(database: TestDatabase, pg = new MadeUpPg()): TestCore {
  const store = new Store({ url: database.url });
  const unused = () => Promise.reject(new Error("nobody registers here"));
  const linkedAccounts = { ...pg, checkHolder: unused, call: unused, register: unused, verify: unused };
  const core = coreBefore(store, { name: "pg", refunds: pg, linkedAccounts });
  return { core, pg, close: () => store.close() };
}

/** A core with one connector, which draws on accounts and pays out to them. */
export function coreBefore(store: Store, connector: Omit<Connector, "capabilities">, callTimeout_ms = 5_000): Core {
  return new Core({
    store,
    secrets,
    connectors: [{ ...connector, capabilities }],
    announcers: [],
    send: () => Promise.reject(new Error("nobody is told")),
    keepExchanges: true,
    exchangesKept_days: 30,
    callTimeout_ms,
    log: { info() {}, warn() {} },
  });
}

export async function makeMerchant({ core }: TestCore): Promise<void> {
  const { id, connector, provider, providerMerchantId } = channel;
  await core.registerMerchant({
    merchant: { id: merchantId, name: "나루상점", settings: {} },
    credentials: [],
    channels: [
      { id, connector, key: "kona", provider, providerMerchantId, name: "코나", isDefault: true, settings: {} },
    ],
  });
}

export interface TestMember {
  member: Member;
  card: Card;
  accountId: string;
}

export function personCalled(loginId: string): Person {
  return {
    loginId,
    name: holder,
    birthDate: "19751112",
    nationality: "Korean",
    gender: "Male",
    mobileNumber: "01012345678",
    ci: null,
    email: null,
    address: null,
  };
}

/** As they are stored, with accounts for these purposes; `holder` is whose the accounts are. */
export async function makeMember(
  { pool }: TestDatabase,
  number: string,
  wanted: { purposes?: LinkedAccountPurpose[]; holder?: string } = {},
): Promise<TestMember> {
  const now = new Date();
  const rows = { createdAt: now, updatedAt: now, eventSeq: 0 };
  const [id, cardId] = [newId("mem"), newId("crd")];
  const member: Member = {
    id,
    merchantId,
    number,
    state: "active",
    ...sealPerson(secrets, { id, merchantId }, personCalled(`kona${number}`)),
    passwordHash: null,
    joinChannel: null,
    terms: [],
    arsCodeEncrypted: null,
    arsCodeExpiresAt: null,
    autoChargeAmount: null,
    autoChargeBelow: null,
    autoChargeBy: null,
    autoCheckAt: null,
    ...rows,
  };
  const card: Card = {
    id: cardId,
    merchantId,
    memberId: id,
    par: `Q180${cardId.slice(-23).toUpperCase()}`,
    ...sealCardNumber(secrets, { id: cardId, merchantId }, `949133${number.slice(-10).padStart(10, "0")}`),
    expiry: "3108",
    state: "active",
    serviceId: "000170000002000",
    ...rows,
  };
  await members.insert(pool, [member]);
  await cards.insert(pool, [card]);
  let accountId = "";
  for (const purpose of wanted.purposes ?? ["charge"]) {
    accountId = await linkAccount({ pool }, member, purpose, wanted.holder ?? holder);
  }
  return { member, card, accountId };
}

export async function linkAccount(
  { pool }: Pick<TestDatabase, "pool">,
  member: Member,
  purpose: LinkedAccountPurpose,
  of = holder,
): Promise<string> {
  const now = new Date();
  const owner = { id: newId("lac"), merchantId };
  const ordered = { id: newOperationId(), merchantId, connector: "pg", kind: "account-registration" } as const;
  const operation = newOperation({ ...ordered, subjectId: owner.id }, {}, 0, now);
  const account = {
    ...owner,
    memberId: member.id,
    connector: "pg",
    purpose,
    state: "registered",
    accountId: owner.id.slice(-5).toUpperCase(),
    bankCode: "003",
    ...sealAccount(secrets, owner, { bankCode: "003", number: "333015555557", holder: of, birthDate: "19751112" }),
    holderIndex: nameIndex(secrets, merchantId, of),
    details: { bankCode: "003", bankName: "IBK기업은행" },
    operationId: operation.id,
    registrationEncrypted: sealRegistration(secrets, owner, `reg ${owner.id}`),
    failure: null,
    createdAt: now,
    updatedAt: now,
    registeredAt: now,
    eventSeq: 0,
  } as const;
  await operations.insert(pool, [{ ...operation, state: "succeeded", settledAt: now }]);
  await linkedAccounts.insert(pool, [account]);
  return owner.id;
}

let tokens = 0;

/** A token of the card, good for so long. */
export async function showToken({ pool }: TestDatabase, { card }: TestMember, good_ms = 30_000) {
  tokens += 1;
  const [token, dcvv] = [String(tokens).padStart(16, "0"), "366"];
  const now = await readNow(pool);
  await oneTimeTokens.insert(pool, [
    {
      id: secrets.hash(token),
      merchantId,
      cardId: card.id,
      dcvvHash: secrets.hash(token + dcvv),
      expiresAt: new Date(now.getTime() + good_ms),
      usedAt: null,
      madeAt: now,
    },
  ]);
  return { token, dcvv };
}

export async function balanceOf({ pool }: TestDatabase, number: string): Promise<number> {
  const id = accounts.member(number);
  return (await readOwed(pool, [id])).get(id)!;
}

/** Everything that breaks an invariant. */
export async function breaches({ pool }: TestDatabase) {
  return checkInvariants(pool, invariants).then((examined) => examined.breaches);
}
