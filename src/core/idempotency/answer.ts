/** The command that answers a call whose change was made before, by a node that did not live to answer it. */
import { type CoreCommand, WorkingState } from "../command.ts";
import { lockCalls } from "./commands.ts";
import type { AnsweredCall } from "./idempotent-call.ts";

/** Answers whether the call was still whose lease this is. */
export const answerCall: CoreCommand<AnsweredCall, boolean> = {
  name: "answer-call",

  async load(tx, requests) {
    const state = new WorkingState();
    state.heldCalls = await lockCalls(
      tx,
      requests.map(({ lease }) => lease),
    );
    return state;
  },

  decide(state, request) {
    const isHeld = state.holdsCall(request.lease);
    return { result: isHeld, changes: isHeld ? { calls: [request] } : {} };
  },
};
