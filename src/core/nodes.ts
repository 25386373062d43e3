/** The nodes on one database, by their heartbeats, which go by real time. */
import { limits } from "./limits.ts";

/** Whether a row of `nodes`, by its alias, is of a node that lives. */
export function isAlive(node: string): string {
  return `${node}.heartbeat_at > clock_timestamp() - ${limits.node_dead_after_s} * interval '1 second'`;
}
