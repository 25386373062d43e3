/** An event as this dialect announces it: not at all. No callback is documented; clients ask for what became of a request. */
import type { Announcer } from "../../core/webhooks/delivery.ts";
import { dialect } from "./identifiers.ts";

const nothing = { read_ms: 0, total_ms: 0 };

export const konaplateAnnouncer: Announcer = {
  dialect,
  announces: [],
  announce: () => [],
  timeouts: { first: nothing, later: nothing },
};
