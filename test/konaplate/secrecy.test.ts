/**
 * Of members, their accounts and cards, and of what clients show: nothing is in clear where it is kept or logged. One node
 * has its tables dumped, every column as text; another has the files of its database searched byte by byte.
 */
import { readdirSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Client } from "../support/client.ts";
import type { TestDatabase } from "../support/database.ts";
import { KonaplateClient } from "../support/konaplate.ts";
import {
  accountFieldsOf,
  cancelling,
  charging,
  holderOf,
  link,
  newAccount,
  newMember,
  type OwnAccount,
  register,
  resultOf,
  settled,
  statusOf,
  type TestMember,
  tokenOf,
  tryCancel,
  tryCharge,
} from "../support/konaplate-members.ts";
import { startChildNode } from "../support/node.ts";
import { useNode } from "../support/scenario.ts";
import { people, publishedCard } from "./contract.ts";

const timeout = 120_000;

const password = "908172";
const loginId = "login-of-nobody-else";
const mobileNumber = "01098760123";
const email = "nobody-else@naru.example";
const ci = "CI0987654321".repeat(8).slice(0, 88);
const address = "나루로 9876길 54-3";

interface Shown {
  /** What may be found nowhere, by what it is. */
  secrets: Map<string, string>;
  /** What may be found, so that the search is seen to find. */
  nrNumber: string;
}

/** Every way in which a secret, an account or a card reaches a node, rightly and wrongly. */
async function useSecrets(node: Client): Promise<Shown> {
  const client = await KonaplateClient.of(node);
  const fields = {
    loginId,
    loginPassword: password,
    mobileNumber,
    email,
    ci,
    addressInfo: { address, zipCode: "04524" },
  };
  const member = await newMember(client, fields);
  await client.call("registerMember", { ...fields, userName: "박나루", birthDate: "1990", gender: "Female" });
  await client.call("registerMember", { ...fields, userName: 7, nationality: "Korean" }, { encrypted: false });

  const wrong = newAccount("003");
  const nobodys = newAccount("000");
  const looked = newAccount();
  await client.call("checkHolder", { ...looked, userName: "아무개", birthDate: "19900101" });
  await client.call("checkHolder", { ...nobodys, userName: "아무개", birthDate: "19900101" });
  await client.call("sendWon", { bankAccount: looked.bankAccount, bankCode: looked.bankCode });
  await client.call("sendWon", { bankAccount: nobodys.bankAccount, bankCode: nobodys.bankCode });
  const refused = await register(client, member, { ...wrong });
  expect(refused).toMatch(/^002_01/);
  const { bankAccRegNo } = await client.ask("register", accountFieldsOf(member));
  await statusOf(client, bankAccRegNo);
  await settled(client, bankAccRegNo);
  await link(client, member);
  await client.ask("info", { userId: member.userId });
  await client.ask("inquiry", { userId: member.userId });

  const shown = await tokenOf(client, member);
  const fieldsOfCharge = await charging(client, member, 20_000, { ...shown });
  const { nrNumber } = await client.ask("charge", fieldsOfCharge);
  await resultOf(client, String(fieldsOfCharge.sequenceId));
  const second = await tokenOf(client, member);
  await tryCancel(client, member, { nrNumber: "KMNnothing" }, { ...second });
  const wrongly = await tokenOf(client, member);
  await tryCharge(client, member, 1_000, { ...wrongly, dcvv: wrongly.dcvv === "000" ? "001" : "000" });
  const third = await tokenOf(client, member, "CREDIT");
  const cancel = await cancelling(client, member, { nrNumber }, { ...third });
  await client.ask("cancel", cancel);
  await resultOf(client, String(cancel.sequenceId));
  await client.ask("virtualAccount", { cardNo: member.cardNo });
  await client.ask("cards", { userId: member.userId, physicalCardNo: member.cardNo }).catch(() => {});
  await client.call("cardOwner", { cardNo: "9491339999999999" });

  // What is refused before it is understood.
  const headers = client.headersOf("");
  const broken = `{"bankAccount":"${member.account.bankAccount}","cardNo":"${member.cardNo}`;
  await client.send("/api/v1/bankaccounts/ars/register", broken, client.headersOf(broken));
  await client.send("/api/v1/bankaccounts/ars/register", broken, headers);
  await client.send(
    `/api/v1/nowhere/${member.cardNo}?account=${member.account.bankAccount}`,
    "{}",
    client.headersOf("{}"),
  );

  const other = await replaced(client, member);
  return {
    nrNumber,
    secrets: new Map([
      ["a card's number", member.cardNo],
      ["a member's account", member.account.bankAccount],
      ["an account that was replaced and removed", other.bankAccount],
      ["an account whose registration was refused", wrong.bankAccount],
      ["an account that was sent a won", looked.bankAccount],
      ["an account that nobody has", nobodys.bankAccount],
      ["a card that nobody has", "9491339999999999"],
      ["the published card", publishedCard.cardNo],
      ...people.map((one): [string, string] => [`the account of ${one.userName}`, one.bankAccount]),
      ["a token that was used", shown.oneTimeToken],
      ["a token that was used in vain", second.oneTimeToken],
      ["a token with another code", wrongly.oneTimeToken],
      ["a token of a cancellation", third.oneTimeToken],
      ["a login name", loginId],
      ["a telephone number", mobileNumber],
      ["an e-mail address", email],
      ["a CI", ci],
      ["an address", address],
      ["the secret key", client.credentials.secretKey],
      ["the client's private key", client.credentials.clientPrivateKey.split("\n")[1]!],
    ]),
  };
}

/** Links another account, and removes it. */
async function replaced(client: KonaplateClient, member: TestMember): Promise<OwnAccount> {
  const account = newAccount();
  await link(client, member, { ...account, userName: await holderOf(client.node, account) });
  await client.ask("remove", { userId: member.userId });
  return account;
}

/** Six digits on their own: neither a part of a longer number nor of a second. */
const passwordAlone = new RegExp(`(?<![\\d.])${password}(?!\\d)`);
/** A code of three digits, as JSON or in words. */
const codeNamed = /dcvv\\?["']?\s*[:=]\s*\\?["']?\d{3}\b|authNumber\\?["']?\s*[:=]\s*\\?["']?\d{2}\b/;

describe("in a database", () => {
  const lines: string[] = [];
  const node = useNode({ onLog: (line) => lines.push(line) });
  let shown: Shown;
  let tables: Map<string, string>;

  beforeAll(async () => {
    shown = await useSecrets(node);
    tables = await dumped(node.database);
  }, timeout);

  const where = (needle: string) => [...tables].filter(([, text]) => text.includes(needle)).map(([name]) => name);
  const log = () => lines.join("");

  it("what is no secret is found by this search", () => {
    expect(tables.size).toBeGreaterThan(30);
    expect(where(shown.nrNumber)).toContain("payments");
    expect(where("/api/v1/recharges/by-bank-accounts/no-hce")).toContain("exchanges");
    expect(where(publishedCard.par)).toContain("cards");
    expect(log()).toContain("/api/v1/recharges/by-bank-accounts/no-hce");
  });

  it("no secret, account or card is in a table or in the log", () => {
    for (const [about, secret] of shown.secrets) {
      expect(secret.length, about).toBeGreaterThan(9);
      expect([about, where(secret), log().includes(secret)]).toEqual([about, [], false]);
      // Columns of bytes are dumped as their digits.
      expect([about, where(Buffer.from(secret).toString("hex"))]).toEqual([about, []]);
      expect([about, where(Buffer.from(secret).toString("base64").replace(/=+$/, ""))]).toEqual([about, []]);
    }
  });

  it("no password and no code is in a table or in the log", () => {
    for (const [name, text] of [...tables, ["the log", log()] as const]) {
      expect([name, passwordAlone.test(text), codeNamed.exec(text)?.[0]]).toEqual([name, false, undefined]);
    }
  });

  it("nothing that was removed is left to be decrypted", async () => {
    const { rows } = await node.database.pool.query(
      `SELECT count(*) AS n, count(number_encrypted) AS numbers, count(holder_encrypted) AS holders
        FROM linked_accounts WHERE state IN ('replaced', 'deleted')`,
    );
    expect(rows[0]).toMatchObject({ numbers: 0, holders: 0 });
    expect(rows[0].n).toBeGreaterThanOrEqual(2);
  });
});

/** Every table, each of its columns as text. */
async function dumped({ pool }: TestDatabase): Promise<Map<string, string>> {
  const { rows } = await pool.query<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
  );
  const all = new Map<string, string>();
  for (const { name } of rows) {
    const { rows: texts } = await pool.query<{ text: string }>(`SELECT one::text AS text FROM ${name} AS one`);
    all.set(name, texts.map(({ text }) => text).join("\n"));
  }
  return all;
}

describe("in the files of a database", () => {
  let dataDir: string;
  let shown: Shown;
  let log: string;
  let files: { path: string; content: Buffer }[];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "naru-secrecy-"));
    await chmod(dataDir, 0o755);
    const node = await startChildNode({
      NARU_DATA_DIR: dataDir,
      NARU_PORT: "0",
      NARU_LOG_LEVEL: "trace",
      NARU_MASTER_KEY: "b1c2d3e4f5a60718".repeat(4),
    });
    try {
      shown = await useSecrets(node);
    } finally {
      await node.end();
    }
    log = node.logged();
    files = readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => ({ path: path.slice(dataDir.length), content: readFileSync(path) }));
  }, timeout);
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  const where = (needle: string) => files.filter(({ content }) => content.includes(needle)).map(({ path }) => path);

  it("what is no secret is found by this search, in tables and in the write-ahead log", () => {
    const found = where(shown.nrNumber);
    expect(found.some((path) => path.includes("/base/"))).toBe(true);
    expect(found.some((path) => path.includes("/pg_wal/"))).toBe(true);
    expect(log.length).toBeGreaterThan(1_000);
  });

  it("no secret, account or card is in a file or in what the process wrote", () => {
    for (const [about, secret] of shown.secrets) {
      expect([about, where(secret), log.includes(secret)]).toEqual([about, [], false]);
    }
    expect([passwordAlone.test(log), codeNamed.exec(log)?.[0]]).toEqual([false, undefined]);
  });
});
