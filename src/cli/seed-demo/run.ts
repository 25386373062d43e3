/** Makes the payments, so many at once, and counts what became of them. What it holds does not grow with their number. */
import { cliLimits } from "../limits.ts";
import { type Fate, fates, type Plan, planPayment } from "./plan.ts";
import { CallFailed, type Shop } from "./shop.ts";

export interface Tally {
  /** By what became of them. */
  fates: Record<Fate, number>;
  /** Those that end with a deposit of which the node is told later. */
  untold: number;
  suspended: number;
  failed: number;
  /** What calls failed with, and how often; the first few kinds. */
  failures: Map<string, number>;
}

export function newTally(): Tally {
  const none = Object.fromEntries(fates.map((fate) => [fate, 0])) as Record<Fate, number>;
  return { fates: none, untold: 0, suspended: 0, failed: 0, failures: new Map() };
}

export function madeOf({ fates, untold }: Tally): number {
  return Object.values(fates).reduce((sum, many) => sum + many, untold);
}

export async function makePayments(
  shop: Shop,
  wanted: { payments: number; concurrency: number; seed: number },
  tally: Tally,
  end: AbortSignal,
): Promise<void> {
  let index = 0;
  let failedInARow = 0;
  const work = async () => {
    while (index < wanted.payments && !end.aborted && failedInARow < cliLimits.demo_failures_in_a_row_max) {
      index += 1;
      const plan = planPayment(wanted.seed, index);
      try {
        if (await live(shop, plan, tally)) tally.fates[plan.fate] += 1;
        else tally.untold += 1;
        failedInARow = 0;
      } catch (error) {
        // That no node answers is not one payment's failure: it ends them all.
        if (!(error instanceof CallFailed)) throw error;
        tally.failed += 1;
        failedInARow += 1;
        const known = tally.failures.get(error.message);
        if (known !== undefined || tally.failures.size < cliLimits.demo_failure_kinds_max) {
          tally.failures.set(error.message, (known ?? 0) + 1);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(wanted.concurrency, wanted.payments) }, work));
}

/** One payment from its order to its end; false if the node is not told of a deposit yet, so that it goes no further. */
async function live(shop: Shop, plan: Plan, tally: Tally): Promise<boolean> {
  const issued = await shop.issue(plan);
  const { buyer, noticeId, amount, wrongAmount } = plan;
  const transfer = { depositorName: buyer.name, noticeId };
  const pay = async () => isTold(await shop.deposit(issued, transfer), "matched");
  const stray = async (to: { bankCode: string; number: string }, more: { noticeId?: string; amount: number }) => {
    const told = isTold(await shop.deposit(to, { ...transfer, ...more, force: true }), "suspended");
    if (told) tally.suspended += 1;
    return told;
  };
  switch (plan.fate) {
    case "waiting":
      return true;
    case "revoked":
      await shop.revoke(issued, plan);
      return true;
    case "wrong-amount":
      return stray(issued, { amount: wrongAmount });
    case "wrong-account":
      // One digit too many: a number that nobody was given.
      return stray({ ...issued, number: `${issued.number}0` }, { amount });
    case "paid":
      return pay();
    case "paid-twice":
      return (await pay()) && stray(issued, { noticeId: `${noticeId}2`, amount });
    case "paid-with-receipt":
      if (!(await pay())) return false;
      await shop.issueReceipt(issued, plan);
      return true;
    case "partly-refunded":
      if (!(await pay())) return false;
      await shop.refund(issued, plan, plan.refundAmount);
      return true;
    case "refunded":
      if (!(await pay())) return false;
      await shop.refund(issued, plan);
      return true;
  }
}

function isTold(outcome: string, wanted: string): boolean {
  if (outcome === "not-notified") return false;
  if (outcome !== wanted) throw new CallFailed(`a deposit was ${outcome} and not ${wanted}`);
  return true;
}
