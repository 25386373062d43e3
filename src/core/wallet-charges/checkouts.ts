/** What shoppers are asked to agree to, as commands lock it and read it. */
import { type Queryable, readRealNow } from "../../store/index.ts";
import { WorkingState } from "../command.ts";
import { lockCalls } from "../idempotency/commands.ts";
import type { Lease } from "../idempotency/idempotent-call.ts";
import { payments } from "../payments/payment.ts";
import { readRefundsByPayment } from "../refunds/refund.ts";
import { agreements } from "./agreement.ts";
import { walletCharges } from "./charge.ts";
import type { ChargeView, Checkout } from "./decide.ts";
import { unique } from "./kept.ts";
import { readStepsByCharge } from "./step.ts";

/** What a shopper is asked to agree to. */
export type CheckoutOf = { chargeId: string } | { agreementId: string };

/**
 * Every change of a charge goes through its payment's lock, every change of an agreement through its own after those of
 * its first charge.
 */
export async function loadCheckouts(
  tx: Queryable,
  checkouts: readonly CheckoutOf[],
  leases: readonly (Lease | undefined)[],
): Promise<WorkingState> {
  const state = new WorkingState();
  state.heldCalls = await lockCalls(tx, leases);
  const agreementIds = unique(checkouts.map((of) => ("agreementId" in of ? of.agreementId : null)));
  const initial = (await agreements.read(tx, agreementIds)).map((agreement) => agreement.initialChargeId);
  const named = checkouts.map((of) => ("chargeId" in of ? of.chargeId : null));
  const chargeIds = unique([...named, ...initial]);
  const paymentIds = (await walletCharges.read(tx, chargeIds)).map(({ paymentId }) => paymentId);
  await payments.lock(tx, paymentIds);
  await agreements.lock(tx, agreementIds);
  state.realNow = await readRealNow(tx);
  for (const payment of await payments.read(tx, paymentIds)) state.putPayment(payment);
  for (const charge of await walletCharges.read(tx, chargeIds)) state.charges.set(charge.id, charge);
  for (const step of await readStepsByCharge(tx, chargeIds)) state.chargeSteps.set(step.id, step);
  for (const refund of await readRefundsByPayment(tx, paymentIds)) state.refunds.set(refund.id, refund);
  for (const agreement of await agreements.read(tx, agreementIds)) state.agreements.set(agreement.id, agreement);
  return state;
}

export function viewOf(state: WorkingState, chargeId: string): ChargeView {
  const charge = state.charges.get(chargeId)!;
  const { paymentId } = charge;
  return {
    payment: state.payments.get(paymentId)!,
    charge,
    steps: state.stepsOf(chargeId),
    refunds: state.refundsOf(paymentId),
  };
}

export function checkoutOf(state: WorkingState, of: CheckoutOf): Checkout {
  if ("chargeId" in of) return { agreement: undefined, charge: viewOf(state, of.chargeId) };
  const agreement = state.agreements.get(of.agreementId)!;
  const { initialChargeId } = agreement;
  return { agreement, charge: initialChargeId === null ? undefined : viewOf(state, initialChargeId) };
}

export function subjectOf(of: CheckoutOf): string {
  return "chargeId" in of ? of.chargeId : of.agreementId;
}

export function ownerOf({ agreement, charge }: Checkout, of: CheckoutOf) {
  const { merchantId } = agreement ?? charge!.charge;
  return { merchantId, paymentId: charge?.payment.id ?? null, subjectId: subjectOf(of) };
}
