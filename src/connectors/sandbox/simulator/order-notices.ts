/**
 * What the sandbox's wallet and its PG find out after their answers, told to Naru until it was taken. Which orders those
 * are is in the database, so whichever node is alive tells of them; when two do, the core records one.
 */
import type { Inbox, OrderNotice } from "../../../core/connector.ts";
import { doEach, type JobLog, withinTime } from "../../../core/jobs.ts";
import type { Secrets } from "../../../core/secrets.ts";
import { businessNow, type Pool, type Statement, type Store, type Table } from "../../../store/index.ts";
import { sandbox } from "../notices.ts";
import { pgOrders, wordOfPg } from "./pg.ts";
import { billingKeys, decisionOf, walletOrders } from "./wallet.ts";

export const orderNoticeLimits = {
  /** How often each looks for what it has found out since and Naru was not told of, and how many of those at once. */
  tell_interval_ms: 1_000,
  tell_batch: 200,
  /** How long Naru may take to hear of one, as it may order something in turn; then it is told again, beside the next. */
  tell_max_ms: 2_000,
};

/** Orders whose outcome is known when their time has come: rows with `decides_at` and `notified_at`. */
interface LateBook<Row> {
  rows: Table<Row>;
  whose: "wallet" | "PG";
  /** What became of one whose time has come. */
  decisionOf(row: Row): OrderNotice["answer"] | Promise<OrderNotice["answer"]>;
}

interface Late {
  key: string;
  decidesAt: Date | null;
}

type Place = Pick<Late, "key"> & { decidesAt: Date | "-infinity" };
const start: Place = { decidesAt: "-infinity", key: "" };

type Hearer = Pick<Inbox, "receiveOrderNotice">;

/** A job that tells of a page of each book, and whether there may be more. */
export function wordOfOrders(store: Store, secrets: Secrets, inbox: Hearer, log: JobLog): () => Promise<boolean> {
  const billingKey = billingKeys(secrets);
  const { pool } = store;
  const jobs = [
    wordOf(pool, { rows: walletOrders, whose: "wallet", decisionOf: (one) => decisionOf(one, billingKey) }, inbox, log),
    wordOf(pool, { rows: pgOrders, whose: "PG", decisionOf: wordOfPg(store, secrets) }, inbox, log),
  ];
  return async () => (await Promise.all(jobs.map((tellPage) => tellPage()))).includes(true);
}

/** Those that are not taken, or not in time, hold up no other. */
function wordOf<Row extends Late>(pool: Pool, { rows, whose, decisionOf }: LateBook<Row>, inbox: Hearer, log: JobLog) {
  /** By the partial index on what was not told, a page at a time. */
  const decided: Statement = {
    name: `decided-${rows.name}`,
    text: `SELECT ${rows.select("t")} FROM ${rows.name} t
      WHERE notified_at IS NULL AND decides_at <= ${businessNow} AND (decides_at, key) > ($1, $2)
      ORDER BY decides_at, key LIMIT $3`,
  };
  const told: Statement = {
    name: `tell-${rows.name}`,
    text: `UPDATE ${rows.name} SET notified_at = ${businessNow} WHERE key = ANY($1) AND notified_at IS NULL`,
  };
  const tell = async (order: Row) =>
    withinTime(
      async () => inbox.receiveOrderNotice({ connector: sandbox, key: order.key, answer: await decisionOf(order) }),
      orderNoticeLimits.tell_max_ms,
    );
  let from = start;
  return async (): Promise<boolean> => {
    const page = [from.decidesAt, from.key, orderNoticeLimits.tell_batch];
    const orders = (await pool.query<Row & { decidesAt: Date }>(decided, page)).rows;
    // One that Naru never ordered needs telling no more than one that it took.
    const { done, failed } = await doEach(orders, tell);
    if (done.length > 0) await pool.query(told, [done.map((one) => one.key)]);
    const [first] = failed;
    if (first !== undefined) {
      log.warn({ err: first.reason, notices: failed.length }, `notices of the ${whose} were not taken`);
    }
    const isMore = orders.length === orderNoticeLimits.tell_batch;
    from = isMore ? orders.at(-1)! : start;
    return isMore;
  };
}
