/** What the shell knows of a dialect: which paths are its own, its routes, and how it words what the shell refuses. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { CredentialSettings } from "../core/merchants/merchant.ts";
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
  /** As the dialect spells that it is JSON, if not as the shell does. */
  contentType?: string;
  /** What the dialect tells with every answer. */
  headers?: Record<string, string>;
}

/** What a client comes with, as it was just made: its secret is shown once. */
export interface NewCredential {
  key: string;
  secret: string;
  settings: CredentialSettings;
  /** The same in the dialect's own words. */
  shown: Record<string, string>;
}

/** Paths of one owner. */
export interface Mounted {
  readonly name: string;
  /**
   * Whether a path (without query) is its own, including those under it that do not exist. The first that says so
   * has it; the last has whatever nobody else has.
   */
  owns(path: string): boolean;
  routes(server: FastifyInstance): Promise<void>;
  failure(failure: HttpFailure, request: FastifyRequest | undefined): HttpAnswer;
}

export interface Dialect extends Mounted {
  /** Where `NewCredential.shown` stands among those of all dialects. */
  readonly credentialsName: string;
  /** What a merchant may set of webhooks: where they go, and which it wants; undefined where it may not. */
  readonly webhooks?: {
    readonly events: readonly string[];
    /** The address as it is called; undefined for one that the dialect does not take. */
    readUrl(text: string): string | undefined;
  };
  /**
   * Makes what one more client of a merchant comes with; a name and addresses of dialects whose clients are apps that
   * users let act for them.
   */
  newCredential(of: { merchantId: string; name: string; redirectUris: string[] }): Promise<NewCredential>;
}
