/** A member's balance over time: every transfer that changed it, with what it was before and after. */
import type { Queryable, Statement } from "../../store/index.ts";
import { accounts } from "../ledger/ledger.ts";
import type { Movement, MovementKind, MovementSearch } from "./charges.ts";

/** By code, and whether the member's balance was credited. */
const kinds = {
  withdrawal: "charge",
  deposit: "deposit",
  "refund-released": "cancel-failed",
  "refund-reserved": "cancel",
  "deposit-reversed": "deposit-reversed",
} as const satisfies Record<string, MovementKind>;

const codes = Object.entries(kinds);

/**
 * By the two partial indexes on members' transfers, whose condition stands here too. All of the member's transfers are
 * summed, in the order of their ids. Whether a charge can be cancelled is what `isCancellable` says.
 */
const movements = (direction: "ASC" | "DESC"): Statement => ({
  name: `member-movements-${direction.toLowerCase()}`,
  text: `WITH moved AS (
      SELECT id, code, amount, amount AS change, payment_id, deposit_id, refund_id, at FROM transfers
        WHERE credit_account = $1 AND credit_account LIKE 'member:%'
      UNION ALL SELECT id, code, amount, -amount, payment_id, deposit_id, refund_id, at FROM transfers
        WHERE debit_account = $1 AND debit_account LIKE 'member:%'
    ), run AS (
      SELECT *, (sum(change) OVER (ORDER BY id))::bigint AS after, (sum(change) OVER ())::bigint AS balance FROM moved
    ), picked AS (SELECT * FROM run WHERE at >= $2 AND at < $3 AND code = ANY($4))
    SELECT total.total, page.* FROM (SELECT count(*) AS total FROM picked) total LEFT JOIN (
      SELECT m.id, m.code, m.amount, m.after - m.change AS "balanceBefore", m.after AS "balanceAfter", p.wire_id AS "wireId",
        m.deposit_id AS "depositId", m.refund_id AS "refundId", m.at,
        m.code = 'withdrawal' AND p.state = 'paid' AND p.refunded_amount + p.pending_refund_amount = 0
          AND p.paid_amount <= m.balance AS cancellable
      FROM picked m JOIN payments p ON p.id = m.payment_id ORDER BY m.id ${direction} LIMIT $5 OFFSET $6
    ) page ON true ORDER BY page.id ${direction}`,
});

const ASCENDING = movements("ASC");
const DESCENDING = movements("DESC");

type Row = { total: number; code: keyof typeof kinds } & Omit<Movement, "kind">;

export async function readMovements(
  db: Queryable,
  { memberNumber, from, to, kinds: wanted, descending, page, size }: MovementSearch,
): Promise<{ total: number; movements: Movement[] }> {
  const { rows } = await db.query<Row>(descending ? DESCENDING : ASCENDING, [
    accounts.member(memberNumber),
    from,
    to,
    codes.filter(([, kind]) => wanted.includes(kind)).map(([code]) => code),
    size,
    page * size,
  ]);
  const shown = rows.filter(({ id }) => id !== null);
  return {
    total: rows[0]?.total ?? 0,
    movements: shown.map(({ total: _, code, ...row }) => ({ ...row, kind: kinds[code] })),
  };
}
