/** Prometheus metrics of a node. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { GroupCommitMetrics, Pool } from "../store/index.ts";

export interface Metrics {
  registry: Registry;
  commit: GroupCommitMetrics;
  /** Adds what is counted in the database at the moment of asking. */
  watch(pool: Pool): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "naru_" });
  const registers = [registry];
  return {
    registry,
    commit: {
      batches: new Counter({
        name: "naru_batches_total",
        help: "batches committed",
        labelNames: ["command"],
        registers,
      }),
      batchSize: new Histogram({
        name: "naru_batch_requests",
        help: "requests per committed batch",
        labelNames: ["command"],
        buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
        registers,
      }),
      retries: new Counter({
        name: "naru_batch_retries_total",
        help: "batches that ran again, by cause",
        labelNames: ["command", "cause"],
        registers,
      }),
    },
    watch(pool) {
      gauge(
        "naru_deliveries_pending",
        "webhooks not yet delivered",
        "SELECT count(*) FROM deliveries WHERE state = 'pending'",
      );
      gauge(
        "naru_deliveries_exhausted",
        "webhooks that no receiver took and that are not tried again by themselves",
        "SELECT count(*) FROM deliveries WHERE state = 'exhausted'",
      );
      gauge(
        "naru_deposits_suspended",
        "deposits in suspense",
        "SELECT count(*) FROM deposits WHERE state = 'suspended'",
      );
      function gauge(name: string, help: string, sql: string) {
        new Gauge({
          name,
          help,
          registers,
          async collect() {
            this.set((await pool.query<{ count: number }>(sql)).rows[0]!.count);
          },
        });
      }
    },
  };
}
