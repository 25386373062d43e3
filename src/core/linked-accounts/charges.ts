/** Charging members' balances from their own accounts, giving it back, and charging by itself when a balance is low. */
import type { MemberChargeRefusal, Outcome } from "../errors.ts";
import type { ExchangeDraft } from "../exchanges.ts";
import type { Member } from "../members/member.ts";
import type { Channel } from "../merchants/merchant.ts";
import type { OperationHandler } from "../operations/resolver.ts";
import type { Payment } from "../payments/payment.ts";
import type { Refund } from "../refunds/refund.ts";
import type { Withdrawal } from "./withdrawal.ts";

/** What a caller shows to move money. */
export interface Shown {
  /** 16 digits. */
  token: string;
  /** 3 digits. */
  dcvv: string;
}

export interface ChargeMemberRequest {
  merchantId: string;
  dialect: string;
  channel: Pick<Channel, "id" | "connector" | "provider" | "providerMerchantId">;
  memberNumber: string;
  /** The client's name for the request, 1 to 30 characters; the same again is the same request. */
  reference: string;
  /** Whole won, at least 1. */
  amount: number;
  shown: Shown;
  /** What else must be the same when it comes again: kept with the payment. */
  merchantCode: string;
  exchange?: ExchangeDraft<Outcome<ChargedMember, MemberChargeRefusal>>;
}

/** Pending while the PG has not said. */
export interface ChargedMember {
  payment: Payment;
  withdrawal: Withdrawal;
}

export interface CancelMemberChargeRequest {
  merchantId: string;
  dialect: string;
  memberNumber: string;
  reference: string;
  /** The charge's, as clients know it. */
  wireId: string;
  shown: Shown;
  /** `YYMM`, of the card. */
  cardExpiry: string;
  exchange?: ExchangeDraft<Outcome<CancelledCharge, MemberChargeRefusal>>;
}

export interface CancelledCharge {
  payment: Payment;
  refund: Refund;
}

export interface AutoChargeRequest {
  merchantId: string;
  memberNumber: string;
  par: string;
  /** Whole won. */
  amount: number;
  below: number;
  exchange?: ExchangeDraft<Outcome<Member, MemberChargeRefusal>>;
}

/** What became of a charge or a cancellation. */
export interface ChargeResult {
  state: "pending" | "completed" | "failed";
  /** The charge's. */
  wireId: string;
}

export type MovementKind = "charge" | "cancel" | "deposit" | "deposit-reversed" | "cancel-failed";

/** One change of a member's balance. */
export interface Movement {
  /** The transfer's. */
  id: string;
  kind: MovementKind;
  amount: number;
  balanceBefore: number;
  balanceAfter: number;
  /** Of the payment that it belongs to; a fixed account's deposits share one. */
  wireId: string;
  depositId: string | null;
  refundId: string | null;
  /** A charge that can still be cancelled. */
  cancellable: boolean;
  at: Date;
}

export interface MovementSearch {
  memberNumber: string;
  /** Inclusive. */
  from: Date;
  /** Exclusive. */
  to: Date;
  kinds: readonly MovementKind[];
  descending: boolean;
  /** From 0. */
  page: number;
  size: number;
}

export class MemberCharges {
  charge(_request: ChargeMemberRequest): Promise<Outcome<ChargedMember, MemberChargeRefusal>> {
    throw new Error("not built");
  }

  /** All of a charge is given back: it leaves the balance at once, and goes to the account that it came from. */
  cancel(_request: CancelMemberChargeRequest): Promise<Outcome<CancelledCharge, MemberChargeRefusal>> {
    throw new Error("not built");
  }

  /** From now on the balance is charged when it is low; at once, if it is. */
  setAutoCharge(_request: AutoChargeRequest): Promise<Outcome<Member, MemberChargeRefusal>> {
    throw new Error("not built");
  }

  /** What became of the request of this name; undefined when there was none. */
  resultOf(_merchantId: string, _dialect: string, _reference: string): Promise<ChargeResult | undefined> {
    throw new Error("not built");
  }

  withdrawals(): OperationHandler {
    throw new Error("not built");
  }

  movements(_search: MovementSearch): Promise<{ total: number; movements: Movement[] }> {
    throw new Error("not built");
  }
}
