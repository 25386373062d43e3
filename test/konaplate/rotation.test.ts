/** A project changes its crypto key while it works: two keys are good at once, and no call fails on the way. */
import { beforeAll, describe, expect, it } from "vitest";
import { KonaplateClient, type KonaplateCredentials } from "../support/konaplate.ts";
import { personFields } from "../support/konaplate-members.ts";
import { operate } from "../support/merchants.ts";
import { startTestNode } from "../support/node.ts";
import { useNode } from "../support/scenario.ts";

const node = useNode();

type Key = Pick<KonaplateCredentials, "cryptoKeyId" | "serverPublicKey" | "clientPrivateKey">;

/** A merchant's project with a member, and no crypto key yet. */
interface Project {
  keys: string;
  userId: number;
  clientWith(key: Key, at?: typeof node): KonaplateClient;
}

async function newProject(): Promise<Project> {
  const { merchant } = (await operate(node, "POST", "/merchants", { name: "코나 상점" })).body;
  const made = await operate(node, "POST", `/merchants/${merchant.id}/credentials`, { dialect: "konaplate" });
  expect(made.status).toBe(201);
  const { konaplate } = made.body.credentials;
  const none = { cryptoKeyId: "", serverPublicKey: "", clientPrivateKey: "" };
  const clear = new KonaplateClient(node, { ...konaplate, ...none });
  const { userId } = await clear.ask("registerMember", personFields(), {
    encrypted: false,
    headers: { "x-km-crypto-key-id": undefined },
  });
  return {
    keys: `/merchants/${merchant.id}/credentials/${konaplate.accessKey}/crypto-keys`,
    userId,
    clientWith: (key, at = node) => new KonaplateClient(at, { ...konaplate, ...key }),
  };
}

async function makeKey({ keys }: Project): Promise<Key> {
  const { status, body } = await operate(node, "POST", keys);
  if (status !== 201) throw new Error(`no key was made: ${JSON.stringify(body)}`);
  return body;
}

async function removeKey({ keys }: Project, { cryptoKeyId }: Key): Promise<void> {
  expect((await operate(node, "DELETE", `${keys}/${cryptoKeyId}`)).status).toBe(200);
}

/** An encrypted request whose answer is encrypted: it is read with the key that it names, or this fails. */
async function works(client: KonaplateClient, { userId }: Project): Promise<void> {
  const answer = await client.call("member", { userId });
  expect([answer.status, answer.wasEncrypted]).toEqual([200, true]);
}

async function codeOf(client: KonaplateClient, { userId }: Project): Promise<string> {
  return (await client.call("member", { userId })).body.response.code;
}

describe("a project", () => {
  let project: Project;
  let first: Key;

  beforeAll(async () => {
    project = await newProject();
    first = await makeKey(project);
  });

  it("changes its key without a call that fails", async () => {
    let client = project.clientWith(first);
    let calls = 0;
    let isDone = false;
    const working = (async () => {
      for (; !isDone; calls += 1) await works(client, project);
    })();
    const second = await makeKey(project);
    await works(project.clientWith(second), project);
    const before = calls;
    client = project.clientWith(second);
    await expect.poll(() => calls).toBeGreaterThan(before + 2);
    await removeKey(project, first);
    const after = calls;
    await expect.poll(() => calls).toBeGreaterThan(after + 2);
    isDone = true;
    await working;
    expect(await codeOf(project.clientWith(first), project)).toBe("000_905");
    first = second;
  });

  it("has for each key a server's and a client's of its own", async () => {
    const second = await makeKey(project);
    await Promise.all([first, second].map((key) => works(project.clientWith(key), project)));
    const crossed = project.clientWith({ ...first, serverPublicKey: second.serverPublicKey });
    expect(await codeOf(crossed, project)).toBe("000_906");
    // What is answered under the one is not read with the other.
    const other = project.clientWith({ ...first, clientPrivateKey: second.clientPrivateKey });
    await expect(other.call("member", { userId: project.userId })).rejects.toThrow(/decryption/);
    await removeKey(project, second);
  });

  it("has its keys at other nodes, and has them no more once they are removed", async () => {
    const other = await startTestNode({ database: node.database });
    try {
      const second = await makeKey(project);
      const there = project.clientWith(second, other);
      await works(there, project);
      await removeKey(project, second);
      expect(await codeOf(project.clientWith(second), project)).toBe("000_905");
      // Another node may trust for a while what it has read.
      await expect.poll(() => codeOf(there, project), { timeout: 15_000 }).toBe("000_905");
    } finally {
      await other.stop();
    }
  });
});
