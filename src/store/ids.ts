import { v7 } from "uuid";

/**
 * An internal id: `pay_` and 32 lower-case hex digits, time-ordered (UUID version 7), made by the process.
 * Sorts bytewise in the order of creation within a process, and by the millisecond between processes.
 */
export function newId(prefix: string): string {
  return `${prefix}_${v7().replaceAll("-", "")}`;
}
