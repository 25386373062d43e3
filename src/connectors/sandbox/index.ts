/**
 * The sandbox connector: lends Naru a pool of numbers at every bank and brings its own bank, `simulator/bank.ts`, its own
 * wallet, `simulator/wallet.ts`, and its own PG for members' accounts, `simulator/pg.ts`.
 */
import type { Connector, Inbox } from "../../core/connector.ts";
import type { Invariant } from "../../core/invariants.ts";
import { isAlive } from "../../core/nodes.ts";
import type { Secrets } from "../../core/secrets.ts";
import type { Store } from "../../store/index.ts";
import { capabilities } from "./capabilities.ts";
import { sandbox } from "./notices.ts";
import { accountNumber, capacity, isLent, numberForms } from "./simulator/account-numbers.ts";
import { type Faults, neverAnswer } from "./simulator/faults.ts";
import { findHolder } from "./simulator/holders.ts";
import type { TellOrder } from "./simulator/misbehaving.ts";
import { sandboxReceipts, sandboxRefunds } from "./simulator/orders.ts";
import { sandboxPg } from "./simulator/pg.ts";
import { bankLimits, sandboxDeposits } from "./simulator/transactions.ts";
import { sandboxWallet } from "./simulator/wallet.ts";

export type { BankRefusal } from "./errors.ts";
export { sandbox, sandboxProviderMerchantId } from "./notices.ts";
export { type CallAnswer, type CallRefusal, callAnswers, type RingingCall } from "./simulator/ars-calls.ts";
export { SandboxBank, type TransferOrder, type TransferResult } from "./simulator/bank.ts";
export {
  type ArmedFault,
  type Arming,
  type ArmingRequest,
  Faults,
  faultLimits,
  faults,
  isFault,
  readArming,
  slowCommit,
  unknownFault,
} from "./simulator/faults.ts";
export { type KnownPerson, knownPeople } from "./simulator/people.ts";
export { misbehavingReceivers } from "./simulator/receivers.ts";
export type { BankTransaction } from "./simulator/transactions.ts";

const banks = new Set(numberForms.map((form) => form.bankCode));

export function sandboxConnector(store: Store, secrets: Secrets, faults: Faults): Connector {
  let inbox: Inbox | undefined;
  const tell: TellOrder = async (key, answer) => {
    if (inbox === undefined) throw new Error("the sandbox does not know whom to tell of an order");
    await inbox.receiveOrderNotice({ connector: sandbox, key, answer });
  };
  return {
    name: sandbox,
    capabilities,
    sandbox: true,
    pool: {
      supports: (bankCode) => banks.has(bankCode),
      mayReserve: (bankCode, number) => /^\d{10,16}$/.test(number) && !isLent(bankCode, number),
      range(bankCode, from, count) {
        const length = Math.max(0, Math.min(count, capacity(bankCode) - from));
        return Array.from({ length }, (_, index) => accountNumber(bankCode, from + index));
      },
    },
    refunds: sandboxRefunds(store, secrets, faults, tell),
    receipts: sandboxReceipts(store, faults),
    wallet: sandboxWallet(store, secrets, faults, tell),
    linkedAccounts: sandboxPg(store, secrets, faults),
    deposits: sandboxDeposits(store.pool),
    async findHolder(bankCode, number, signal) {
      if ((await faults.take("holder-timeout")) !== undefined) return neverAnswer(signal);
      return findHolder(store.pool, bankCode, number);
    },
    deliverTo(core) {
      inbox = core;
    },
  };
}

/** What the sandbox bank knows against what the books say. Transactions whose notice is under way are left out. */
export const sandboxInvariants: readonly Invariant[] = [
  {
    name: "what the sandbox bank moved is what the books hold",
    sql: `SELECT t.id || ' (' || t.kind || '): ' || t.amount || ' at the bank, ' || coalesce(d.amount, 0) || ' booked' AS found
      FROM sandbox_bank_transactions t LEFT JOIN deposits d ON d.connector = '${sandbox}' AND d.transaction_id = t.id
        AND d.kind = t.kind AND d.booked
      WHERE t.notified_at IS NOT NULL AND t.kind = 'credit' AND d.amount IS DISTINCT FROM t.amount
      UNION ALL SELECT d.id || ': booked ' || d.amount || ', unknown to the bank' FROM deposits d
      WHERE d.connector = '${sandbox}' AND d.booked AND NOT EXISTS (SELECT FROM sandbox_bank_transactions t
        WHERE t.id = d.transaction_id AND t.kind = d.kind)`,
  },
  {
    name: "a notice that was lost is found by asking the bank",
    sql: `SELECT t.id || ' (' || t.kind || '): lost at ' || t.lost_at AS found FROM sandbox_bank_transactions t
      WHERE t.notified_at IS NULL AND t.lost_at < clock_timestamp() - ${bankLimits.lost_notice_found_within_s} * interval '1 second'
        AND EXISTS (SELECT FROM nodes n WHERE ${isAlive("n")}
          AND n.started_at < clock_timestamp() - ${bankLimits.lost_notice_found_within_s} * interval '1 second')
        AND NOT EXISTS (SELECT FROM deposits d WHERE d.connector = '${sandbox}' AND d.transaction_id = t.id AND d.kind = t.kind)`,
  },
  {
    name: "no notice of the sandbox bank is refused for good",
    sql: `SELECT id || ' (' || kind || '): ' || amount || ', not taken ' || failures || ' times' AS found
      FROM sandbox_bank_transactions WHERE notified_at IS NULL AND failures >= ${bankLimits.failures_max}`,
  },
  {
    name: "what the sandbox bank paid out is what was refunded",
    sql: `SELECT r.id || ' (' || r.state || '): ' || r.amount || ', the bank paid ' || coalesce(b.amount, 0) AS found
      FROM refunds r LEFT JOIN sandbox_bank_payouts b ON b.key = r.operation_id
      WHERE r.connector = '${sandbox}' AND r.bank_code IS NOT NULL AND ((r.state = 'succeeded' AND b.amount IS DISTINCT FROM r.amount) OR (r.state = 'failed' AND b.key IS NOT NULL))
      UNION ALL SELECT b.key || ': ' || b.amount || ' paid out for no refund' FROM sandbox_bank_payouts b
      WHERE NOT EXISTS (SELECT FROM refunds r WHERE r.operation_id = b.key AND r.bank_code IS NOT NULL)`,
  },
  {
    name: "what the sandbox wallet took is what was captured or is held",
    sql: `SELECT s.id || ': ' || s.amount || ' authorized, the wallet took ' || coalesce(w.amount, 0) AS found
      FROM charge_steps s JOIN wallet_charges c ON c.id = s.charge_id LEFT JOIN sandbox_wallet_orders w
        ON w.transaction_id = s.transaction_id AND w.kind = 'authorization' AND w.declined IS NULL
      WHERE c.connector = '${sandbox}' AND s.kind = 'authorization' AND s.state = 'succeeded'
        AND (w.amount, w.currency) IS DISTINCT FROM (s.amount, c.currency)
      UNION ALL SELECT w.key || ': ' || w.amount || ' taken, the operation is ' || coalesce(o.state, 'missing') || ', nothing authorized'
      FROM sandbox_wallet_orders w LEFT JOIN operations o ON o.id = w.key
      WHERE w.kind = 'authorization' AND w.declined IS NULL AND w.amount > 0 AND coalesce(o.state, '') NOT IN ('pending', 'unknown')
        AND NOT EXISTS (SELECT FROM charge_steps s WHERE s.transaction_id = w.transaction_id AND s.kind = 'authorization' AND s.state = 'succeeded')`,
  },
  {
    name: "what the sandbox wallet gave back is what was refunded",
    sql: `SELECT r.id || ' (' || r.state || '): ' || r.amount || ', the wallet gave back ' || coalesce(w.amount, 0) AS found
      FROM refunds r JOIN payments p ON p.id = r.payment_id AND p.method = 'wallet'
      LEFT JOIN sandbox_wallet_orders w ON w.key = r.operation_id AND w.kind = 'refund' AND w.declined IS NULL
      WHERE r.connector = '${sandbox}' AND ((r.state = 'succeeded' AND (w.amount, w.currency) IS DISTINCT FROM (r.amount, r.currency))
        OR (r.state = 'failed' AND w.key IS NOT NULL))
      UNION ALL SELECT w.key || ': ' || w.amount || ' given back for no refund' FROM sandbox_wallet_orders w
      WHERE w.kind = 'refund' AND w.declined IS NULL AND NOT EXISTS (SELECT FROM refunds r
        JOIN payments p ON p.id = r.payment_id AND p.method = 'wallet' WHERE r.operation_id = w.key)`,
  },
  {
    name: "what the sandbox's PG drew is what was withdrawn",
    sql: `SELECT w.id || ' (' || w.state || '): ' || w.amount || ', the PG drew ' || coalesce(p.amount, 0) AS found
      FROM withdrawals w LEFT JOIN sandbox_pg_orders p ON p.key = w.operation_id AND p.kind = 'withdrawal' AND p.declined IS NULL
      WHERE w.connector = '${sandbox}' AND ((w.state = 'succeeded' AND (p.amount, p.transaction_id) IS DISTINCT FROM (w.amount, w.transaction_id))
        OR (w.state = 'failed' AND p.key IS NOT NULL))
      UNION ALL SELECT p.key || ': ' || p.amount || ' drawn for no withdrawal' FROM sandbox_pg_orders p
      WHERE p.kind = 'withdrawal' AND p.declined IS NULL AND NOT EXISTS (SELECT FROM withdrawals w WHERE w.operation_id = p.key)`,
  },
  {
    name: "what the sandbox's PG sent to verify accounts is what was verified",
    sql: `SELECT v.id || ' (' || v.state || '): ' || v.amount || ', the PG sent ' || coalesce(p.amount, 0) AS found
      FROM account_verifications v LEFT JOIN sandbox_pg_orders p ON p.key = v.operation_id AND p.kind = 'verification' AND p.declined IS NULL
      WHERE v.connector = '${sandbox}' AND ((v.state = 'succeeded' AND (p.amount, p.transaction_id) IS DISTINCT FROM (v.amount, v.transaction_id))
        OR (v.state = 'failed' AND p.key IS NOT NULL))
      UNION ALL SELECT p.key || ': ' || p.amount || ' sent for no verification' FROM sandbox_pg_orders p
      WHERE p.kind = 'verification' AND p.declined IS NULL
        AND NOT EXISTS (SELECT FROM account_verifications v WHERE v.operation_id = p.key)`,
  },
  {
    name: "the calls that were agreed to and the accounts that are registered are the sandbox's PG's",
    sql: `SELECT o.id || ' (' || o.kind || ', ' || o.state || '): ' || CASE WHEN p.key IS NULL THEN 'not' ELSE 'done' END || ' at the PG' AS found
      FROM operations o LEFT JOIN sandbox_pg_orders p ON p.key = o.id AND p.declined IS NULL
        AND p.kind = CASE o.kind WHEN 'ars-call' THEN 'call' ELSE 'registration' END
      WHERE o.connector = '${sandbox}' AND o.kind IN ('ars-call', 'account-registration') AND o.state IN ('succeeded', 'failed')
        AND (o.state = 'succeeded') <> (p.key IS NOT NULL)
      UNION ALL SELECT p.key || ' (' || p.kind || '): nobody ordered it' FROM sandbox_pg_orders p
      WHERE p.kind IN ('call', 'registration') AND NOT EXISTS (SELECT FROM operations o WHERE o.id = p.key)`,
  },
  {
    name: "the cash receipts that stand are those the sandbox bank made",
    sql: `SELECT r.id || ' (' || r.state || '): ' || coalesce(o.state, 'no operation') || ', at the bank ' || coalesce(b.kind, 'nothing') AS found
      FROM cash_receipts r JOIN operations o ON o.subject_id = r.id LEFT JOIN sandbox_bank_receipts b ON b.key = o.id
      WHERE r.connector = '${sandbox}' AND o.state IN ('succeeded', 'failed') AND (o.state = 'succeeded') <> (b.key IS NOT NULL)`,
  },
];
