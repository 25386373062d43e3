/**
 * What the sandbox wallet decides after its answer, told to Naru until it was taken. Which decisions those are is in the
 * database, so whichever node is alive tells of them; when two do, the core records one.
 */
import type { Inbox } from "../../../core/connector.ts";
import { doEach, type JobLog } from "../../../core/jobs.ts";
import type { Secrets } from "../../../core/secrets.ts";
import { businessNow, type Pool, type Statement } from "../../../store/index.ts";
import { sandbox } from "../notices.ts";
import { billingKeys, decisionOf, type WalletOrder, walletLimits, walletOrders } from "./wallet.ts";

/** By the partial index on what was not told, a page at a time. */
const DECIDED: Statement = {
  name: "decided-wallet-orders",
  text: `SELECT ${walletOrders.select("t")} FROM sandbox_wallet_orders t
    WHERE notified_at IS NULL AND decides_at <= ${businessNow} AND (decides_at, key) > ($1, $2)
    ORDER BY decides_at, key LIMIT $3`,
};
const TOLD: Statement = {
  name: "tell-wallet-orders",
  text: `UPDATE sandbox_wallet_orders SET notified_at = ${businessNow} WHERE key = ANY($1) AND notified_at IS NULL`,
};

type Place = Pick<WalletOrder, "key"> & { decidesAt: Date | "-infinity" };
const start: Place = { decidesAt: "-infinity", key: "" };

/** A job that tells of a page of decisions, and whether there may be more; those that are not taken hold up no other. */
export function wordOfWallet(pool: Pool, secrets: Secrets, inbox: Pick<Inbox, "receiveOrderNotice">, log: JobLog) {
  const billingKey = billingKeys(secrets);
  const tell = (order: WalletOrder) =>
    inbox.receiveOrderNotice({ connector: sandbox, key: order.key, answer: decisionOf(order, billingKey) });
  let from = start;
  return async (): Promise<boolean> => {
    const page = [from.decidesAt, from.key, walletLimits.tell_batch];
    const decided = (await pool.query<WalletOrder & { decidesAt: Date }>(DECIDED, page)).rows;
    // One that Naru never ordered needs telling no more than one that it took.
    const { done, failed } = await doEach(decided, tell);
    if (done.length > 0) await pool.query(TOLD, [done.map((one) => one.key)]);
    const [first] = failed;
    if (first !== undefined) {
      log.warn({ err: first.reason, notices: failed.length }, "notices of the wallet were not taken");
    }
    const isMore = decided.length === walletLimits.tell_batch;
    from = isMore ? decided.at(-1)! : start;
    return isMore;
  };
}
