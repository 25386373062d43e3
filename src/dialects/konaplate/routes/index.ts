/** Wire -> command -> wire, one file per noun. */
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mountAccounts } from "./accounts.ts";
import { mountCards } from "./cards.ts";
import { mountCharges } from "./charges.ts";
import { mountHistory } from "./history.ts";
import { mountMembers } from "./members.ts";
import { mountUnsupported } from "./unsupported.ts";

const mounts = [mountAccounts, mountMembers, mountCards, mountCharges, mountHistory, mountUnsupported];

/** What an access key is for. */
export function mountCalls(server: FastifyInstance, context: Context): void {
  for (const mountOf of mounts) mountOf(server, context);
}
