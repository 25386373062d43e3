/** Sandbox mode only: the PG's calls to members, whom an operator can stand in for. */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { CallRefusal, SandboxBank } from "../connectors/sandbox/index.ts";
import { fail } from "./errors.ts";
import { reader } from "./requests.ts";
import { ArsAnswerRequest } from "./schemas.ts";

const readAnswer = reader(ArsAnswerRequest);

export function mountArsCalls(server: FastifyInstance, bank: SandboxBank): void {
  const tags = ["Naru sandbox"];

  server.get(
    "/ars-calls",
    { schema: { tags, summary: "The calls to members that ring, by business time" } },
    async () => ({
      calls: await bank.ringingCalls(),
    }),
  );

  server.post<{ Params: { id: string } }>(
    "/ars-calls/:id",
    {
      schema: {
        tags,
        summary: "Answer a call that rings, in the member's place",
        description: "Members answer by themselves after two seconds; arm `ars-held` to have time.",
        body: ArsAnswerRequest,
      },
    },
    async (request, reply) => {
      const { answer } = readAnswer(request.body);
      const { id } = request.params;
      const answered = await bank.answerCall(id, answer);
      return answered.ok ? { id, answer, answeredAt: answered.value.decidesAt } : refuse(reply, answered.refusal);
    },
  );
}

function refuse(reply: FastifyReply, { code, id }: CallRefusal) {
  return code === "call-unknown"
    ? fail(reply, 404, code, `there is no call ${id}`)
    : fail(reply, 409, code, `the call ${id} is over`);
}
