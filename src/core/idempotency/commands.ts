/** What is written of calls: that they begin, that they are let go of, and, within a change, what it makes of them. */
import { type Command, type Pool, type Queryable, readRealNow, StaleRead, type Statement } from "../../store/index.ts";
import { readAlive } from "../nodes.ts";
import type { Secrets } from "../secrets.ts";
import { type BeginDecision, type BeginRequest, decideBegin, type Holder } from "./decide.ts";
import { answerPlace, type CallRecord, type IdempotentCall, idempotentCalls, type Lease } from "./idempotent-call.ts";

interface BeginState {
  calls: Map<string, IdempotentCall>;
  /** Calls whose rows others have locked. */
  locked: ReadonlySet<string>;
  /** Of the nodes that hold these calls. */
  alive: ReadonlySet<string>;
  realNow: Date;
}

/**
 * Locks keys that are nobody's yet by their rows, which the decisions then fill: the first request for such a key gets
 * it. Rows that are there are left out, since an insert would wait for whoever is changing one, conflict or not. Sorted,
 * so that two batches insert common keys in one order.
 */
const CLAIM: Statement = {
  name: "claim-calls",
  text: `INSERT INTO idempotent_calls (id, merchant_id, request_hash, made_at, expires_at)
    SELECT id, merchant_id, request_hash, clock_timestamp(), clock_timestamp()
      FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (id, merchant_id, request_hash)
      WHERE NOT EXISTS (SELECT FROM idempotent_calls c WHERE c.id = wanted.id) ORDER BY id COLLATE "C"
    ON CONFLICT DO NOTHING RETURNING id`,
};

/**
 * Whoever has a row locked is making this call at the moment, and may be stuck: a batch that waited for it would hold up
 * every other call that begins.
 */
const LOCK_FREE: Statement = {
  name: "lock-free-calls",
  text: "SELECT id FROM idempotent_calls WHERE id = ANY($1) ORDER BY id FOR UPDATE SKIP LOCKED",
};

export const beginCall: Command<BeginRequest, BeginState, BeginDecision> = {
  name: "begin-call",

  async load(tx, requests) {
    const wanted = [...new Map(requests.map((request) => [request.id, request])).values()];
    const claimed = await tx.query<{ id: string }>(CLAIM, [
      wanted.map((request) => request.id),
      wanted.map((request) => request.merchantId),
      wanted.map((request) => request.requestHash),
    ]);
    const absent = new Set(claimed.rows.map((row) => row.id));
    const known = wanted.map((request) => request.id).filter((id) => !absent.has(id));
    const { calls, locked } = await readKnown(tx, known);
    const nodes = new Set(calls.flatMap((call) => call.leaseNode ?? []));
    return {
      calls: new Map(calls.map((call) => [call.id, call])),
      locked,
      alive: new Set(await readAlive(tx, [...nodes])),
      realNow: await readRealNow(tx),
    };
  },

  decide(state, request, now) {
    const call = state.calls.get(request.id);
    return decideBegin(call, holderOf(state, call, request), request, now, state.realNow);
  },

  apply(state, { call }) {
    if (call !== undefined) state.calls.set(call.id, call);
  },

  async save(tx, decisions) {
    const calls = new Map(decisions.flatMap(({ call }) => (call === undefined ? [] : [[call.id, call]])));
    await idempotentCalls.upsert(tx, [...calls.values()]);
  },
};

/** Calls that have rows, and those of them that others have locked. */
async function readKnown(tx: Queryable, ids: readonly string[]) {
  const locked = new Set(ids);
  if (ids.length === 0) return { calls: [], locked };
  const free = await tx.query<{ id: string }>(LOCK_FREE, [ids]);
  const calls = await idempotentCalls.read(tx, ids);
  if (calls.length < ids.length) throw new StaleRead("a call whose key was taken has been let go of");
  for (const { id } of free.rows) locked.delete(id);
  return { calls, locked };
}

function holderOf(state: BeginState, call: IdempotentCall | undefined, { leaseNode }: BeginRequest): Holder {
  if (call === undefined) return "nobody";
  if (state.locked.has(call.id)) return "transaction";
  if (call.leaseNode === null) return "nobody";
  // A node that asks lives, however late its heartbeat is.
  return call.leaseNode === leaseNode || state.alive.has(call.leaseNode) ? "node" : "nobody";
}

const RELEASE: Statement = {
  name: "release-call",
  text: "DELETE FROM idempotent_calls WHERE id = $1 AND lease_id = $2 AND subject_id IS NULL",
};
const RELEASE_BOUND: Statement = {
  name: "release-bound-call",
  text: "UPDATE idempotent_calls SET lease_node = NULL, lease_id = NULL WHERE id = $1 AND lease_id = $2",
};

/**
 * Lets go of a call that was not answered: its key is free again, or it is another's to finish. Two statements, since each
 * looks again at a row that it had to wait for: a change under way may have bound the call by then.
 */
export async function releaseCall(pool: Pool, { callId, leaseId }: Lease): Promise<void> {
  const removed = await pool.query(RELEASE, [callId, leaseId]);
  if (removed.rowCount === 0) await pool.query(RELEASE_BOUND, [callId, leaseId]);
}

/** Reads a row as it is once it is locked, since it reads no other. */
const LOCK: Statement = {
  name: "lock-calls",
  text: 'SELECT lease_id AS "leaseId" FROM idempotent_calls WHERE id = ANY($1) ORDER BY id FOR UPDATE',
};

/**
 * Locks the calls that changes are made for, and tells by their ids which of the leases still hold. For `load`, before
 * anything else is locked.
 */
export async function lockCalls(tx: Queryable, leases: readonly (Lease | undefined)[]): Promise<Set<string>> {
  const given = leases.flatMap((lease) => lease ?? []);
  if (given.length === 0) return new Set();
  const { rows } = await tx.query<{ leaseId: string | null }>(LOCK, [given.map((lease) => lease.callId)]);
  const present = new Set(rows.map((row) => row.leaseId));
  return new Set(given.map((lease) => lease.leaseId).filter((leaseId) => present.has(leaseId)));
}

const RECORD: Statement = {
  name: "record-calls",
  text: `UPDATE idempotent_calls c SET subject_id = told.subject_id, status = told.status,
      answer_encrypted = told.answer, lease_node = CASE WHEN told.status IS NULL THEN c.lease_node END,
      lease_id = CASE WHEN told.status IS NULL THEN c.lease_id END
    FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[]) AS told (id, lease_id, subject_id, status, answer)
    WHERE c.id = told.id AND c.lease_id = told.lease_id`,
};

/** Writes what changes make of their calls, in their own transaction. */
export async function recordCalls(
  tx: Queryable,
  records: readonly CallRecord[],
  seal: Secrets["encrypt"],
): Promise<void> {
  if (records.length === 0) return;
  const last = [...new Map(records.map((record) => [record.lease.callId, record])).values()];
  const recorded = await tx.query(RECORD, [
    last.map(({ lease }) => lease.callId),
    last.map(({ lease }) => lease.leaseId),
    last.map(({ subjectId }) => subjectId),
    last.map((record) => ("status" in record ? record.status : null)),
    last.map((record) =>
      "answer" in record ? seal(record.answer, answerPlace(record.lease.callId, record.lease.merchantId)) : null,
    ),
  ]);
  if (recorded.rowCount !== last.length) throw new Error("a change was decided on for a call that is not its own");
}
