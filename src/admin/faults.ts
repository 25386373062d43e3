/** Sandbox mode only: arming and disarming faults. */
import type { FastifyInstance } from "fastify";
import { type Faults, isFault, faults as known, readArming, unknownFault } from "../connectors/sandbox/index.ts";
import { fail } from "./errors.ts";
import { reader } from "./requests.ts";
import { FaultRequest } from "./schemas.ts";

const readFault = reader(FaultRequest);

export function mountFaults(server: FastifyInstance, faults: Faults): void {
  const tags = ["Naru sandbox"];
  const armed = async () => ({ faults: await faults.armed() });

  server.get("/faults", { schema: { tags, summary: "The faults that are armed, and those there are" } }, async () => ({
    ...(await armed()),
    known: known.map(({ name, about, ...kind }) => ({
      fault: name,
      about,
      delay_s: "delay_s" in kind ? kind.delay_s : null,
      codes: "codes" in kind ? kind.codes : null,
    })),
  }));

  server.post(
    "/faults",
    { schema: { tags, summary: "Make the next calls go wrong, or each with a chance", body: FaultRequest } },
    async (request, reply) => {
      const arming = readArming(readFault(request.body));
      if ("wrong" in arming) return fail(reply, 400, "fault-refused", arming.wrong);
      await faults.arm(arming);
      return armed();
    },
  );

  server.delete("/faults", { schema: { tags, summary: "Disarm all faults" } }, async () => {
    await faults.disarmAll();
    return armed();
  });

  server.delete<{ Params: { fault: string } }>(
    "/faults/:fault",
    { schema: { tags, summary: "Disarm one fault" } },
    async (request, reply) => {
      const { fault } = request.params;
      if (!isFault(fault)) return fail(reply, 404, "fault-unknown", unknownFault(fault));
      await faults.disarm(fault);
      return armed();
    },
  );
}
