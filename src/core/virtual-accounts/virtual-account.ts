/**
 * A virtual account: a bank account number that stands for one payment (`one_time`) or takes any number of credits
 * (`fixed`). Its number comes from the pool and goes back there, or is `reserved` for one customer of the merchant.
 *
 *   open ──▶ used       a one-time account that was paid
 *     ├────▶ expired    its time ran out; a credit made in time and reported late still turns it `used`
 *     └────▶ closed     the merchant withdrew it, also after it expired
 *
 * A fixed account takes any number of credits and stays open. A number is unique per bank only while its account is
 * open: banks give numbers out again, so who held it at the time of a credit is a question (`holderAt`).
 */
import { table } from "../../store/index.ts";
import { limits } from "../limits.ts";

export type VirtualAccountState = "open" | "used" | "closed" | "expired";

export interface VirtualAccount {
  id: string;
  merchantId: string;
  paymentId: string;
  connector: string;
  bankCode: string;
  number: string;
  holder: string | null;
  kind: "one_time" | "fixed";
  /** The number never goes back to the pool. */
  reserved: boolean;
  /** The only amount it takes, in whole won; null where any amount is welcome. */
  amount: number | null;
  /** The last moment at which a credit is in time, by the bank's clock; null for never. */
  dueAt: Date | null;
  state: VirtualAccountState;
  issuedAt: Date;
  endedAt: Date | null;
}

export const virtualAccounts = table<VirtualAccount>(
  "virtual_accounts",
  [
    "id",
    "merchantId",
    "paymentId",
    "connector",
    "bankCode",
    "number",
    "holder",
    "kind",
    "reserved",
    "amount",
    "dueAt",
    "state",
    "issuedAt",
    "endedAt",
  ],
  ["id"],
);

/**
 * Of the accounts that ever had one number, the one that a credit made at `occurredAt` was meant for: the last one
 * issued before it, give or take the lag of a bank's clock. A credit older than every holder was meant for none of them.
 *
 * A number of the pool rests between its holders for longer than any clock lags. A reserved one does not, so there a
 * credit from before an order belongs to the order before that, however little before.
 */
export function holderAt(accounts: readonly VirtualAccount[], occurredAt: Date): VirtualAccount | undefined {
  const newestFirst = [...accounts].sort((a, b) => b.issuedAt.getTime() - a.issuedAt.getTime());
  const latest_ms = occurredAt.getTime() + limits.bank_clock_skew_ms;
  const holder = newestFirst.find((account) => account.issuedAt.getTime() <= latest_ms);
  if (holder === undefined || !holder.reserved || holder.issuedAt <= occurredAt) return holder;
  return newestFirst.find((account) => account.issuedAt <= occurredAt) ?? holder;
}
