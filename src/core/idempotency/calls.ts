/** Beginning calls that count once, and letting go of those that come to nothing. */
import { newId, OutcomeUnknown, type Pool } from "../../store/index.ts";
import type { JobLog } from "../jobs.ts";
import type { Heartbeat } from "../nodes.ts";
import type { Secrets } from "../secrets.ts";
import { type Call, callKeyOf } from "./call-key.ts";
import { releaseCall } from "./commands.ts";
import type { BeginRequest, BeginResult } from "./decide.ts";
import { type AnsweredCall, answerPlace, type Lease } from "./idempotent-call.ts";

export type BegunCall =
  | Exclude<BeginResult, { kind: "replay" }>
  /** The text that was sent, byte for byte. */
  | { kind: "replay"; status: number; answer: string };

export class IdempotentCalls {
  readonly #begin: (request: BeginRequest) => Promise<BeginResult>;
  readonly #answer: (answered: AnsweredCall) => Promise<boolean>;
  readonly #pool: Pool;
  readonly #secrets: Secrets;
  readonly #heartbeat: Heartbeat;
  readonly #log: JobLog;
  /** Leases that this node has given up and the database may still have; no more than there were calls under way. */
  readonly #leftOver = new Set<Lease>();

  constructor(
    begin: (request: BeginRequest) => Promise<BeginResult>,
    answer: (answered: AnsweredCall) => Promise<boolean>,
    pool: Pool,
    secrets: Secrets,
    heartbeat: Heartbeat,
    log: JobLog,
  ) {
    this.#begin = begin;
    this.#answer = answer;
    this.#pool = pool;
    this.#secrets = secrets;
    this.#heartbeat = heartbeat;
    this.#log = log;
  }

  /**
   * Takes the call's key, or tells what has become of the call that has it. Whoever is given a lease has the change commit
   * what it makes of the call, and calls `release` unless it was answered.
   */
  async begin(call: Call): Promise<BegunCall> {
    if (!this.#heartbeat.isBeating) throw new Error("a call was begun at a node that others take for dead");
    const key = callKeyOf(this.#secrets, call);
    const request = { ...key, leaseNode: this.#heartbeat.node, leaseId: newId("lease") };
    const begun = await this.#begin(request).catch((error) => {
      const { id: callId, merchantId, leaseId } = request;
      if (error instanceof OutcomeUnknown) this.#leftOver.add({ callId, merchantId, leaseId });
      throw error;
    });
    if (begun.kind !== "replay") return begun;
    const { kind, status, answerEncrypted } = begun;
    return { kind, status, answer: this.#secrets.decrypt(answerEncrypted, answerPlace(key.id, key.merchantId)) };
  }

  /** Answers a call that was resumed; false when another has taken it over meanwhile. */
  answer(answered: AnsweredCall): Promise<boolean> {
    return this.#answer(answered);
  }

  /**
   * Lets go of a call that was refused or failed: the key is free, or, where something was made, whoever calls again
   * resumes it. Harmless when it was answered. Does not fail: what cannot be let go of now is later.
   */
  async release(lease: Lease): Promise<void> {
    try {
      await releaseCall(this.#pool, lease);
    } catch (error) {
      this.#log.warn({ err: error, call: lease.callId }, "a call could not be let go of and will be");
      this.#leftOver.add(lease);
    }
  }

  /** Lets go of what could not be let go of before. A node that dies first has let go too. */
  async releaseLeftOver(): Promise<void> {
    for (const lease of this.#leftOver) {
      await releaseCall(this.#pool, lease);
      this.#leftOver.delete(lease);
    }
  }
}
