/** Sends a webhook: one POST, no redirects, bounded in time and in what is read of the answer. */
import type { LookupFunction } from "node:net";
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
  /** Instead of the system's resolver. */
  lookup?: LookupFunction;
  /** A certificate authority to trust instead of the public ones, as PEM. */
  ca?: string;
}

export function createWebhookClient({ lookup, ca, ...policy }: WebhookClientOptions): WebhookClient {
  const guard = targetGuard(policy, lookup);
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
      const exchange = async () => {
        guard.checkHost(url);
        const answer = await request(url, {
          method: "POST",
          headers,
          body,
          dispatcher: agent,
          signal,
          headersTimeout: timeouts.read_ms,
          bodyTimeout: timeouts.read_ms,
        });
        return outcome(answer.statusCode, null, await readBeginning(answer.body));
      };
      try {
        // The signal alone does not end the wait for a connection.
        return await Promise.race([exchange(), ended(signal)]);
      } catch (error) {
        return outcome(null, describe(error as Error & { code?: string }, timeouts), null);
      }
    },
  };
}

function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

/** The first bytes of an answer, as text that can be stored; the rest is not waited for. */
async function readBeginning(body: AsyncIterable<Buffer> & { destroy(): void }): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= limits.delivery_answer_kept_bytes) break;
  }
  const kept = Buffer.concat(chunks).subarray(0, limits.delivery_answer_kept_bytes);
  return new TextDecoder().decode(kept).replaceAll("\0", "\uFFFD");
}

function describe(error: Error & { code?: string }, { read_ms, total_ms }: Timeouts): string {
  if (error.name === "TimeoutError") return `TIMEOUT: no whole answer within ${total_ms} ms`;
  switch (error.code) {
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT":
      return `TIMEOUT: no more of the answer within ${read_ms} ms`;
    case "UND_ERR_HEADERS_OVERFLOW":
      return `HEADERS_TOO_LARGE: the answer's headers have more than ${httpLimits.webhook_header_bytes} bytes`;
    default:
      return [error.code, error.message].filter(Boolean).join(": ").slice(0, 300);
  }
}
