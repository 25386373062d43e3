/** Calls of the sandbox's PG to members that ring, and an operator who answers one in the member's place. */
import { accepted, type Outcome, refused } from "../../../core/errors.ts";
import type { LinkedAccountPurpose } from "../../../core/linked-accounts/linked-account.ts";
import { businessNow, claim, type Pool, type Queryable, type Statement, type Store } from "../../../store/index.ts";
import { orderClaim } from "./order-book.ts";
import { type PgDecline, type PgOrder, pgLimits, pgOrders } from "./pg.ts";

/** What the member does: types the code, or another one, or does not answer. */
export const callAnswers = ["right", "wrong", "unanswered"] as const;
export type CallAnswer = (typeof callAnswers)[number];

const declinedBy: Readonly<Record<CallAnswer, PgDecline | null>> = {
  right: null,
  wrong: "wrong-code",
  unanswered: "unanswered",
};

export type CallRefusal = { code: "call-unknown"; id: string } | { code: "call-over"; id: string };

/** A call, as operators see it. */
export interface RingingCall {
  id: string;
  /** What the merchant knows the member by; null, as is the rest, where Naru did not order the call. */
  userId: string | null;
  purpose: LinkedAccountPurpose | null;
  bankCode: string | null;
  /** Masked. */
  accountNumber: string | null;
  /** By business time. */
  since: Date;
  /** Then it is over, whatever is answered later. */
  until: Date;
}

/** By the partial index on what was not told. */
const RINGING: Statement = {
  name: "ringing-calls",
  text: `SELECT p.transaction_id AS id, m.number AS "userId", l.purpose, l.bank_code AS "bankCode",
      l.number_masked AS "accountNumber", p.made_at AS since, p.decides_at AS until
    FROM sandbox_pg_orders p LEFT JOIN operations o ON o.id = p.key
      LEFT JOIN linked_accounts l ON l.id = o.subject_id LEFT JOIN members m ON m.id = l.member_id
    WHERE p.notified_at IS NULL AND p.decides_at > ${businessNow} AND p.kind = 'call'
    ORDER BY p.decides_at, p.key LIMIT ${pgLimits.calls_listed}`,
};
const FIND: Statement = {
  name: "find-call",
  text: "SELECT key FROM sandbox_pg_orders WHERE transaction_id = $1 AND kind = 'call'",
};
const READ: Statement = {
  name: "read-calls",
  text: `SELECT ${pgOrders.select("t")} FROM sandbox_pg_orders t WHERE key = ANY($1)`,
};

/** Those that end first, first. */
export async function readRinging(pool: Pool): Promise<RingingCall[]> {
  return (await pool.query<RingingCall>(RINGING)).rows;
}

/** The call as it is then; refused when it was over. Pure. */
export function decideAnswer(call: PgOrder, answer: CallAnswer, now: Date): Outcome<PgOrder, CallRefusal> {
  if (call.decidesAt === null || call.decidesAt <= now) return refused({ code: "call-over", id: call.transactionId });
  return accepted({ ...call, declined: declinedBy[answer], decidesAt: now });
}

interface AnswerRequest {
  key: string;
  answer: CallAnswer;
}

/** Answers calls; whoever asks the PG about one meanwhile waits. */
export function callAnswerer(store: Store) {
  const command = store.command<
    AnswerRequest,
    Map<string, PgOrder>,
    { result: Outcome<PgOrder, CallRefusal>; changed: PgOrder | undefined }
  >({
    name: "sandbox-ars-answer",
    async load(tx: Queryable, requests) {
      const keys = [...new Set(requests.map((one) => one.key))];
      await claim(tx, keys.map(orderClaim));
      return new Map((await tx.query<PgOrder>(READ, [keys])).rows.map((call) => [call.key, call]));
    },
    decide(calls, { key, answer }, now) {
      const result = decideAnswer(calls.get(key)!, answer, now);
      return { result, changed: result.ok ? result.value : undefined };
    },
    apply(calls, { changed }) {
      if (changed !== undefined) calls.set(changed.key, changed);
    },
    async save(tx, decisions) {
      const changed = decisions.flatMap((one) => one.changed ?? []);
      await pgOrders.upsert(tx, changed);
    },
  });
  return async (id: string, answer: CallAnswer): Promise<Outcome<PgOrder, CallRefusal>> => {
    const [found] = (await store.pool.query<Pick<PgOrder, "key">>(FIND, [id])).rows;
    return found === undefined ? refused({ code: "call-unknown", id }) : command.submit({ key: found.key, answer });
  };
}
