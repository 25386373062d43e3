/**
 * A bucket of turns for each customer's reads and another for their writes: it holds twice what is put back each second.
 * Counted by each node for itself, in real time.
 */

export interface RateLimit {
  /** Turns that are put back each second. */
  perSecond: number;
}

export interface Turn {
  isTaken: boolean;
  remaining: number;
}

export const rateLimits = {
  /** As published, for the sandbox and for live mode. */
  sandbox_per_s: 5,
  live_per_s: 50,
  per_s_max: 100_000,
  /** Buckets that are kept; the fullest of more are forgotten, since a full one is as good as none. */
  buckets_max: 10_000,
};

interface Bucket {
  turns: number;
  asOf_ms: number;
}

export class RateLimiter {
  readonly perSecond: number;
  readonly #now_ms: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor({ perSecond }: RateLimit, now_ms: () => number = () => performance.now()) {
    this.perSecond = perSecond;
    this.#now_ms = now_ms;
  }

  get burst(): number {
    return 2 * this.perSecond;
  }

  take(customer: string, kind: "read" | "write"): Turn {
    const now_ms = this.#now_ms();
    const key = `${kind} ${customer}`;
    const held = this.#buckets.get(key);
    const turns = held === undefined ? this.burst : this.#filled(held, now_ms);
    const isTaken = turns >= 1;
    const left = isTaken ? turns - 1 : turns;
    if (held === undefined && this.#buckets.size >= rateLimits.buckets_max) this.#forgetFull(now_ms);
    this.#buckets.set(key, { turns: left, asOf_ms: now_ms });
    return { isTaken, remaining: Math.floor(left) };
  }

  #filled({ turns, asOf_ms }: Bucket, now_ms: number): number {
    return Math.min(this.burst, turns + ((now_ms - asOf_ms) / 1000) * this.perSecond);
  }

  #forgetFull(now_ms: number): void {
    for (const [key, bucket] of this.#buckets) {
      if (this.#filled(bucket, now_ms) >= this.burst) this.#buckets.delete(key);
    }
  }
}
