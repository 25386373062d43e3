/** Faults an operator arms: the bank misbehaves in this way for its next so many calls, whichever node makes them. */
import { once } from "node:events";
import type { Pool, Statement } from "../../../store/index.ts";

export const faults = [
  /** The order is lost on its way, and no answer comes. */
  "refund-timeout-before",
  /** The order is carried out, and no answer comes. */
  "refund-timeout-after",
  /** The bank says no. */
  "refund-refused",
  "receipt-timeout-before",
  "receipt-timeout-after",
  "receipt-refused",
] as const;
export type Fault = (typeof faults)[number];

export const faultCount_max = 1_000_000;

export interface ArmedFault {
  fault: Fault;
  remaining: number;
}

const ARM: Statement = {
  name: "arm-fault",
  text: `INSERT INTO sandbox_faults (fault, remaining) VALUES ($1, $2)
    ON CONFLICT (fault) DO UPDATE SET remaining = excluded.remaining`,
};
const TAKE: Statement = {
  name: "take-fault",
  text: "UPDATE sandbox_faults SET remaining = remaining - 1 WHERE fault = $1 AND remaining > 0",
};

export class Faults {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** For the next `count` calls; 0 disarms it. */
  async arm(fault: Fault, count: number): Promise<void> {
    await this.#pool.query(ARM, [fault, count]);
  }

  async disarmAll(): Promise<void> {
    await this.#pool.query("DELETE FROM sandbox_faults");
  }

  async armed(): Promise<ArmedFault[]> {
    const found = await this.#pool.query<ArmedFault>(
      "SELECT fault, remaining FROM sandbox_faults WHERE remaining > 0 ORDER BY fault",
    );
    return found.rows;
  }

  /** Whether this call is to go wrong so. */
  async take(fault: Fault): Promise<boolean> {
    return (await this.#pool.query(TAKE, [fault])).rowCount === 1;
  }
}

/** What a caller sees of a bank that does not answer: nothing, until the caller gives up. */
export async function neverAnswer(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, "abort");
  throw new Error("the sandbox bank did not answer");
}
