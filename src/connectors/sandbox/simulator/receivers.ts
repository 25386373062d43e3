/**
 * Shops that misbehave when they are told of something. The shop is really called; what is made up is what Naru sees of
 * its answer. A shop that did not answer by itself is left alone.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { AttemptOutcome, Timeouts } from "../../../core/webhooks/delivery.ts";
import type { Send } from "../../../core/webhooks/engine.ts";
import type { Faults } from "./faults.ts";

/** An attempt lasts no longer than its sender waits. */
export function misbehavingReceivers(send: Send, faults: Pick<Faults, "take">): Send {
  return async (delivery, timeouts) => {
    const began_ms = performance.now();
    const outcome = await send(delivery, timeouts);
    if (outcome.status === null) return outcome;
    if ((await faults.take("webhook-500")) !== undefined) return { ...outcome, status: 500 };

    const lasted_ms = () => performance.now() - began_ms;
    const left_ms = (delay_s: number) => Math.min(delay_s * 1000, patienceOf(timeouts) - lasted_ms());
    const unanswered = await faults.take("webhook-unanswered");
    if (unanswered !== undefined) {
      await wait(left_ms(unanswered.delay_s));
      return timedOut(lasted_ms());
    }
    const slow = await faults.take("webhook-slow");
    if (slow === undefined) return outcome;
    const held_ms = left_ms(slow.delay_s);
    await wait(held_ms);
    return held_ms < slow.delay_s * 1000 ? timedOut(lasted_ms()) : { ...outcome, duration_ms: lasted_ms() };
  };
}

/** A receiver that says nothing ends the waiting for a byte, and whatever it does the attempt as a whole. */
function patienceOf({ read_ms, total_ms }: Timeouts): number {
  return Math.min(read_ms, total_ms);
}

function timedOut(duration_ms: number): AttemptOutcome {
  const error = `TIMEOUT: no more of the answer within ${Math.round(duration_ms)} ms`;
  return { status: null, error, answer: null, duration_ms };
}

/** Keeps no ending node waiting. */
async function wait(time_ms: number): Promise<void> {
  await pause(Math.max(0, time_ms), undefined, { ref: false });
}
