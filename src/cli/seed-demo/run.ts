/** Makes the payments, so many at once, and counts what became of them. What it holds does not grow with their number. */
import { cliLimits } from "../limits.ts";
import { type Fate, fates, type Plan, planPayment } from "./plan.ts";
import { CallFailed, type Shop } from "./shop.ts";

export interface Tally {
  made: number;
  fates: Record<Fate, number>;
  suspended: number;
  failed: number;
  /** What calls failed with, and how often; the first few kinds. */
  failures: Map<string, number>;
}

export function newTally(): Tally {
  const none = Object.fromEntries(fates.map((fate) => [fate, 0])) as Record<Fate, number>;
  return { made: 0, fates: none, suspended: 0, failed: 0, failures: new Map() };
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
        await live(shop, plan, tally);
        tally.fates[plan.fate] += 1;
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
      tally.made += 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(wanted.concurrency, wanted.payments) }, work));
}

/** One payment from its order to its end. */
async function live(shop: Shop, plan: Plan, tally: Tally): Promise<void> {
  const issued = await shop.issue(plan);
  const { buyer, noticeId, amount, wrongAmount } = plan;
  const transfer = { depositorName: buyer.name, noticeId };
  const pay = async () => expectOutcome(await shop.deposit(issued, transfer), "matched");
  const stray = async (to: { bankCode: string; number: string }, more: { noticeId?: string; amount: number }) => {
    expectOutcome(await shop.deposit(to, { ...transfer, ...more, force: true }), "suspended");
    tally.suspended += 1;
  };
  switch (plan.fate) {
    case "waiting":
      return;
    case "revoked":
      return shop.revoke(issued, plan);
    case "wrong-amount":
      return stray(issued, { amount: wrongAmount });
    case "wrong-account":
      // One digit too many: a number that nobody was given.
      return stray({ ...issued, number: `${issued.number}0` }, { amount });
    case "paid":
      return pay();
    case "paid-twice":
      await pay();
      return stray(issued, { noticeId: `${noticeId}2`, amount });
    case "paid-with-receipt":
      await pay();
      return shop.issueReceipt(issued, plan);
    case "partly-refunded":
      await pay();
      return shop.refund(issued, plan, plan.refundAmount);
    case "refunded":
      await pay();
      return shop.refund(issued, plan);
  }
}

function expectOutcome(outcome: string, wanted: string): void {
  if (outcome !== wanted) throw new CallFailed(`a deposit was ${outcome} and not ${wanted}`);
}
