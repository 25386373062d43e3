/** The command that takes a bank's notice: find where it belongs, lock, look again, decide, save. */
import { createHash } from "node:crypto";
import { type Claim, claim, newId, type Queryable, StaleRead, type Statement } from "../../store/index.ts";
import { type CoreCommand, referenceKey, WorkingState } from "../command.ts";
import type { BankNotice } from "../connector.ts";
import { limits } from "../limits.ts";
import { payments } from "../payments/payment.ts";
import { readPaidReferences } from "../payments/read.ts";
import { readByNumber } from "../virtual-accounts/read.ts";
import { holderAt, virtualAccounts } from "../virtual-accounts/virtual-account.ts";
import { decideNotice, type NoticeResult, type ReceivedNotice } from "./decide.ts";
import { type Deposit, deposits, noticeKey } from "./deposit.ts";

/** A notice as the command takes it: with an id for its row and a hash of what must not differ when it comes again. */
export function received(notice: BankNotice): ReceivedNotice {
  const content = [notice.bankCode, notice.number, notice.amount, notice.currency, notice.depositorName];
  const hash = createHash("sha256").update(JSON.stringify([...content, notice.occurredAt.toISOString()]));
  return { ...notice, id: newId("dep"), contentHash: hash.digest("hex") };
}

/** Point look-ups on the unique key of notices. */
const READ_DEPOSITS: Statement = {
  name: "read-deposits-by-notice",
  text: `SELECT ${deposits.select("d")}
    FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (connector, provider_merchant_id, transaction_id)
    JOIN deposits d USING (connector, provider_merchant_id, transaction_id) ORDER BY d.id`,
};

async function readDeposits(tx: Queryable, notices: readonly ReceivedNotice[]): Promise<Deposit[]> {
  const keys = [...new Map(notices.map((notice) => [noticeKey(notice), notice])).values()];
  const found = await tx.query<Deposit>(READ_DEPOSITS, [
    keys.map((notice) => notice.connector),
    keys.map((notice) => notice.providerMerchantId),
    keys.map((notice) => notice.transactionId),
  ]);
  return found.rows;
}

export const receiveNotice: CoreCommand<ReceivedNotice, NoticeResult> = {
  name: "receive-notice",

  async load(tx, notices) {
    const before = await locate(tx, notices);
    const { paymentIds } = before;
    const unlocked = await payments.read(tx, paymentIds);

    const claims: Claim[] = [
      ...unlocked.map((payment) => ({ scope: "2-reference" as const, key: referenceKey(payment) })),
      ...notices.map((notice) => ({ scope: "3-notice" as const, key: noticeKey(notice) })),
    ];
    await claim(tx, claims);
    await payments.lock(tx, paymentIds);
    await virtualAccounts.lock(tx, before.accountIds);

    const after = await locate(tx, notices);
    const locked = new Set([...paymentIds, ...before.accountIds]);
    if ([...after.paymentIds, ...after.accountIds].some((id) => !locked.has(id))) {
      throw new StaleRead("an account number changed hands while its notice was being received");
    }
    const state = new WorkingState();
    for (const payment of await payments.read(tx, paymentIds)) state.putPayment(payment);
    for (const account of after.accounts) state.putVirtualAccount(account);
    for (const deposit of after.deposits) state.putDeposit(deposit);
    for (const paid of await readPaidReferences(tx, unlocked)) {
      state.putPaidReference(referenceKey(paid), paid.id);
    }
    return state;
  },

  decide(state, notice, now) {
    const earlier = state.deposits.get(noticeKey(notice)) ?? [];
    const account = holderAt(state.withNumber(notice), notice.occurredAt);
    const payment = account && state.payments.get(account.paymentId)!;
    const target = account &&
      payment && {
        account,
        payment,
        paidElsewhere: state.isPaidElsewhere(payment, payment.id),
      };
    const credit = earlier.find((deposit) => deposit.kind === "credit" && deposit.state === "matched");
    const funded = credit && state.payments.get(credit.paymentId!);
    return decideNotice({ earlier, target, funded }, notice, now);
  },
};

/** The accounts and payments that these notices concern, and the deposits of the same transactions. */
async function locate(tx: Queryable, notices: readonly ReceivedNotice[]) {
  const candidates = await readByNumber(tx, notices, limits.number_holders_considered);
  const known = new WorkingState();
  for (const account of candidates) known.putVirtualAccount(account);
  const holders = notices.map((notice) => holderAt(known.withNumber(notice), notice.occurredAt));
  const accounts = [
    ...new Map(holders.filter((account) => account !== undefined).map((one) => [one.id, one])).values(),
  ];
  const found = await readDeposits(tx, notices);
  const funded = found.map((deposit) => deposit.paymentId).filter((id) => id !== null);
  return {
    accounts,
    deposits: found,
    accountIds: accounts.map((account) => account.id),
    paymentIds: [...new Set([...accounts.map((account) => account.paymentId), ...funded])],
  };
}
