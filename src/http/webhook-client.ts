/** Sends a webhook: one POST, no redirects, bounded in time and in what is read of the answer. */
import { Agent, request } from "undici";
import { limits } from "../core/limits.ts";
import type { AttemptOutcome } from "../core/webhooks/delivery.ts";
import type { Send } from "../core/webhooks/engine.ts";
import { httpLimits } from "./limits.ts";
import { publicLookup, refusePrivateHost } from "./private-addresses.ts";

export interface WebhookClient {
  send: Send;
  close(): Promise<void>;
}

/** `allowPrivate`: only where whoever names the address sits at this machine. */
export function createWebhookClient(options: { allowPrivate: boolean }): WebhookClient {
  const { allowPrivate } = options;
  const agent = new Agent({
    connect: {
      timeout: httpLimits.webhook_connect_timeout_ms,
      ...(allowPrivate ? {} : { lookup: publicLookup }),
    },
  });
  return {
    close: () => agent.destroy(),
    async send({ url, headers, body }, { read_ms, total_ms }): Promise<AttemptOutcome> {
      const start = performance.now();
      const outcome = (status: number | null, error: string | null, answer: string | null): AttemptOutcome => ({
        status,
        error,
        answer,
        duration_ms: performance.now() - start,
      });
      try {
        if (!allowPrivate) refusePrivateHost(url);
        const signal = AbortSignal.timeout(total_ms);
        const timeouts = { headersTimeout: read_ms, bodyTimeout: read_ms, signal };
        const answer = await request(url, { method: "POST", headers, body, dispatcher: agent, ...timeouts });
        const kept = await readBeginning(answer.body);
        return outcome(answer.statusCode, null, kept);
      } catch (error) {
        return outcome(null, describe(error as Error & { code?: string }), null);
      }
    },
  };
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

function describe(error: Error & { code?: string }): string {
  return [error.code, error.message].filter(Boolean).join(": ").slice(0, 300);
}
