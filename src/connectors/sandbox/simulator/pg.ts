/**
 * The sandbox's PG for members' own accounts. Like the sandbox bank it keeps its own records, apart from Naru's books, and
 * carries each order out once per key; an order that it declined is remembered too.
 *
 *   call ─────────▶ rings ─▶ agreed to or not, by business time, or when an operator answers it (`ars-calls.ts`)
 *   registration ─▶ registered or declined, at once
 *   withdrawal ───▶ drawn or declined, at once
 *       └─▶ yet to find out ─▶ drawn or declined, by business time
 *   verification ─▶ sent or declined, at once
 *
 * What it finds out after its answer Naru is told (`order-notices.ts`). Of accounts, and of what they are drawn on by, it
 * keeps hashes alone.
 */
import { createHmac } from "node:crypto";
import type { ClaimedAccount, HolderCheck, LinkedAccountService, OrderNotice } from "../../../core/connector.ts";
import { nameIndex } from "../../../core/members/member.ts";
import type { OperationAnswer } from "../../../core/operations/operation.ts";
import type { Secrets } from "../../../core/secrets.ts";
import { newId, type Queryable, type Statement, type Store, table } from "../../../store/index.ts";
import { type Fault, type Faults, neverAnswer } from "./faults.ts";
import { type Holder, holderOf, isAccount } from "./holders.ts";
import { perhapsUnanswered } from "./misbehaving.ts";
import { orderBook } from "./order-book.ts";
import { payeeHash } from "./orders.ts";
import { knownPeople } from "./people.ts";

export const pgLimits = {
  /** How long, by business time, a telephone rings until a member has answered it and typed the code. */
  call_s: 2,
  /** Calls that are listed. */
  calls_listed: 200,
};

/** Why it declines. */
export type PgDecline = keyof typeof declines;

const declines = {
  "wrong-code": "ARS 인증에 실패하였습니다.",
  unanswered: "ARS 인증 전화를 받지 않았습니다.",
  "lifetime-account": "평생계좌는 등록할 수 없습니다.",
  "restricted-account": "거래가 제한된 계좌입니다.",
  refused: "PG사가 요청을 거절하였습니다.",
  "registration-unknown": "등록되지 않은 계좌입니다.",
  "insufficient-funds": "계좌의 잔액이 부족합니다.",
  "no-such-account": "계좌를 찾을 수 없습니다.",
} as const;

/** What the PG was ordered to do, and what became of it. */
export interface PgOrder {
  key: string;
  transactionId: string;
  kind: "call" | "registration" | "withdrawal" | "verification";
  /** Of the account; null for a call, and where a withdrawal names none that is registered. */
  accountHash: string | null;
  /** Of what was given for the account, or is shown to draw on it. */
  registrationHash: string | null;
  /** Whole won; 0 for calls and registrations. */
  amount: number;
  /** Why it was declined, or will be unless the member answers the telephone before. */
  declined: PgDecline | null;
  /** Until then, by business time, the PG has yet to find out. */
  decidesAt: Date | null;
  madeAt: Date;
}

export const pgOrders = table<PgOrder>(
  "sandbox_pg_orders",
  ["key", "transactionId", "kind", "accountHash", "registrationHash", "amount", "declined", "decidesAt", "madeAt"],
  ["key"],
);

/** An order as the PG takes it: `declined` when it shall be, whatever else bears on it. */
export interface WantedOfPg extends Omit<PgOrder, "decidesAt" | "madeAt"> {
  /** How long it takes to find out. */
  after_s: number;
}

type Known = ReadonlyMap<string, PgOrder>;

/** What the PG makes of an order, seeing the registrations that bear on it; `poor`: accounts without money. Pure. */
export function decidePgOrder(
  { after_s, ...order }: WantedOfPg,
  known: Known,
  poor: ReadonlySet<string>,
  now: Date,
): PgOrder {
  const decidesAt = after_s === 0 ? null : new Date(now.getTime() + after_s * 1000);
  const made = { ...order, decidesAt, madeAt: now };
  if (order.kind === "registration" && order.declined !== null) return { ...made, registrationHash: null };
  if (order.kind !== "withdrawal") return made;
  const registration = [...known.values()].find(
    (one) => one.kind === "registration" && one.registrationHash === order.registrationHash,
  );
  const accountHash = registration?.accountHash ?? null;
  return { ...made, accountHash, declined: order.declined ?? objection(accountHash, poor) };
}

function objection(accountHash: string | null, poor: ReadonlySet<string>): PgDecline | null {
  if (accountHash === null) return "registration-unknown";
  return poor.has(accountHash) ? "insufficient-funds" : null;
}

/** Why an account cannot be registered, by its number. */
export function registrationObjection(bankCode: string, number: string): PgDecline | null {
  if (!isAccount(bankCode, number) || number.startsWith("003")) return "refused";
  if (number.startsWith("001")) return "restricted-account";
  return number.startsWith("002") ? "lifetime-account" : null;
}

/** Whether it is this person's. Pure. */
export function checkClaim(
  { holder, birthDate }: Pick<ClaimedAccount, "holder" | "birthDate">,
  found: Holder,
  isSameName: (one: string, other: string) => boolean,
): HolderCheck {
  if (!isSameName(holder, found.name)) return "wrong-name";
  return found.birthDate === null || found.birthDate === birthDate ? "right" : "wrong-birth-date";
}

/** What the PG says of an order. Pure. */
export function answerOfPg(order: PgOrder, now: Date, registration: (key: string) => string): OperationAnswer {
  const { key, transactionId, kind, declined, decidesAt } = order;
  if (decidesAt !== null && now < decidesAt) return { outcome: "unknown", reason: "the PG has yet to find out" };
  if (declined !== null) return { outcome: "failed", code: declined, message: declines[declined] };
  const answer = { outcome: "succeeded", transactionId } as const;
  return kind === "registration" ? { ...answer, registration: registration(key) } : answer;
}

const READ_REGISTRATIONS: Statement = {
  name: "read-pg-registrations",
  text: `SELECT ${pgOrders.select("t")} FROM sandbox_pg_orders t WHERE kind = 'registration' AND registration_hash = ANY($1)`,
};

async function readRegistrations(tx: Queryable, wanted: readonly WantedOfPg[]): Promise<PgOrder[]> {
  const shown = new Set(wanted.flatMap((one) => (one.kind === "withdrawal" ? (one.registrationHash ?? []) : [])));
  if (shown.size === 0) return [];
  return (await tx.query<PgOrder>(READ_REGISTRATIONS, [[...shown]])).rows;
}

/**
 * By what the PG knows the account that the order of a key registered. Derived, so that it can be said again; the PG keeps
 * its hash alone.
 */
function registrations(secrets: Secrets): (key: string) => string {
  const purpose = secrets.derive("sandbox PG registration");
  return (key) => `reg_${createHmac("sha256", purpose).update(key).digest("hex")}`;
}

function pgBook(store: Store, secrets: Secrets) {
  const registration = registrations(secrets);
  const poor = new Set(
    knownPeople.filter((one) => !one.chargeable).map((one) => payeeHash(secrets, one.bankCode, one.number)),
  );
  return orderBook<WantedOfPg, PgOrder>(store, {
    rows: pgOrders,
    kinship: { names: () => [], read: readRegistrations },
    carryOut: (wanted, known, now) => decidePgOrder(wanted, known, poor, now),
    answer: (order, now) => answerOfPg(order, now, registration),
  });
}

/** What the PG has found out of an order whose time has come: what it would say if it were asked. */
export function wordOfPg(store: Store, secrets: Secrets): (order: PgOrder) => Promise<OrderNotice["answer"]> {
  const { ask } = pgBook(store, secrets);
  return async ({ key }) => {
    const answer = await ask(key);
    if (answer.outcome === "succeeded" || answer.outcome === "failed") return answer;
    throw new Error(`the PG says that the order ${key} is ${answer.outcome}`);
  };
}

export function sandboxPg(store: Store, secrets: Secrets, faults: Faults): LinkedAccountService {
  const book = pgBook(store, secrets);
  const registration = registrations(secrets);
  const nameOf = (name: string) => nameIndex(secrets, "sandbox PG", name);
  const nothing = { accountHash: null, registrationHash: null, amount: 0, declined: null, after_s: 0 };
  const struck = async (fault: Fault, declined: PgDecline) =>
    (await faults.take(fault)) === undefined ? null : declined;

  const claimOf = async (claimed: ClaimedAccount) => {
    const found = await holderOf(store.pool, claimed.bankCode, claimed.number);
    return found && checkClaim(claimed, found, (one, other) => nameOf(one) === nameOf(other));
  };

  return {
    ask: book.ask,

    async checkHolder(claimed, signal) {
      if ((await faults.take("holder-timeout")) !== undefined) return neverAnswer(signal);
      return claimOf(claimed);
    },

    async call(order) {
      const call = { ...nothing, key: order.key, transactionId: newId("ars"), kind: "call" } as const;
      for (const fault of ["ars-held", "ars-unanswered"] as const) {
        const strike = await faults.take(fault);
        if (strike === undefined) continue;
        return book.carryOut(order, { ...call, declined: "unanswered", after_s: strike.delay_s });
      }
      const declined = await struck("ars-wrong", "wrong-code");
      return book.carryOut(order, { ...call, declined, after_s: pgLimits.call_s });
    },

    async register(order, signal) {
      const { key, bankCode, number } = order;
      const strike = await faults.take("registration-refused");
      const isTheirs = async () => (await claimOf(order)) === "right";
      const objection = registrationObjection(bankCode, number) ?? ((await isTheirs()) ? null : "refused");
      const declined = (strike?.code as PgDecline | undefined) ?? objection;
      return perhapsUnanswered({ faults, of: "registration", signal }, () => {
        const hashes = {
          accountHash: payeeHash(secrets, bankCode, number),
          registrationHash: secrets.hash(registration(key)),
        };
        const wanted = { ...nothing, ...hashes, key, transactionId: newId("pgr"), declined };
        return book.carryOut(order, { ...wanted, kind: "registration" });
      });
    },

    async withdraw(order, signal) {
      const { key, amount } = order;
      const declined = await struck("withdrawal-refused", "refused");
      const late = await faults.take("withdrawal-late");
      return perhapsUnanswered({ faults, of: "withdrawal", signal }, () => {
        const registrationHash = secrets.hash(order.registration);
        const wanted = { ...nothing, registrationHash, key, transactionId: newId("pgw"), amount, declined };
        return book.carryOut(order, { ...wanted, kind: "withdrawal", after_s: late?.delay_s ?? 0 });
      });
    },

    verify: (order, signal) =>
      perhapsUnanswered({ faults, of: "verification", signal }, () => {
        const { key, bankCode, number, amount } = order;
        const declined = isAccount(bankCode, number) ? null : "no-such-account";
        const accountHash = payeeHash(secrets, bankCode, number);
        const wanted = { ...nothing, accountHash, key, transactionId: newId("pgv"), amount, declined } as const;
        return book.carryOut(order, { ...wanted, kind: "verification" });
      }),
  };
}
