/** Wire -> command -> wire, one file per noun. */
import type { FastifyInstance } from "fastify";
import type { Core } from "../../../core/index.ts";
import { mountCancel } from "./cancel.ts";
import { mountCodes } from "./codes.ts";
import { mountPayments } from "./payments.ts";
import { mountPrepare } from "./prepare.ts";
import { mountReceipts } from "./receipts.ts";
import { mountTokens } from "./tokens.ts";
import { mountUnsupported } from "./unsupported.ts";
import { mountVbanks } from "./vbanks.ts";

export function mountRoutes(server: FastifyInstance, core: Core): void {
  for (const mountOf of [
    mountTokens,
    mountVbanks,
    mountPayments,
    mountCancel,
    mountPrepare,
    mountReceipts,
    mountCodes,
    mountUnsupported,
  ]) {
    mountOf(server, core);
  }
}
