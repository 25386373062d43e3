/**
 * Notices that never came: a bank is asked for the transactions that nobody acknowledged. What it names is received like
 * any notice, so it is harmless when two nodes ask, or when the notice comes after all.
 */
import type { BankNotice, DepositService } from "../connector.ts";
import { doEach, type JobLog, withinTime } from "../jobs.ts";
import { limits } from "../limits.ts";

/** Asks one connector once, each call within its time; tells whether it may have more to name. */
export async function queryDeposits(
  service: DepositService,
  receive: (notice: BankNotice) => Promise<unknown>,
  { timeout_ms, stopping }: { timeout_ms: number; stopping: AbortSignal },
  log: JobLog,
): Promise<boolean> {
  const ask = <Answer>(make: (signal: AbortSignal) => Promise<Answer>) => withinTime(make, timeout_ms, stopping);
  const notices = await ask((signal) => service.unconfirmed(limits.deposits_queried, signal));
  if (notices.length === 0) return false;
  const { done: taken, failed } = await doEach(notices, receive);
  for (const { item, reason } of failed) {
    const { connector, transactionId } = item;
    log.warn({ err: reason, connector, transactionId }, "a transaction that a bank named could not be received");
  }
  if (taken.length > 0) await ask((signal) => service.confirm(taken, signal));
  return notices.length === limits.deposits_queried && taken.length > 0;
}
