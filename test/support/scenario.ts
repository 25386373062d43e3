/** What the scenarios of a file share: a node that lives as long as the file, and others beside it. */
import { afterAll, beforeAll } from "vitest";
import { Client } from "./client.ts";
import { type NodeOptions, startTestNode, type TestNode } from "./node.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

/** A node for the whole file; in the end its invariants hold. Nothing of it is there before the first test runs. */
export function useNode(options?: NodeOptions): TestNode {
  let node: TestNode | undefined;
  beforeAll(async () => {
    node = await startTestNode(options);
  });
  afterAll(async () => {
    try {
      await node?.expectClean();
    } finally {
      await node?.stop();
    }
  });
  return later(() => node);
}

/** A shop's webhook receiver for the whole file. */
export function useReceiver(): Receiver {
  let receiver: Receiver | undefined;
  beforeAll(async () => {
    receiver = await startReceiver();
  });
  afterAll(() => receiver?.close());
  return later(() => receiver);
}

/** A node of its own for one scenario, whose invariants hold in the end. */
export async function withNode(
  options: NodeOptions | undefined,
  scenario: (node: TestNode) => Promise<void>,
): Promise<void> {
  const node = await startTestNode(options);
  try {
    await scenario(node);
    await node.expectClean();
  } finally {
    await node.stop();
  }
}

/** A client of another merchant on the same node, which has the demo merchant's channels and nothing else. */
export async function otherMerchant(node: TestNode): Promise<Client> {
  const made = await node.post<MerchantAnswer>("/naru/v1/merchants", { name: "Other Shop" });
  if (made.status !== 201) throw new Error(`no merchant was made: ${JSON.stringify(made.body)}`);
  return clientOf(node, made.body);
}

export interface MerchantAnswer {
  merchant: { id: string };
  credentials: { iamport: { impKey: string; impSecret: string; inicisApiKey?: string } };
}

/** A client that comes with the credentials that were just made. */
export function clientOf(node: TestNode, { credentials }: MerchantAnswer): Client {
  const { impKey, impSecret } = credentials.iamport;
  return new Client(node.url, { imp_key: impKey, imp_secret: impSecret });
}

/** Stands for what `find` will give once it is there. */
function later<Value extends object>(find: () => Value | undefined): Value {
  const found = (): Value => {
    const value = find();
    if (value === undefined) throw new Error("this is there only while tests run");
    return value;
  };
  return new Proxy({} as Value, {
    get(_, key) {
      const value = found();
      const property = Reflect.get(value, key, value);
      return typeof property === "function" ? property.bind(value) : property;
    },
    set: (_, key, property) => Reflect.set(found(), key, property),
  });
}
