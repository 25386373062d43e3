/**
 * What must always be true of the books, as SQL that finds what breaks it. One function for `naru doctor`, the tests
 * and the benches. Each check reads one snapshot of all tables, so it may run beside a working node.
 */
import { inSnapshot, type Pool } from "../store/index.ts";

export interface Breach {
  invariant: string;
  /** What breaks it: an id or an account, and the figures that disagree. */
  found: string;
}

export interface Invariant {
  name: string;
  /** Selects one text column `found` per breach. */
  sql: string;
}

/** Which event types a dialect always announces: every notice URL of a payment must have a delivery for each of those. */
export type AnnouncedTypes = ReadonlyMap<string, readonly string[]>;

const breachesShown = 20;

/** What came in, each under the payment that it is for: what was deposited, captured, drawn from an account. */
const funds = (ofDeposits: string) => `SELECT payment_id, amount FROM deposits WHERE kind = 'credit' AND ${ofDeposits}
  UNION ALL SELECT payment_id, amount FROM charge_steps WHERE kind = 'capture' AND state = 'succeeded'
  UNION ALL SELECT payment_id, amount FROM withdrawals WHERE state = 'succeeded'`;

/** Everything that has states and tells of each change. */
const subjects = [
  "payments",
  "deposits",
  "refunds",
  "cash_receipts",
  "ad_accounts",
  "wallet_charges",
  "agreements",
  "members",
  "cards",
  "linked_accounts",
  "withdrawals",
  "account_verifications",
]
  .map((table) => `SELECT id, event_seq, state FROM ${table}`)
  .join(" UNION ALL ");

/** What belongs to a merchant beside payments and what they are made of. */
const owned = [
  "users",
  "ad_accounts",
  "authorization_codes",
  "user_tokens",
  "agreements",
  "instruments",
  "idempotent_calls",
  "members",
  "cards",
  "one_time_tokens",
  "linked_accounts",
  "withdrawals",
  "account_verifications",
  "crypto_keys",
]
  .map((table) => `SELECT id, merchant_id FROM ${table}`)
  .join(" UNION ALL ");

/** What a call that counts once may make. */
const made = ["wallet_charges", "charge_steps", "refunds", "agreements", "instruments"]
  .map((table) => `SELECT id, merchant_id FROM ${table}`)
  .join(" UNION ALL ");

/** What is a user's, who must be of the same merchant. */
const ofUsers = `SELECT id, merchant_id, user_id FROM authorization_codes UNION ALL SELECT id, merchant_id, user_id FROM user_tokens
  UNION ALL SELECT id, merchant_id, jsonb_object_keys(members) FROM ad_accounts`;

export const invariants: readonly Invariant[] = [
  {
    name: "balances are the sums of their transfers",
    sql: `WITH moved AS (
        SELECT debit_account AS id, currency, amount AS debit, 0 AS credit FROM transfers
        UNION ALL SELECT credit_account, currency, 0, amount FROM transfers
      ), summed AS (SELECT id, currency, sum(debit) AS debit, sum(credit) AS credit FROM moved GROUP BY 1, 2)
      SELECT coalesce(a.id, s.id) || ': balance ' || coalesce(a.debit, 0) || '/' || coalesce(a.credit, 0)
        || ', transfers ' || coalesce(s.debit, 0) || '/' || coalesce(s.credit, 0) AS found
      FROM ledger_accounts a FULL JOIN summed s ON s.id = a.id AND s.currency = a.currency
      WHERE a.debit IS DISTINCT FROM s.debit OR a.credit IS DISTINCT FROM s.credit`,
  },
  {
    name: "the trial balance is zero",
    sql: `SELECT currency || ': ' || sum(debit) - sum(credit) AS found FROM ledger_accounts
      GROUP BY currency HAVING sum(debit) <> sum(credit)`,
  },
  {
    name: "every paid payment has its funding fact",
    sql: `SELECT p.id || ': paid ' || p.paid_amount || ', deposited, captured or drawn ' || coalesce(sum(f.amount), 0) AS found
      FROM payments p LEFT JOIN (${funds("state = 'matched'")}) f ON f.payment_id = p.id
      GROUP BY p.id HAVING p.paid_amount <> coalesce(sum(f.amount), 0)
      UNION ALL SELECT id || ': ' || state || ' with ' || paid_amount || ' paid' FROM payments
      WHERE (state = 'paid') <> (paid_amount > 0) AND state <> 'cancelled'`,
  },
  {
    name: "a one-time payment is paid exactly its amount",
    sql: `SELECT p.id || ': ' || p.paid_amount || ' of ' || p.amount AS found
      FROM payments p JOIN virtual_accounts v ON v.payment_id = p.id
      WHERE v.kind = 'one_time' AND p.state = 'paid' AND p.paid_amount <> p.amount`,
  },
  {
    name: "refunds never exceed what was paid",
    sql: `SELECT p.id || ': refunded ' || p.refunded_amount || ' and ' || p.pending_refund_amount || ' of ' || coalesce(sum(f.amount), 0) AS found
      FROM payments p LEFT JOIN (${funds("reason IS NULL")}) f ON f.payment_id = p.id
      WHERE p.refunded_amount + p.pending_refund_amount > 0
      GROUP BY p.id HAVING p.refunded_amount + p.pending_refund_amount > coalesce(sum(f.amount), 0)`,
  },
  {
    name: "a payment's refunds are the refunds it counts",
    sql: `SELECT p.id || ': counts ' || p.refunded_amount || ' and ' || p.pending_refund_amount || ' pending' AS found
      FROM payments p LEFT JOIN refunds r ON r.payment_id = p.id
      GROUP BY p.id HAVING p.refunded_amount <> coalesce(sum(r.amount) FILTER (WHERE r.state = 'succeeded'), 0)
        OR p.pending_refund_amount <> coalesce(sum(r.amount) FILTER (WHERE r.state IN ('pending', 'unknown')), 0)`,
  },
  {
    name: "every refund has its transfers",
    sql: `SELECT r.id || ' (' || r.state || '): ' || coalesce(string_agg(t.code, ', ' ORDER BY t.id), 'none') AS found
      FROM refunds r LEFT JOIN transfers t ON t.refund_id = r.id
      GROUP BY r.id HAVING coalesce(bool_or(t.amount <> r.amount), r.operation_id IS NOT NULL)
        OR array_agg(t.code ORDER BY t.code) IS DISTINCT FROM CASE WHEN r.operation_id IS NULL THEN '{NULL}'
          WHEN r.state = 'succeeded' THEN '{refund-paid,refund-reserved}'
          WHEN r.state = 'failed' THEN '{refund-released,refund-reserved}' ELSE '{refund-reserved}' END::text[]`,
  },
  {
    name: "money on its way out is that of unsettled refunds",
    sql: `WITH held AS (SELECT 'refunds:' || connector AS id, currency, sum(amount) AS amount FROM refunds
        WHERE state IN ('pending', 'unknown') GROUP BY 1, 2)
      SELECT coalesce(h.id, a.id) || ': refunds ' || coalesce(h.amount, 0) || ', balance ' || coalesce(a.credit - a.debit, 0) AS found
      FROM held h FULL JOIN (SELECT * FROM ledger_accounts WHERE id LIKE 'refunds:%') a ON a.id = h.id AND a.currency = h.currency
      WHERE coalesce(h.amount, 0) <> coalesce(a.credit - a.debit, 0)`,
  },
  {
    name: "an operation's state agrees with its subject's",
    sql: `SELECT r.id || ': ' || r.state || ', operation ' || coalesce(o.state, 'missing') AS found
      FROM refunds r LEFT JOIN operations o ON o.id = r.operation_id AND o.subject_id = r.id
      WHERE o.state IS DISTINCT FROM CASE WHEN r.operation_id IS NULL AND r.state = 'failed' THEN NULL ELSE r.state END
      UNION ALL SELECT r.id || ': ' || r.state || ', operation ' || coalesce(o.kind || ' ' || o.state, 'missing')
      FROM cash_receipts r LEFT JOIN operations o ON o.id = r.operation_id AND o.subject_id = r.id
      WHERE NOT coalesce(CASE r.state WHEN 'issuing' THEN o.kind = 'receipt-issue' AND o.state IN ('pending', 'unknown')
        WHEN 'issued' THEN (o.kind, o.state) IN (('receipt-issue', 'succeeded'), ('receipt-cancel', 'failed'))
        WHEN 'failed' THEN o.kind = 'receipt-issue' AND o.state = 'failed'
        WHEN 'cancelling' THEN o.kind = 'receipt-cancel' AND o.state IN ('pending', 'unknown')
        WHEN 'cancelled' THEN o.kind = 'receipt-cancel' AND o.state = 'succeeded' END, false)
      UNION ALL SELECT s.id || ': ' || s.state || ', operation ' || coalesce(o.state, 'missing')
      FROM (SELECT id, operation_id, state FROM wallet_charges WHERE agreement_id IS NULL
        UNION ALL SELECT id, operation_id, state FROM agreements) s LEFT JOIN operations o ON o.id = s.operation_id AND o.subject_id = s.id
      WHERE NOT coalesce(CASE s.state WHEN 'authorizing' THEN o.state = 'pending' WHEN 'confirming' THEN o.state = 'unknown'
        ELSE o.state IS NULL OR o.state IN ('succeeded', 'failed') END, false)
      UNION ALL SELECT l.id || ': ' || l.state || ', operation ' || coalesce(o.kind || ' ' || o.state, 'missing')
      FROM linked_accounts l LEFT JOIN operations o ON o.id = l.operation_id AND o.subject_id = l.id
      WHERE NOT coalesce(CASE l.state WHEN 'calling' THEN o.kind = 'ars-call' AND o.state IN ('pending', 'unknown')
        WHEN 'agreed' THEN o.kind = 'account-registration' AND o.state IN ('pending', 'unknown')
        WHEN 'failed' THEN l.operation_id IS NULL OR o.kind IN ('ars-call', 'account-registration') AND o.state = 'failed'
        ELSE o.kind = 'account-registration' AND o.state = 'succeeded' END, false)
      UNION ALL SELECT s.id || ': ' || s.state || ', operation ' || coalesce(o.kind || ' ' || o.state, 'missing')
      FROM (SELECT id, operation_id, state, 'withdrawal' AS kind FROM withdrawals
        UNION ALL SELECT id, operation_id, state, 'verification' FROM account_verifications) s
      LEFT JOIN operations o ON o.id = s.operation_id AND o.subject_id = s.id
      WHERE (o.kind, o.state) IS DISTINCT FROM (s.kind, s.state)
      UNION ALL SELECT o.id || ': an operation of nothing' FROM operations o
      WHERE NOT EXISTS (SELECT FROM refunds r WHERE r.operation_id = o.id) AND NOT EXISTS (SELECT FROM cash_receipts r WHERE r.id = o.subject_id)
        AND NOT EXISTS (SELECT FROM wallet_charges c WHERE c.operation_id = o.id) AND NOT EXISTS (SELECT FROM agreements a WHERE a.operation_id = o.id)
        AND NOT EXISTS (SELECT FROM linked_accounts l WHERE l.id = o.subject_id) AND NOT EXISTS (SELECT FROM withdrawals w WHERE w.operation_id = o.id)
        AND NOT EXISTS (SELECT FROM account_verifications v WHERE v.operation_id = o.id)`,
  },
  {
    name: "a charge is what its steps and refunds make it",
    sql: `SELECT c.id || ' (' || c.state || '): captured ' || c.captured_amount || ', voided ' || c.voided_amount || ' of ' || c.amount AS found
      FROM wallet_charges c JOIN payments p ON p.id = c.payment_id
      LEFT JOIN (SELECT charge_id, sum(amount) FILTER (WHERE kind = 'capture') AS captured, sum(amount) FILTER (WHERE kind = 'void') AS voided,
        count(*) FILTER (WHERE kind = 'authorization') AS authorized, count(*) FILTER (WHERE kind = 'discard') AS discarded
        FROM charge_steps WHERE state = 'succeeded' GROUP BY charge_id) s ON s.charge_id = c.id
      WHERE c.captured_amount <> coalesce(s.captured, 0) OR c.voided_amount <> coalesce(s.voided, 0)
        OR p.paid_amount <> c.captured_amount OR p.amount <> c.amount OR p.currency <> c.currency
        OR coalesce(s.authorized, 0) <> (c.state IN ('authorized', 'captured', 'refunded', 'voided'))::int
        OR coalesce(s.discarded, 0) <> (c.state = 'discarded')::int
        OR c.state IS DISTINCT FROM CASE WHEN coalesce(s.authorized, 0) = 0 THEN c.state
          WHEN c.captured_amount + c.voided_amount < c.amount THEN 'authorized' WHEN c.captured_amount = 0 THEN 'voided'
          WHEN p.refunded_amount >= c.captured_amount THEN 'refunded' ELSE 'captured' END
      UNION ALL SELECT p.id || ': no charge' FROM payments p
      WHERE p.method = 'wallet' AND NOT EXISTS (SELECT FROM wallet_charges c WHERE c.payment_id = p.id)
      UNION ALL SELECT s.id || ': a step of nothing' FROM charge_steps s
      WHERE NOT EXISTS (SELECT FROM wallet_charges c WHERE c.id = s.charge_id AND c.payment_id = s.payment_id)`,
  },
  {
    name: "what a charge has come to in the end stays so",
    sql: `SELECT e.subject_id || ': ' || (e.data ->> 'state') || ', and then ' || (l.data ->> 'state') AS found
      FROM events e JOIN events l ON l.subject_id = e.subject_id AND l.subject_seq = e.subject_seq + 1
      WHERE e.subject_type = 'charge' AND e.data ->> 'state' IN ('failed', 'discarded', 'voided', 'refunded')
        AND l.data ->> 'state' <> e.data ->> 'state'`,
  },
  {
    name: "every capture has exactly its transfer",
    sql: `SELECT s.id || ': ' || count(t.id) || ' transfers of ' || coalesce(sum(t.amount), 0) || ' for ' || s.amount AS found
      FROM charge_steps s LEFT JOIN transfers t ON t.capture_id = s.id WHERE s.kind = 'capture'
      GROUP BY s.id HAVING count(t.id) <> (s.state = 'succeeded')::int OR coalesce(sum(t.amount), s.amount) <> s.amount
        OR bool_or(t.code <> 'capture')
      UNION ALL SELECT t.id || ': a capture of nothing' FROM transfers t
      WHERE t.code = 'capture' AND NOT EXISTS (SELECT FROM charge_steps s WHERE s.id = t.capture_id)`,
  },
  {
    name: "every withdrawal has exactly its transfer, to the member whose account it is drawn from",
    sql: `SELECT w.id || ' (' || w.state || '): ' || count(t.id) || ' transfers of ' || coalesce(sum(t.amount), 0) || ' for ' || w.amount AS found
      FROM withdrawals w LEFT JOIN members m ON m.id = w.member_id
      LEFT JOIN transfers t ON t.payment_id = w.payment_id AND t.code = 'withdrawal'
      GROUP BY w.id, m.number HAVING count(t.id) <> (w.state = 'succeeded')::int OR coalesce(sum(t.amount), w.amount) <> w.amount
        OR bool_or(t.debit_account <> 'bank:' || w.connector OR t.credit_account <> coalesce('member:' || m.number, ''))
      UNION ALL SELECT t.id || ': a withdrawal of nothing' FROM transfers t
      WHERE t.code = 'withdrawal' AND NOT EXISTS (SELECT FROM withdrawals w WHERE w.payment_id = t.payment_id)
      UNION ALL SELECT w.id || ': from account ' || w.linked_account_id FROM withdrawals w LEFT JOIN linked_accounts l ON l.id = w.linked_account_id
      WHERE l.member_id IS DISTINCT FROM w.member_id OR l.connector IS DISTINCT FROM w.connector`,
  },
  {
    name: "a withdrawal's state agrees with its payment's",
    sql: `SELECT w.id || ': ' || w.state || ' of ' || w.amount || ', payment ' || coalesce(p.state || ' of ' || p.amount, 'missing') AS found
      FROM withdrawals w LEFT JOIN payments p ON p.id = w.payment_id AND p.method = 'linked_account'
      WHERE p.amount IS DISTINCT FROM w.amount OR p.merchant_id <> w.merchant_id OR p.currency <> w.currency OR NOT CASE w.state
        WHEN 'succeeded' THEN p.state IN ('paid', 'cancelled') WHEN 'failed' THEN p.state = 'failed' ELSE p.state = 'ready' END
      UNION ALL SELECT p.id || ': no withdrawal' FROM payments p
      WHERE p.method = 'linked_account' AND NOT EXISTS (SELECT FROM withdrawals w WHERE w.payment_id = p.id)`,
  },
  {
    name: "no charge or agreement waits beyond its time",
    sql: `SELECT s.id || ' (' || s.state || '): due at ' || s.due_at AS found
      FROM (SELECT id, state, due_at FROM wallet_charges UNION ALL SELECT id, state, due_at FROM agreements) s
      WHERE s.state IN ('authorizing', 'confirming', 'voided', 'discarded', 'failed') AND s.due_at IS NOT NULL`,
  },
  {
    name: "an agreement's charges and instruments are its merchant's",
    sql: `SELECT c.id || ': of agreement ' || c.agreement_id AS found FROM wallet_charges c LEFT JOIN agreements a ON a.id = c.agreement_id
      WHERE c.agreement_id IS NOT NULL AND a.merchant_id IS DISTINCT FROM c.merchant_id
      UNION ALL SELECT c.id || ': by instrument ' || c.instrument_id FROM (SELECT id, merchant_id, instrument_id FROM wallet_charges
        UNION ALL SELECT id, merchant_id, instrument_id FROM agreements) c LEFT JOIN instruments i ON i.id = c.instrument_id
      WHERE c.instrument_id IS NOT NULL AND i.merchant_id IS DISTINCT FROM c.merchant_id
      UNION ALL SELECT a.id || ': active without a key' FROM agreements a WHERE (a.state = 'active') <> (a.billing_key_encrypted IS NOT NULL)`,
  },
  {
    name: "a member has one account of each purpose, one registration under way, and of the others no numbers are kept",
    sql: `SELECT member_id || ': ' || count(*) || ' registered for ' || purpose AS found FROM linked_accounts
      WHERE state = 'registered' GROUP BY member_id, purpose HAVING count(*) > 1
      UNION ALL SELECT member_id || ': ' || count(*) || ' registrations under way' FROM linked_accounts
      WHERE state IN ('calling', 'agreed') GROUP BY member_id HAVING count(*) > 1
      UNION ALL SELECT id || ' (' || state || '): keeps ' || num_nonnulls(number_encrypted, holder_encrypted) || ' of number and holder'
      FROM linked_accounts WHERE num_nonnulls(number_encrypted, holder_encrypted) <> CASE WHEN state IN ('calling', 'agreed', 'registered') THEN 2 ELSE 0 END
      UNION ALL SELECT id || ' (' || state || '): ' || CASE WHEN registration_encrypted IS NULL THEN 'no registration' ELSE 'a registration' END
      FROM linked_accounts WHERE (state = 'registered') <> (registration_encrypted IS NOT NULL)
      UNION ALL SELECT id || ' (' || state || '): failure ' || coalesce(failure ->> 'code', 'none') FROM linked_accounts
      WHERE (state = 'failed') <> (failure IS NOT NULL)
      UNION ALL SELECT a.id || ': charged by itself, and no copy of what is charged' FROM linked_accounts a
      WHERE a.state = 'registered' AND a.purpose = 'auto-charge' AND NOT EXISTS (SELECT FROM linked_accounts c
        WHERE c.member_id = a.member_id AND c.purpose = 'charge' AND c.state = 'registered' AND c.number_index = a.number_index)`,
  },
  {
    name: "a member's accounts, cards and tokens are the merchant's",
    sql: `SELECT s.id || ': of member ' || s.member_id AS found FROM (SELECT id, merchant_id, member_id FROM cards
        UNION ALL SELECT id, merchant_id, member_id FROM linked_accounts UNION ALL SELECT id, merchant_id, member_id FROM withdrawals) s
      LEFT JOIN members m ON m.id = s.member_id WHERE m.merchant_id IS DISTINCT FROM s.merchant_id
      UNION ALL SELECT 'a token of card ' || t.card_id FROM one_time_tokens t LEFT JOIN cards c ON c.id = t.card_id
      WHERE c.merchant_id IS DISTINCT FROM t.merchant_id
      UNION ALL SELECT m.id || ': no card' FROM members m WHERE NOT EXISTS (SELECT FROM cards c WHERE c.member_id = m.id)`,
  },
  {
    name: "every verification that was sent has exactly its transfer",
    sql: `SELECT v.id || ' (' || v.state || '): ' || count(t.id) || ' transfers of ' || coalesce(sum(t.amount), 0) || ' for ' || v.amount AS found
      FROM account_verifications v LEFT JOIN transfers t ON t.verification_id = v.id
      GROUP BY v.id HAVING count(t.id) <> (v.state = 'succeeded')::int OR coalesce(sum(t.amount), v.amount) <> v.amount
        OR bool_or(t.code <> 'verification' OR t.debit_account <> 'merchant:' || v.merchant_id OR t.credit_account <> 'bank:' || v.connector)
      UNION ALL SELECT t.id || ': a verification of nothing' FROM transfers t
      WHERE t.code = 'verification' AND NOT EXISTS (SELECT FROM account_verifications v WHERE v.id = t.verification_id)`,
  },
  {
    name: "a sale has one cash receipt at a time, and its payment knows of it",
    sql: `SELECT coalesce(payment_id, merchant_id || ' ' || reference) || ': ' || count(*) || ' receipts' AS found FROM cash_receipts
      WHERE state IN ('issuing', 'issued', 'cancelling') GROUP BY payment_id, merchant_id, reference HAVING count(*) > 1
      UNION ALL SELECT p.id || ': says ' || p.cash_receipt_issued FROM payments p
      WHERE p.cash_receipt_issued <> EXISTS (SELECT FROM cash_receipts r WHERE r.payment_id = p.id AND r.state IN ('issued', 'cancelling'))`,
  },
  {
    name: "each change of state has exactly one event, without a gap",
    sql: `SELECT s.id || ': ' || s.event_seq || ' changes, ' || count(e.id) || ' events up to ' || coalesce(max(e.subject_seq), 0) AS found
      FROM (${subjects}) s
      LEFT JOIN events e ON e.subject_id = s.id
      GROUP BY s.id, s.event_seq HAVING count(e.id) <> s.event_seq OR coalesce(max(e.subject_seq), 0) <> s.event_seq
      UNION ALL SELECT e.subject_id || ': ' || (e.data ->> 'state') || ' announced, now ' || s.state
      FROM (${subjects}) s
      JOIN events e ON e.subject_id = s.id AND e.subject_seq = s.event_seq WHERE e.data ->> 'state' <> s.state
      UNION ALL SELECT e.subject_id || ': an event of nothing' FROM events e
      WHERE NOT EXISTS (SELECT FROM (${subjects}) s WHERE s.id = e.subject_id)`,
  },
  {
    name: "every booked deposit has exactly its transfer",
    sql: `SELECT d.id || ': ' || count(t.id) || ' transfers of ' || coalesce(sum(t.amount), 0) || ' for ' || d.amount AS found
      FROM deposits d LEFT JOIN transfers t ON t.deposit_id = d.id AND t.code <> 'suspense-resolved'
      GROUP BY d.id HAVING count(t.id) <> (d.booked)::int OR coalesce(sum(t.amount), 0) <> CASE WHEN d.booked THEN d.amount ELSE 0 END`,
  },
  {
    name: "what is deposited is credited to whom the payment is for",
    sql: `SELECT t.id || ': ' || t.code || ' of ' || coalesce(p.id, 'nothing') || ', ' || t.credit_account || ' instead of ' || coalesce(p.beneficiary, 'nobody') AS found
      FROM transfers t LEFT JOIN payments p ON p.id = t.payment_id WHERE t.code = 'deposit' AND t.credit_account IS DISTINCT FROM p.beneficiary
      UNION ALL SELECT t.id || ': ' || t.code || ' of ' || coalesce(p.id, 'nothing') || ' from ' || t.debit_account
      FROM transfers t LEFT JOIN payments p ON p.id = t.payment_id
      WHERE t.code = 'deposit-reversed' AND t.debit_account IS DISTINCT FROM p.beneficiary
      UNION ALL SELECT p.id || ': for ' || p.beneficiary || ', which is not the merchant''s' FROM payments p
      WHERE p.beneficiary LIKE 'ad-account:%' AND NOT EXISTS (SELECT FROM ad_accounts a
        WHERE a.merchant_id = p.merchant_id AND p.beneficiary = 'ad-account:' || a.number)
      UNION ALL SELECT p.id || ': for ' || p.beneficiary || ', who is not the merchant''s' FROM payments p
      WHERE p.beneficiary LIKE 'member:%' AND NOT EXISTS (SELECT FROM members m
        WHERE m.merchant_id = p.merchant_id AND p.beneficiary = 'member:' || m.number)`,
  },
  {
    name: "suspense holds the suspended deposits",
    sql: `WITH held AS (SELECT 'suspense:' || connector AS id, currency, sum(amount) AS amount FROM deposits
        WHERE state = 'suspended' AND booked AND kind = 'credit' GROUP BY 1, 2)
      SELECT coalesce(h.id, a.id) || ': deposits ' || coalesce(h.amount, 0) || ', balance ' || coalesce(a.credit - a.debit, 0) AS found
      FROM held h FULL JOIN (SELECT * FROM ledger_accounts WHERE id LIKE 'suspense:%') a ON a.id = h.id AND a.currency = h.currency
      WHERE coalesce(h.amount, 0) <> coalesce(a.credit - a.debit, 0)`,
  },
  {
    name: "an account's state agrees with its payment's",
    sql: `SELECT v.id || ': ' || v.state || ', payment ' || coalesce(p.state, 'missing') AS found
      FROM virtual_accounts v LEFT JOIN payments p ON p.id = v.payment_id
      WHERE p.id IS NULL OR (v.kind = 'one_time' AND NOT CASE v.state
        WHEN 'open' THEN p.state = 'ready' WHEN 'used' THEN p.state IN ('paid', 'cancelled', 'reversed')
        WHEN 'expired' THEN p.state = 'expired' WHEN 'closed' THEN p.state IN ('closed', 'failed') END)
      UNION ALL SELECT p.id || ': no account' FROM payments p
      WHERE p.method = 'virtual_account' AND NOT EXISTS (SELECT FROM virtual_accounts v WHERE v.payment_id = p.id)`,
  },
  {
    name: "no number is lent out twice",
    sql: `SELECT connector || ' ' || bank_code || ': ' || count(*) || ' open accounts on one number' AS found
      FROM virtual_accounts WHERE state = 'open' GROUP BY connector, bank_code, number HAVING count(*) > 1
      UNION ALL SELECT v.id || ': open, and its number is free from ' || n.available_from
      FROM virtual_accounts v JOIN pool_numbers n USING (connector, bank_code, number)
      WHERE v.state = 'open' AND n.available_from IS NOT NULL AND (v.due_at IS NULL OR n.available_from <= v.due_at)
      UNION ALL SELECT v.id || ': on a number that is reserved for ' || coalesce(n.reserved_for, 'nobody')
      FROM virtual_accounts v LEFT JOIN pool_numbers n USING (connector, bank_code, number)
      WHERE v.reserved AND (n.reserved_for IS DISTINCT FROM v.merchant_id OR n.available_from IS NOT NULL)`,
  },
  {
    name: "every delivery that was made has its attempt",
    sql: `SELECT d.id || ': ' || d.state || ' after ' || d.attempts || ' attempts, ' || count(a.attempt) || ' kept' AS found
      FROM deliveries d LEFT JOIN delivery_attempts a ON a.delivery_id = d.id
      GROUP BY d.id HAVING count(a.attempt) <> d.attempts
        OR (d.delivered_at IS NOT NULL) <> coalesce(bool_or(a.status BETWEEN 200 AND 299), false)
        OR (d.state = 'delivered' AND d.delivered_at IS NULL) OR (d.state = 'exhausted' AND d.delivered_at IS NOT NULL)
        OR (d.state <> 'pending' AND d.attempts = 0)
      UNION ALL SELECT d.id || ': no event' FROM deliveries d WHERE NOT EXISTS (SELECT FROM events e WHERE e.id = d.event_id)`,
  },
  {
    name: "a call that counts once is under way or has made what it is for",
    sql: `SELECT c.id || ': ' || coalesce('answered ' || c.status, 'unanswered') || ', lease ' || coalesce(c.lease_id, 'none') || ' of '
        || coalesce(c.lease_node, 'nobody') || ', made ' || coalesce(c.subject_id, 'nothing') AS found
      FROM idempotent_calls c WHERE num_nulls(c.lease_node, c.lease_id) = 1 OR num_nulls(c.status, c.answer_encrypted) = 1
        OR coalesce(c.lease_id, c.subject_id) IS NULL OR c.status NOT BETWEEN 200 AND 299
        OR (c.status IS NOT NULL AND (c.lease_id IS NOT NULL OR c.subject_id IS NULL))
      UNION ALL SELECT c.id || ': made ' || c.subject_id || ', ' || coalesce('which is of ' || s.merchant_id, 'which is not there')
      FROM idempotent_calls c LEFT JOIN (${made}) s ON s.id = c.subject_id
      WHERE c.subject_id IS NOT NULL AND s.merchant_id IS DISTINCT FROM c.merchant_id`,
  },
  {
    name: "every row of a tenant belongs to a merchant",
    sql: `SELECT p.id || ': merchant ' || p.merchant_id AS found FROM payments p
      WHERE NOT EXISTS (SELECT FROM merchants m WHERE m.id = p.merchant_id)
      UNION ALL SELECT v.id || ': merchant of its payment differs' FROM virtual_accounts v JOIN payments p ON p.id = v.payment_id
      WHERE v.merchant_id <> p.merchant_id
      UNION ALL SELECT t.id || ': merchant ' || t.merchant_id FROM (${owned}) t
      WHERE NOT EXISTS (SELECT FROM merchants m WHERE m.id = t.merchant_id)
      UNION ALL SELECT t.id || ': user ' || t.user_id || ' of merchant ' || coalesce(u.merchant_id, 'none') FROM (${ofUsers}) t
      LEFT JOIN users u ON u.id = t.user_id WHERE u.merchant_id IS DISTINCT FROM t.merchant_id
      UNION ALL SELECT d.id || ': merchant of its payment differs' FROM deliveries d JOIN payments p ON p.id = d.payment_id
      WHERE d.merchant_id <> p.merchant_id
      UNION ALL SELECT 'a crypto key of credential ' || k.credential_id || ', which is of merchant ' || coalesce(c.merchant_id, 'none')
      FROM crypto_keys k LEFT JOIN credentials c ON c.id = k.credential_id WHERE c.merchant_id IS DISTINCT FROM k.merchant_id`,
  },
];

/** Every event has the deliveries it counts, and one per notice URL where its dialect announces its type to all. */
export function announcedInvariant(types: AnnouncedTypes): Invariant {
  const pairs = [...types].flatMap(([dialect, names]) => names.map((name) => `('${dialect}', '${name}')`));
  return {
    name: "every announced event has its deliveries",
    sql: `SELECT e.id || ' (' || e.type || '): ' || count(d.id) || ' deliveries for ' || cardinality(p.notice_urls) || ' addresses' AS found
      FROM (VALUES ${pairs.join(", ")}) AS told (dialect, type)
      JOIN payments p ON p.dialect = told.dialect
      JOIN events e ON e.subject_id = p.id AND e.type = told.type AND e.data ->> 'announce' IS DISTINCT FROM 'false'
      LEFT JOIN deliveries d ON d.event_id = e.id
      GROUP BY e.id, e.type, p.notice_urls HAVING count(d.id) <> cardinality(p.notice_urls)
      UNION ALL SELECT e.id || ' (' || e.type || '): ' || count(d.id) || ' deliveries, ' || e.announced_to || ' counted'
      FROM events e LEFT JOIN deliveries d ON d.event_id = e.id WHERE e.announced_to IS NOT NULL
      GROUP BY e.id HAVING count(d.id) <> e.announced_to`,
  };
}

export interface Examination {
  /** The names of the invariants that were checked. */
  checked: string[];
  /** What breaks them; empty is a clean bill. */
  breaches: Breach[];
}

/** Runs every check in one snapshot. */
export async function checkInvariants(pool: Pool, checks: readonly Invariant[]): Promise<Examination> {
  const breaches = await inSnapshot(pool, async (tx) => {
    const found: Breach[] = [];
    for (const check of checks) {
      const { rows } = await tx.query<{ found: string }>(
        `SELECT found FROM (${check.sql}) AS breaches LIMIT ${breachesShown}`,
      );
      found.push(...rows.map((row) => ({ invariant: check.name, found: row.found })));
    }
    return found;
  });
  return { checked: checks.map((check) => check.name), breaches };
}
