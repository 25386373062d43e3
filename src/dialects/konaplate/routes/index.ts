/** Wire -> command -> wire, one file per noun. */
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mountAccounts } from "./accounts.ts";
import { mountCards } from "./cards.ts";
import { mountCharges } from "./charges.ts";
import { mountHistory } from "./history.ts";
import { mountMembers } from "./members.ts";

/** What an access key is for. */
export function mountCalls(server: FastifyInstance, context: Context): void {
  for (const mountOf of [mountAccounts, mountMembers, mountCards, mountCharges, mountHistory]) mountOf(server, context);
}
