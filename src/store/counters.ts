/**
 * Unique numbers without a sequence on the hot path: a node leases a block and gives it out from memory. Numbers left
 * over when the node ends are lost, which no one can tell from the ids made of them.
 */
import type { Pool, Statement } from "./postgres.ts";

const usualBlock = 10_000;

const LEASE: Statement = {
  name: "lease-counter",
  text: `INSERT INTO counters (name, next) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET next = counters.next + $2 RETURNING next`,
};

export class Counter {
  readonly #pool: Pool;
  readonly #name: string;
  readonly #block: number;
  #next = 0;
  #end = 0;
  #leasing: Promise<void> | undefined;

  /** `block`: how many numbers are leased at once. */
  constructor(pool: Pool, name: string, block = usualBlock) {
    this.#pool = pool;
    this.#name = name;
    this.#block = block;
  }

  /** A number from 0 that no other call on any node gets. */
  async next(): Promise<number> {
    while (this.#next >= this.#end) {
      this.#leasing ??= this.#lease().finally(() => {
        this.#leasing = undefined;
      });
      await this.#leasing;
    }
    return this.#next++;
  }

  async #lease(): Promise<void> {
    const leased = await this.#pool.query<{ next: number }>(LEASE, [this.#name, this.#block]);
    this.#end = leased.rows[0]!.next;
    this.#next = this.#end - this.#block;
  }
}
