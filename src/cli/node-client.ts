/** How commands speak to the node that is running: over its own API, as anyone at the machine could. */
import { readSettings } from "../config.ts";
import { cliLimits } from "./limits.ts";

/** The node cannot be reached, or refused. */
export class NodeError extends Error {
  /** What it answered with; undefined when it did not answer. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

type Method = "GET" | "POST" | "PATCH" | "DELETE";

export interface NodeAnswer {
  status: number;
  /** Undefined when it is no JSON. */
  body: unknown;
}

/** A request to any path of the node, whatever it answers. */
export async function reachNode(method: Method, path: string, init: RequestInit = {}): Promise<NodeAnswer> {
  const { publicUrl } = readSettings(process.env);
  try {
    const signal = AbortSignal.timeout(cliLimits.answer_timeout_ms);
    const response = await fetch(`${publicUrl}${path}`, { method, signal, ...init });
    const text = await response.text();
    return { status: response.status, body: readJson(text) };
  } catch (error) {
    throw new NodeError(`no node answers at ${publicUrl} (${reasonOf(error as Error)}); is it started?`);
  }
}

/** A call of Naru's own API; whatever is not a success is thrown. `body` is the query of a GET. */
export async function callNode<Answer>(method: Method, path: string, body: object = {}): Promise<Answer> {
  const config = readSettings(process.env);
  const token = config.operatorToken ?? (method === "GET" ? config.viewerToken : undefined);
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer =
    method === "GET"
      ? await reachNode(method, `/naru/v1${path}${queryOf(body)}`, { headers: authorization })
      : await reachNode(method, `/naru/v1${path}`, {
          headers: { ...authorization, "content-type": "application/json" },
          body: JSON.stringify(body),
        });
  if (answer.status >= 200 && answer.status < 300) return answer.body as Answer;
  const { error } = (answer.body ?? {}) as { error?: { message: string } };
  throw new NodeError(error?.message ?? `the node answered ${answer.status}`, answer.status);
}

/** The pages of a list, or of what is done by the page, one after the other until the last. */
export async function* pagesOf<Page extends { cursor: string | null }>(
  path: string,
  fields: object,
  method: "GET" | "POST" = "GET",
) {
  let after: string | null | undefined;
  do {
    const page: Page = await callNode<Page>(method, path, { ...fields, after });
    yield page;
    after = page.cursor;
  } while (after !== null);
}

function queryOf(fields: object): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.append(name, String(value));
  return query.size === 0 ? "" : `?${query}`;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch` says why in the cause. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}
