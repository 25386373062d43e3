/** Sends a webhook: one POST, no redirects, bounded in time and in what is read of the answer. */
import type { LookupFunction } from "node:net";
import type { Readable } from "node:stream";
import { Agent, request } from "undici";
import { limits } from "../core/limits.ts";
import type { AttemptOutcome, Timeouts } from "../core/webhooks/delivery.ts";
import type { Send } from "../core/webhooks/engine.ts";
import { httpLimits } from "./limits.ts";
import { type TargetPolicy, targetGuard } from "./private-addresses.ts";

export interface WebhookClient {
  send: Send;
  close(): Promise<void>;
}

export interface WebhookClientOptions extends TargetPolicy {
  /** What resolves all names, instead of the system and the name servers. */
  lookup?: LookupFunction;
  /** Name servers, as address or address:port, instead of the system's. */
  nameServers?: readonly string[];
  /** A certificate authority to trust instead of the public ones, as PEM. */
  ca?: string;
}

export function createWebhookClient({ lookup, nameServers, ca, ...policy }: WebhookClientOptions): WebhookClient {
  const guard = targetGuard(policy, lookup, nameServers);
  const agent = new Agent({
    connect: {
      timeout: httpLimits.webhook_connect_timeout_ms,
      // A connection is made to an address that this has passed; the name goes on to stand in SNI and Host.
      lookup: guard.lookup,
      ...(ca === undefined ? {} : { ca }),
    },
    maxHeaderSize: httpLimits.webhook_header_bytes,
    // Each attempt has a connection of its own: a receiver that closes a kept one just as it is used would be told of
    // nothing, and it may be told once only.
    pipelining: 0,
  });
  return {
    close: () => agent.destroy(),
    async send({ url, headers, body }, timeouts): Promise<AttemptOutcome> {
      const start = performance.now();
      const outcome = (status: number | null, error: string | null, answer: string | null): AttemptOutcome => ({
        status,
        error,
        answer,
        duration_ms: performance.now() - start,
      });
      const signal = AbortSignal.timeout(timeouts.total_ms);
      const exchange = () => {
        guard.checkHost(url);
        return request(url, {
          method: "POST",
          headers,
          body,
          dispatcher: agent,
          signal,
          headersTimeout: timeouts.read_ms,
          bodyTimeout: 0,
        });
      };
      try {
        // The signal alone does not end the wait for a connection.
        const answer = await Promise.race([exchange(), ended(signal)]);
        // It counts from here on, whatever becomes of its body.
        return outcome(answer.statusCode, null, await readBeginning(answer.body));
      } catch (error) {
        return outcome(null, describe(error as Error & { code?: string }, timeouts), null);
      }
    },
  };
}

function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

/** The first bytes of a body that come in time, as text that can be stored; then the connection is let go of. */
function readBeginning(body: Readable): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const finish = () => {
      clearTimeout(timer);
      body.destroy();
      const kept = Buffer.concat(chunks).subarray(0, limits.delivery_answer_kept_bytes);
      resolve(new TextDecoder().decode(kept).replaceAll("\0", "\uFFFD"));
    };
    const timer = setTimeout(finish, httpLimits.webhook_body_wait_ms);
    body.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= limits.delivery_answer_kept_bytes) finish();
    });
    for (const event of ["end", "error", "close"]) body.on(event, finish);
  });
}

function describe(error: Error & { code?: string }, { read_ms, total_ms }: Timeouts): string {
  if (error.name === "TimeoutError") return `TIMEOUT: no whole answer within ${total_ms} ms`;
  switch (error.code) {
    case "UND_ERR_HEADERS_TIMEOUT":
      return `TIMEOUT: no more of the answer within ${read_ms} ms`;
    case "UND_ERR_HEADERS_OVERFLOW":
      return `HEADERS_TOO_LARGE: the answer's headers have more than ${httpLimits.webhook_header_bytes} bytes`;
    default:
      return [error.code, error.message].filter(Boolean).join(": ").slice(0, 300);
  }
}
