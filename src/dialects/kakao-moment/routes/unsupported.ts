/** The parts of Kakao Moment that Naru does not have: known, so that a caller is told so in Kakao's way. */
import type { FastifyInstance } from "fastify";
import type { Core } from "../../../core/index.ts";
import { errors } from "../errors.ts";
import { failure, mount } from "./call.ts";

const methods = ["GET", "POST", "PUT", "DELETE"] as const;

/** Campaigns, ad groups, creatives, reports, messages: whatever else stands under these. */
const families = ["/openapi/v4/*", "/openapi/message/*"];

/** Named, since it would be taken for the number of an ad account. */
const trackers = "/openapi/v4/adAccounts/trackers";

export function mountUnsupported(server: FastifyInstance, core: Core): void {
  for (const method of methods) {
    for (const url of families) {
      mount(server, core, {}, { method, url, summary: "", hidden: true }, ({ params }) =>
        failure(errors.unsupported(`[${method} ${params["*"]}]`)),
      );
    }
  }
  mount(server, core, {}, { method: "GET", url: trackers, summary: "", hidden: true }, () =>
    failure(errors.unsupported("[GET adAccounts/trackers]")),
  );
  // The older list, which the newer by pages has replaced.
  const list = { method: "GET", url: "/openapi/v4/adAccounts", summary: "", hidden: true } as const;
  mount(server, core, {}, list, () => failure(errors.discontinued));
}
