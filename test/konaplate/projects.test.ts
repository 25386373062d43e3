/** A project's keys as operators give them and take them away, and what they are good for. */
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { demoMerchant } from "../support/consent.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { demoCredentials, KonaplateClient, type KonaplateCredentials } from "../support/konaplate.ts";
import { newPartner, noKey } from "../support/konaplate-members.ts";
import { operate } from "../support/merchants.ts";
import { naru, startTestNode, type TestNode } from "../support/node.ts";
import { useNode, withNode } from "../support/scenario.ts";
import { sampleOf } from "./contract.ts";

const node = useNode();
const rsa = (bits: number) =>
  generateKeyPairSync("rsa", {
    modulusLength: bits,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });

interface Project extends KonaplateCredentials {
  merchantId: string;
  /** Where its crypto keys are. */
  path: string;
}

/** A merchant with an access key, and the id by which its partners know it. */
async function newProject(): Promise<Project> {
  const { merchantId, keys, client } = await newPartner(node);
  expect(client.credentials).toEqual({
    aspId: expect.stringMatching(/^0001\d{11}$/),
    accessKey: expect.stringMatching(/^[0-9a-f]{7}-[0-9a-f]{32}$/),
    secretKey: expect.stringMatching(/^[0-9a-f]{64}$/),
    ...noKey,
  });
  return { ...client.credentials, merchantId, path: keys };
}

/** What the node makes of an encrypted request with this project's key; its answer is encrypted, if it may be. */
async function sendEncrypted(project: KonaplateCredentials) {
  const client = new KonaplateClient(node, project);
  const answer = await client.call("member", { userId: 1 }, { encrypted: true });
  return [answer.status, answer.body.response.code];
}

/** Decrypted and understood: nobody has this number. */
const understood = [400, "000_002"];
const unknownKey = [400, "000_905"];

describe("a project's crypto keys", () => {
  let project: Project;
  beforeAll(async () => {
    project = await newProject();
  });

  it("are made with the client's pair, whose private half is shown once", async () => {
    const { status, body } = await operate(node, "POST", project.path);
    expect([status, body]).toEqual([
      201,
      {
        cryptoKeyId: expect.stringMatching(/^[0-9a-f]{32}$/),
        serverPublicKey: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/),
        clientPublicKey: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/),
        clientPrivateKey: expect.stringMatching(/^-----BEGIN PRIVATE KEY-----\n/),
        createdAt: expect.any(String),
      },
    ]);
    expect(createPrivateKey(body.clientPrivateKey).asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 });
    Object.assign(project, body);
    expect(await sendEncrypted(project)).toEqual(understood);

    const { clientPrivateKey, ...listed } = body;
    expect((await node.get(`/naru/v1${project.path}`)).body).toEqual({ cryptoKeys: [listed] });
    const { rows } = await node.database.pool.query(
      "SELECT k::text || c::text AS row FROM crypto_keys k, credentials c",
    );
    const [, firstLine] = clientPrivateKey.split("\n");
    expect(JSON.stringify(rows)).not.toContain(firstLine);
    expect(JSON.stringify(rows)).not.toContain("PRIVATE KEY");
    expect(JSON.stringify(rows)).not.toContain(project.secretKey);
    const merchant = await node.get(`/naru/v1/merchants/${project.merchantId}`);
    expect(merchant.body).toMatchObject({
      credentials: expect.arrayContaining([expect.objectContaining({ settings: {} })]),
    });
    expect(JSON.stringify(merchant.body)).not.toContain("secretEncrypted");
  });

  it("need no key of the client, who is then answered in clear", async () => {
    const own = await newProject();
    const { status, body } = await operate(node, "POST", own.path, { clearAnswers: true });
    expect([status, body]).toMatchObject([201, { clientPublicKey: null }]);
    expect(body).not.toHaveProperty("clientPrivateKey");
    const client = new KonaplateClient(node, { ...own, ...body });
    const sealed = JSON.stringify({ encData: await client.encrypt(JSON.stringify(sampleOf("registerMember"))) });
    const headers = client.headersOf(sealed, { "x-km-crypto-key-id": body.cryptoKeyId }) as Record<string, string>;
    const made = await fetch(`${node.url}/api/v1/user/registration`, { method: "POST", headers, body: sealed });
    expect([made.status, made.headers.get("x-km-crypto-key-id")]).toEqual([200, null]);
    expect(await made.json()).toMatchObject({ response: { code: "000_000" } });

    const both = await operate(node, "POST", own.path, { clearAnswers: true, clientPublicKey: rsa(2048).publicKey });
    expect([both.status, both.body.error.message]).toEqual([400, expect.stringContaining("each for themselves")]);
  });

  it("may be two at once, one with a key that the client made itself, and no third", async () => {
    const { publicKey, privateKey } = rsa(2048);
    const second = await operate(node, "POST", project.path, { clientPublicKey: publicKey });
    expect(second.status).toBe(201);
    expect(second.body.clientPublicKey).toBe(publicKey);
    expect(second.body).not.toHaveProperty("clientPrivateKey");
    const { cryptoKeyId, serverPublicKey } = second.body;
    const rotated = { ...project, cryptoKeyId, serverPublicKey, clientPrivateKey: privateKey };
    expect(await sendEncrypted(rotated)).toEqual(understood);
    expect(await sendEncrypted(project)).toEqual(understood);

    const third = await operate(node, "POST", project.path);
    expect([third.status, third.body.error.code]).toEqual([409, "too-many-crypto-keys"]);

    const removed = await operate(node, "DELETE", `${project.path}/${project.cryptoKeyId}`);
    expect([removed.status, removed.body.cryptoKeys]).toMatchObject([200, [{ cryptoKeyId }]]);
    expect(await sendEncrypted(project)).toEqual(unknownKey);
    expect(await sendEncrypted(rotated)).toEqual(understood);
    const again = await operate(node, "DELETE", `${project.path}/${project.cryptoKeyId}`);
    expect([again.status, again.body.error.code]).toEqual([404, "crypto-key-unknown"]);
  });

  it("are never more than two, whoever asks at the same moment", async () => {
    const { path } = await newProject();
    const { publicKey: clientPublicKey } = rsa(2048);
    const made = await Promise.all([1, 2, 3, 4].map(() => operate(node, "POST", path, { clientPublicKey })));
    expect(made.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409]);
  });

  it("go with the access key", async () => {
    const gone = await newProject();
    Object.assign(gone, (await operate(node, "POST", gone.path)).body);
    expect(await sendEncrypted(gone)).toEqual(understood);
    const removed = await operate(node, "DELETE", `/merchants/${gone.merchantId}/credentials/${gone.accessKey}`);
    expect(removed.status).toBe(200);
    expect(await sendEncrypted(gone)).toEqual([401, "000_902"]);
    const { rows } = await node.database.pool.query("SELECT FROM crypto_keys WHERE id = $1", [gone.cryptoKeyId]);
    expect(rows).toEqual([]);
  });

  it("are nobody else's", async () => {
    const [one, other] = [await newProject(), await newProject()];
    Object.assign(one, (await operate(node, "POST", one.path)).body);
    const { cryptoKeyId, serverPublicKey, clientPrivateKey } = one;
    expect(await sendEncrypted({ ...other, cryptoKeyId, serverPublicKey, clientPrivateKey })).toEqual(unknownKey);
    const { status, body } = await operate(node, "DELETE", `${other.path}/${cryptoKeyId}`);
    expect([status, body.error.code]).toEqual([404, "crypto-key-unknown"]);
    const strange = one.path.replace(one.merchantId, other.merchantId);
    expect((await operate(node, "POST", strange)).body.error.code).toBe("credential-unknown");
    expect(await sendEncrypted(one)).toEqual(understood);
  });

  it.each([
    ["that is no PEM", "a key"],
    ["too short", rsa(1024).publicKey],
    ["of another kind", generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString()],
    ["that is private", rsa(2048).privateKey],
    ["too long", `-----BEGIN PUBLIC KEY-----\n${"A".repeat(20_000)}`],
  ])("are not made with a client's key %s", async (_, clientPublicKey) => {
    const { status, body } = await operate(node, "POST", project.path, { clientPublicKey });
    expect([status, body.error.code]).toEqual([400, "malformed"]);
    expect(body.error.message).toContain("clientPublicKey");
    expect(body.error.message).not.toContain("BEGIN");
  });

  it.each([
    ["/merchants/mer_nobody/credentials/x/crypto-keys", "merchant-unknown"],
    [`/merchants/${demoMerchant}/credentials/x/crypto-keys`, "credential-unknown"],
    // An I'mport key signs nothing.
    [`/merchants/${demoMerchant}/credentials/naru_sandbox_key/crypto-keys`, "credential-unknown"],
  ])("are not at %s", async (path, code) => {
    expect((await operate(node, "POST", path)).body.error.code).toBe(code);
    const { status, body } = await node.get<{ error: { code: string } }>(`/naru/v1${path}`);
    expect([status, body.error.code]).toEqual([404, code]);
  });

  it("of the demo stay, and a second beside it comes and goes", async () => {
    const demo = await demoCredentials(node);
    const path = `/merchants/${demoMerchant}/credentials/${demo.accessKey}`;
    const own = await operate(node, "DELETE", `${path}/crypto-keys/${demo.cryptoKeyId}`);
    expect([own.status, own.body.error.code]).toEqual([409, "demo-crypto-key"]);
    const access = await operate(node, "DELETE", path);
    expect([access.status, access.body.error.code]).toEqual([409, "demo-credential"]);
    const second = await operate(node, "POST", `${path}/crypto-keys`);
    expect(await sendEncrypted({ ...demo, ...second.body })).toEqual(understood);
    expect((await operate(node, "DELETE", `${path}/crypto-keys/${second.body.cryptoKeyId}`)).status).toBe(200);
  });

  it("are made, listed and taken away by the command too", async () => {
    const { merchantId, ...shown } = await newProject();
    const made = await naru(node, "konaplate", "keys", "--merchant", merchantId);
    const once = "naru: the client's private key is not kept: this is the only time it is shown\n";
    expect([made.code, made.stderr]).toEqual([0, once]);
    const key = JSON.parse(made.stdout);
    expect(await sendEncrypted({ ...shown, ...key })).toEqual(understood);
    const list = await naru(node, "konaplate", "keys", "list", "--merchant", merchantId);
    expect(list.stdout).toMatch(new RegExp(`^${key.cryptoKeyId} +\\d\\d-\\d\\d `, "m"));
    expect(list.stdout).not.toContain("KEY-----");
    const both = await naru(node, "konaplate", "keys", "list", "--merchant", merchantId, "--remove", key.cryptoKeyId);
    expect(both.code).toBe(1);
    const removed = await naru(node, "konaplate", "keys", "--merchant", merchantId, "--remove", key.cryptoKeyId);
    expect(removed).toEqual({ code: 0, stdout: "no crypto keys\n", stderr: "" });
    const without = await naru(
      node,
      "konaplate",
      "keys",
      "--merchant",
      merchantId,
      "--client-public-key",
      "/nowhere.pem",
    );
    expect(without).toMatchObject({ code: 1, stderr: "naru: /nowhere.pem cannot be read: ENOENT\n" });
  });

  it("have access keys that the command makes too", async () => {
    const { merchantId } = await newProject();
    const added = await naru(node, "merchants", "add-key", merchantId, "--dialect", "konaplate");
    expect(added.stderr).toBe("naru: the secrets are stored encrypted: this is the only time they are shown\n");
    const { accessKey } = JSON.parse(added.stdout).credentials.konaplate;
    const several = await naru(node, "konaplate", "keys", "--merchant", merchantId);
    expect([several.code, several.stderr]).toEqual([1, expect.stringContaining("--access-key")]);
    const named = await naru(node, "konaplate", "keys", "--merchant", merchantId, "--access-key", accessKey);
    expect(named.code).toBe(0);
  });
});

describe("the demo's project", () => {
  it("is the same for nodes that start together, and for one that starts later, with ten members who have accounts", async () => {
    const database = await createDatabase();
    const together = await Promise.all([startTestNode({ database }), startTestNode({ database })]);
    const [shown, other] = await Promise.all(together.map(demoCredentials));
    expect(other).toEqual(shown);
    const members = await membersOf(together[0]!);
    expect(members.map(({ number }) => number).sort()).toEqual(
      Array.from({ length: 10 }, (_, index) => String(50_000_104_652 + index)),
    );
    for (const member of members) {
      expect(member).toMatchObject({ balance: 0, cards: [{}], accounts: [{ purpose: "charge", state: "registered" }] });
    }
    const first = members.find(({ number }) => number === "50000104652");
    expect(first).toMatchObject({
      cards: [{ par: "Q180BEA3B2F1BBD8410336D66A4", numberMasked: "***765", expiry: "3108" }],
      accounts: [{ bankCode: "003", numberMasked: "***557" }],
    });

    // An account that was removed does not come back.
    const client = new KonaplateClient(together[0]!, shown!);
    await client.ask("remove", { userId: 50_000_104_652 });
    await Promise.all(together.map((one) => one.stop()));
    await cutOffRegistration(database, "50000104653");
    const later = await startTestNode({ database });
    expect(await demoCredentials(later)).toEqual(shown);
    const after = await membersOf(later);
    const again = after.find(({ number }) => number === "50000104653");
    expect(again).toMatchObject({ accounts: [{ purpose: "charge", state: "registered" }] });
    expect(after.find(({ number }) => number === "50000104652")).toMatchObject({ accounts: [] });
    expect(after.map(({ number }) => number)).toEqual(members.map(({ number }) => number));
    await later.expectClean();
    await later.stop();
    await database.drop();
  });

  it("is another where strangers can reach the node", async () => {
    const env = {
      NARU_HOST: "0.0.0.0",
      NARU_PUBLIC_URL: "http://127.0.0.1:0",
      NARU_OPERATOR_TOKEN: "operator-token-0001",
    };
    const authorization = `Bearer ${env.NARU_OPERATOR_TOKEN}`;
    await withNode({ env }, async (exposed) => {
      type Shown = { konaplate: KonaplateCredentials };
      const { body } = await exposed.get<Shown>("/naru/v1/sandbox/credentials", { authorization });
      const published = await demoCredentials(node);
      for (const name of ["accessKey", "secretKey", "cryptoKeyId", "serverPublicKey", "clientPrivateKey"] as const) {
        expect(body.konaplate[name]).not.toBe(published[name]);
      }
      expect(body.konaplate.aspId).toBe(published.aspId);
    });
  });
});

/** As a node leaves it that ends before the PG has heard of the registration, once the PG was asked. */
async function cutOffRegistration({ pool }: TestDatabase, number: string): Promise<void> {
  const failed = await pool.query<{ id: string; operation_id: string }>(
    `UPDATE linked_accounts SET state = 'failed', number_encrypted = NULL, holder_encrypted = NULL, registration_encrypted = NULL,
        failure = '{"code": "refused", "message": "PG사가 요청을 받지 못했습니다."}'
      WHERE member_id = (SELECT id FROM members WHERE number = $1) RETURNING id, operation_id`,
    [number],
  );
  const keys = failed.rows.map((row) => row.operation_id);
  expect(keys.length).toBe(1);
  await pool.query(
    `UPDATE events SET type = 'linked-account.failed', data = jsonb_set(data, '{state}', '"failed"')
      WHERE subject_id = $1 AND type = 'linked-account.registered'`,
    [failed.rows[0]!.id],
  );
  await pool.query("UPDATE operations SET state = 'failed' WHERE id = ANY($1)", [keys]);
  await pool.query("DELETE FROM sandbox_pg_orders WHERE key = ANY($1)", [keys]);
}

interface ShownMember {
  number: string;
  balance: number;
  cards: object[];
  accounts: object[];
}

async function membersOf(of: TestNode): Promise<ShownMember[]> {
  return (await of.get<{ members: ShownMember[] }>(`/naru/v1/merchants/${demoMerchant}/members`)).body.members;
}
