/** A project changes its crypto key while it works: two keys are good at once, and no call fails on the way. */
import { beforeAll, describe, expect, it } from "vitest";
import { KonaplateClient } from "../support/konaplate.ts";
import { newPartner, type Partner, personFields, withKey } from "../support/konaplate-members.ts";
import { operate } from "../support/merchants.ts";
import { startTestNode } from "../support/node.ts";
import { useNode } from "../support/scenario.ts";

const node = useNode();

/** A client goes by one crypto key. */
interface Project extends Partner {
  userId: number;
  makeKey(): Promise<KonaplateClient>;
}

async function newProject(): Promise<Project> {
  const partner = await newPartner(node);
  const { userId } = await partner.client.ask("registerMember", personFields(), { encrypted: false });
  return { ...partner, userId, makeKey: () => withKey(node, partner) };
}

async function removeKey({ keys }: Project, { credentials }: KonaplateClient): Promise<void> {
  expect((await operate(node, "DELETE", `${keys}/${credentials.cryptoKeyId}`)).status).toBe(200);
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
  let first: KonaplateClient;

  beforeAll(async () => {
    project = await newProject();
    first = await project.makeKey();
  });

  it("changes its key without a call that fails", async () => {
    let client = first;
    let calls = 0;
    let isDone = false;
    const working = (async () => {
      for (; !isDone; calls += 1) await works(client, project);
    })();
    const second = await project.makeKey();
    await works(second, project);
    const before = calls;
    client = second;
    await expect.poll(() => calls).toBeGreaterThan(before + 2);
    await removeKey(project, first);
    const after = calls;
    await expect.poll(() => calls).toBeGreaterThan(after + 2);
    isDone = true;
    await working;
    expect(await codeOf(first, project)).toBe("000_905");
    first = second;
  });

  it("has for each key a server's and a client's of its own", async () => {
    const second = await project.makeKey();
    await Promise.all([first, second].map((client) => works(client, project)));
    const { serverPublicKey, clientPrivateKey } = second.credentials;
    const crossed = new KonaplateClient(node, { ...first.credentials, serverPublicKey });
    expect(await codeOf(crossed, project)).toBe("000_906");
    // What is answered under the one is not read with the other.
    const other = new KonaplateClient(node, { ...first.credentials, clientPrivateKey });
    await expect(other.call("member", { userId: project.userId })).rejects.toThrow(/decryption/);
    await removeKey(project, second);
  });

  it("has its keys at other nodes, and has them no more once they are removed", async () => {
    const other = await startTestNode({ database: node.database });
    try {
      const second = await project.makeKey();
      const there = new KonaplateClient(other, second.credentials);
      await works(there, project);
      await removeKey(project, second);
      expect(await codeOf(second, project)).toBe("000_905");
      // Another node may trust for a while what it has read.
      await expect.poll(() => codeOf(there, project), { timeout: 15_000 }).toBe("000_905");
    } finally {
      await other.stop();
    }
  });
});
