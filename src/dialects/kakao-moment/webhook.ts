/** An event as this dialect announces it: not at all. No notification is documented; clients read the balance. */
import type { Announcer } from "../../core/webhooks/delivery.ts";
import { dialect } from "./identifiers.ts";

const nothing = { read_ms: 0, total_ms: 0 };

export const kakaoMomentAnnouncer: Announcer = {
  dialect,
  announces: [],
  announce: () => [],
  timeouts: { first: nothing, later: nothing },
};
