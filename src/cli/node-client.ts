/** How commands speak to the node that is running: over its own API, as anyone at the machine could. */
import { readConfig } from "../config.ts";

/** The node cannot be reached, or refused. */
export class NodeError extends Error {}

const timeout_ms = 30_000;

export async function callNode<Answer>(method: "GET" | "POST", path: string, body?: object): Promise<Answer> {
  const config = readConfig(process.env);
  const token = config.operatorToken ?? (method === "GET" ? config.viewerToken : undefined);
  let response: Response;
  try {
    response = await fetch(`${config.publicUrl}/naru/v1${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(method === "POST" ? { "content-type": "application/json" } : {}),
      },
      ...(method === "POST" ? { body: JSON.stringify(body ?? {}) } : {}),
      signal: AbortSignal.timeout(timeout_ms),
    });
  } catch (error) {
    throw new NodeError(`no node answers at ${config.publicUrl} (${(error as Error).message}); is it started?`);
  }
  const answer = (await response.json().catch(() => ({}))) as Answer & { error?: { message: string } };
  if (response.ok) return answer;
  throw new NodeError(answer.error?.message ?? `the node answered ${response.status}`);
}

export function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
