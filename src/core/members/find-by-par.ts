/** Whose card a PAR stands for. */
import type { Queryable, Statement } from "../../store/index.ts";

const FIND: Statement = {
  name: "find-member-by-par",
  text: `SELECT m.number FROM cards c JOIN members m ON m.id = c.member_id WHERE c.par = $1 AND c.merchant_id = $2`,
};

/** The number of the merchant's member; undefined when the merchant has no such card. */
export async function memberNumberOfPar(db: Queryable, merchantId: string, par: string): Promise<string | undefined> {
  return (await db.query<{ number: string }>(FIND, [par, merchantId])).rows[0]?.number;
}
