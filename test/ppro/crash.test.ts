/**
 * Calls that come with a key, and whose node is killed or paused at any of their commits; then they come again, to
 * another. The first commit takes the key, the second makes what is asked or says that it will be made, the third is the
 * wallet's own, the fourth has what the wallet said.
 */
import { describe, expect, inject, it } from "vitest";
import { eventually } from "../support/client.ts";
import { type CommitProxy, startCommitProxy, through } from "../support/commit-proxy.ts";
import { environment, startChildNode } from "../support/node.ts";
import { type PproAnswer, type PproBody, PproClient } from "../support/ppro.ts";
import {
  atSite,
  countMade,
  countUsual,
  expectReplay,
  isReplay,
  type Keyed,
  make,
  prepare,
  type Site,
  settings,
  settle,
  takeOver,
  underWay,
} from "./site.ts";

const timeout = 180_000;

/** A node that reaches the database by way of a proxy. */
interface Victim {
  client: PproClient;
  proxy: CommitProxy;
  signal(signal: NodeJS.Signals): void;
}

async function newVictim({ database, closing }: Site, timeout_ms = 60_000): Promise<Victim> {
  const proxy = await startCommitProxy(inject("postgres"));
  closing.push(() => proxy.close());
  const node = await startChildNode({
    ...environment(database),
    ...settings,
    NARU_PG_TIMEOUT_MS: String(timeout_ms),
    // Each call that is held up occupies one.
    NARU_BATCH_LANES: "10",
    DATABASE_URL: through(proxy, database.url),
  });
  closing.push(() => node.kill());
  return { client: new PproClient(node), proxy, signal: (signal) => node.child.kill(signal) };
}

/** Where a call is held up: before the database hears of this commit, or before the node hears that it is done. */
type Place = readonly [name: string, commit: number, fate: "stuck" | "unheard"];

interface Held extends Keyed {
  about: string;
  /** Undefined if its node does not live to answer it. */
  answer: Promise<PproAnswer | undefined>;
}

async function holdUp(site: Site, { client, proxy }: Victim, places: readonly Place[]): Promise<Held[]> {
  const prepared = await Promise.all(places.map(([name]) => prepare(site, name)));
  const held: Held[] = [];
  for (const [index, [name, commit, fate]] of places.entries()) {
    let seen = 0;
    proxy.fate = () => {
      seen += 1;
      return { kind: seen === commit ? fate : "pass" };
    };
    const about = `${name}, commit ${commit} ${fate}`;
    const answer = make(client, prepared[index]!).catch(() => undefined);
    await eventually(async () => proxy.kept > index).catch(() => {
      throw new Error(`not held up: ${about}`);
    });
    held.push({ ...prepared[index]!, about, answer });
  }
  proxy.fate = () => ({ kind: "pass" });
  return held;
}

/** What the call made, as it is now; where that is not shown, what it was done to. */
async function look(shop: PproClient, { path }: Keyed, { body: { id = "" } }: PproAnswer): Promise<PproBody> {
  const [prefix] = id.split("_");
  const own = { charge: "payment-charges", agr: "payment-agreements", instr: "payment-instruments" }[String(prefix)];
  const isShown = path.startsWith("/v1/payment-charges/") && prefix !== "discard";
  const place = own !== undefined ? `/v1/${own}/${id}` : isShown ? `${path}/${id}` : path.split("/", 4).join("/");
  return (await shop.call("GET", place)).body;
}

const statusOf = ({ body }: PproAnswer): string | undefined => body.status ?? body.agreementStatus;

const asked = "a charge that the consumer is asked about";
const atOnce = "a charge that the provider is asked about at once";
const confirmation = "a confirmation of a charge";
const agreement = "an agreement that the provider is asked about at once";
const askedAgreement = "an agreement that the consumer is asked about";
const [waits, processing] = ["AUTHENTICATION_PENDING", "AUTHORIZATION_PROCESSING"];

/** Whether it is begun anew, brought to its end or known to be answered; what is said then, and what becomes of it. */
type Killed = readonly [...Place, how: "anew" | "resumed" | "replayed", said: string, becomes: string];

const killed: readonly Killed[] = [
  [asked, 1, "unheard", "anew", waits, waits],
  [asked, 2, "unheard", "replayed", waits, waits],
  [atOnce, 1, "unheard", "anew", "CAPTURED", "CAPTURED"],
  [atOnce, 2, "unheard", "resumed", processing, "DISCARDED"],
  [atOnce, 3, "unheard", "resumed", processing, "CAPTURED"],
  [atOnce, 4, "unheard", "replayed", "CAPTURED", "CAPTURED"],
  [confirmation, 2, "unheard", "resumed", "PROVIDER_CONFIRMATION_PENDING", "FAILED"],
  [confirmation, 3, "unheard", "resumed", "PROVIDER_CONFIRMATION_PENDING", "AUTHORIZED"],
  [confirmation, 4, "unheard", "replayed", "AUTHORIZED", "AUTHORIZED"],
  ["a capture", 1, "unheard", "anew", "CAPTURED", "CAPTURED"],
  ["a capture", 2, "unheard", "replayed", "CAPTURED", "CAPTURED"],
  ["a void", 2, "stuck", "anew", "VOIDED", "VOIDED"],
  ["a void", 2, "unheard", "replayed", "VOIDED", "VOIDED"],
  ["a refund", 1, "unheard", "anew", "REFUNDED", "REFUNDED"],
  ["a refund", 2, "unheard", "resumed", "PENDING", "FAILED"],
  ["a refund", 3, "unheard", "resumed", "PENDING", "REFUNDED"],
  ["a refund", 4, "unheard", "replayed", "REFUNDED", "REFUNDED"],
  ["a discard", 2, "unheard", "replayed", "DISCARDED", "DISCARDED"],
  [askedAgreement, 2, "unheard", "replayed", waits, waits],
  [agreement, 2, "unheard", "resumed", processing, "FAILED"],
  [agreement, 3, "unheard", "resumed", processing, "ACTIVE"],
  [agreement, 4, "unheard", "replayed", "ACTIVE", "ACTIVE"],
  ["a confirmation of an agreement", 3, "unheard", "resumed", processing, "ACTIVE"],
  ["a charge under an agreement", 3, "unheard", "resumed", processing, "CAPTURED"],
  ["a revocation", 2, "unheard", "replayed", "REVOKED", "REVOKED_BY_MERCHANT"],
  // The last, since it keeps the merchant's balance from everybody else.
  ["a refund", 4, "stuck", "resumed", "PENDING", "REFUNDED"],
];

/** What the other says meanwhile, undefined where it has to wait; what the node says at last; what becomes of it. */
type Paused = readonly [...Place, said: string | undefined, late: string | undefined, becomes: string];

const paused: readonly Paused[] = [
  [asked, 1, "unheard", waits, undefined, waits],
  // The database does not let a node sit on what it locked for long; the other would have its turn then.
  ["a void", 2, "stuck", undefined, "VOIDED", "VOIDED"],
  [asked, 2, "unheard", waits, waits, waits],
  [atOnce, 2, "unheard", processing, "CAPTURED", "CAPTURED"],
  ["a capture", 1, "unheard", "CAPTURED", undefined, "CAPTURED"],
  ["a refund", 1, "unheard", "REFUNDED", undefined, "REFUNDED"],
  ["a refund", 2, "unheard", "PENDING", "REFUNDED", "REFUNDED"],
  ["a refund", 3, "unheard", "PENDING", "REFUNDED", "REFUNDED"],
];

describe("a call is made once, wherever it comes again, when its node", () => {
  it("is killed at any of its commits", { timeout }, async () => {
    await atSite(async (site) => {
      const { shop } = site;
      const expected = await countUsual(
        site,
        killed.map(([name]) => name),
      );
      const victim = await newVictim(site);
      const held = await holdUp(
        site,
        victim,
        killed.map(([name, commit, fate]) => [name, commit, fate] as const),
      );
      victim.signal("SIGKILL");
      for (const { about, answer } of held) expect(await answer, about).toBeUndefined();

      const answers: PproAnswer[] = [];
      for (const [index, one] of held.entries()) {
        const [, , , how, said] = killed[index]!;
        const answer = await takeOver(shop, one);
        const told = [answer.status, statusOf(answer), isReplay(answer)];
        expect(told, one.about).toEqual([200, said, how === "replayed"]);
        answers.push(answer);
      }
      await settle(site, "all");
      for (const [index, one] of held.entries()) {
        await expectReplay(shop, one, answers[index]!);
        expect((await look(shop, one, answers[index]!)).status, one.about).toBe(killed[index]![5]);
      }
      expect(await countMade(site)).toEqual(expected);
    });
  });

  it.concurrent("is paused until it is taken for dead, and then goes on", { timeout }, async () => {
    await atSite(async (site) => {
      const { shop } = site;
      const expected = await countUsual(
        site,
        paused.map(([name]) => name),
      );
      const victim = await newVictim(site);
      const held = await holdUp(
        site,
        victim,
        paused.map(([name, commit, fate]) => [name, commit, fate] as const),
      );
      victim.signal("SIGSTOP");
      const answers: (PproAnswer | undefined)[] = [];
      for (const [index, one] of held.entries()) {
        const said = paused[index]![3];
        const answer = said === undefined ? await make(shop, one) : await takeOver(shop, one);
        const told = said === undefined ? [409, underWay] : [200, said];
        expect([answer.status, answer.body.failureMessage ?? answer.body.status], one.about).toEqual(told);
        answers.push(said === undefined ? undefined : answer);
      }
      victim.proxy.release();
      victim.signal("SIGCONT");
      for (const [index, one] of held.entries()) {
        const late = (await one.answer)!;
        const told = paused[index]![4];
        expect([late.status, late.body.failureMessage ?? late.body.status], one.about).toEqual(
          told === undefined ? [409, underWay] : [200, told],
        );
        const kept = answers[index] ?? late;
        for (const client of [shop, victim.client]) await expectReplay(client, one, kept);
        expect((await look(shop, one, kept)).status, one.about).toBe(paused[index]![5]);
      }
      expect(await countMade(site)).toEqual(expected);
    });
  });

  it.concurrent("goes on after the wallet was asked in vain: its order comes too late", { timeout }, async () => {
    await atSite(async (site) => {
      const { shop } = site;
      const victim = await newVictim(site, 1_000);
      const held = await holdUp(site, victim, [
        ["a refund", 2, "unheard"],
        [atOnce, 2, "unheard"],
      ]);
      const [refund, charge] = held as [Held, Held];
      victim.signal("SIGSTOP");
      const answers = [await takeOver(shop, refund), await takeOver(shop, charge)] as const;
      await settle(site, "what is late");
      const of = { refund: await look(shop, refund, answers[0]), charge: await look(shop, charge, answers[1]) };
      expect([of.refund.status, of.charge.status]).toEqual(["FAILED", "DISCARDED"]);
      expect(of.refund.failure).toMatchObject({
        failureType: "PROVIDER_ERROR",
        failureCode: "UNRESPONSIVE_PROVIDER",
        failureMessage: "The provider did not receive the order",
      });
      const all = await shop.call("POST", refund.path, { body: { amount: 15_000 } });
      expect(all.body.status).toBe("REFUNDED");

      victim.proxy.release();
      victim.signal("SIGCONT");
      for (const [index, one] of held.entries()) {
        const late = (await one.answer)!;
        expect([late.status, late.body.status], one.about).toEqual([200, index === 0 ? "FAILED" : "DISCARDED"]);
        for (const client of [shop, victim.client]) await expectReplay(client, one, answers[index]!);
      }
      const { rows } = await site.database.pool.query(
        "SELECT kind, amount FROM sandbox_wallet_orders ORDER BY made_at",
      );
      expect(rows).toEqual([
        { kind: "authorization", amount: 15_000 },
        { kind: "refund", amount: 15_000 },
      ]);
    });
  });
});
