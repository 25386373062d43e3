/** What the shell knows of a dialect: which paths are its own, its routes, and how it words what the shell refuses. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Announcer } from "../core/index.ts";
import type { BodyProblem } from "./body.ts";

/** What went wrong before or outside a route. `status` is the one that plain HTTP would use. */
export interface HttpFailure {
  kind:
    | "not-found"
    | "malformed"
    | "too-large"
    | "unsupported-media-type"
    | "wrong-host"
    | "cross-site"
    | "overloaded"
    | "unavailable"
    | "defect";
  status: number;
  /** What was wrong with a malformed request, for its author. */
  detail: string;
  problem?: BodyProblem | undefined;
  /** Of a body that is too large: how many it may have. */
  bytes_max?: number;
}

export interface HttpAnswer {
  status: number;
  body: unknown;
}

export interface Dialect {
  readonly name: string;
  /**
   * Whether a path (without query) is this dialect's, including those under it that do not exist. The first that says so
   * has it; the last has whatever nobody else has.
   */
  owns(path: string): boolean;
  routes(server: FastifyInstance): Promise<void>;
  failure(failure: HttpFailure, request: FastifyRequest | undefined): HttpAnswer;
  readonly announcer?: Announcer;
}
