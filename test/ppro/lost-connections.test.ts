/** Calls that come with a key, and whose node loses its connections to the database; then they come again, to it or another. */
import { describe, expect, inject, it } from "vitest";
import { eventually } from "../support/client.ts";
import { anyFate, startCommitProxy, through } from "../support/commit-proxy.ts";
import { startTestNode } from "../support/node.ts";
import { type PproAnswer, PproClient } from "../support/ppro.ts";
import { freshSeed, type Random, randomFrom } from "../support/random.ts";
import { keyedCalls } from "./keyed-calls.ts";
import {
  atSite,
  countMade,
  countUsual,
  expectReplay,
  type Keyed,
  make,
  prepare,
  type Site,
  settings,
  settle,
  takeOver,
} from "./site.ts";

const timeout = 180_000;

/** A node that reaches the database by way of a proxy, as long as that lets it. */
async function startBehindProxy({ database, closing }: Site, watch?: (message: Buffer) => boolean) {
  const proxy = await startCommitProxy(inject("postgres"), watch);
  closing.push(() => proxy.close());
  const node = await startTestNode({ database: { ...database, url: through(proxy, database.url) }, env: settings });
  closing.push(() => node.stop());
  return { proxy, client: new PproClient(node) };
}

/** Again and again, as clients do. */
async function insist(client: () => PproClient, call: Keyed, about: string): Promise<PproAnswer> {
  return eventually(async () => {
    const answer = await make(client(), call);
    if (answer.status !== 200) expect([409, 504], `${about}: ${answer.text}`).toContain(answer.status);
    return answer.status === 200 && answer;
  }, 40_000);
}

describe("a call is made once", () => {
  it.concurrent("whatever becomes of the connections by which it is committed", { timeout }, async () => {
    await atSite(async (site) => {
      const seed = freshSeed();
      const random = randomFrom(seed);
      const about = `seed ${seed}`;
      const names = keyedCalls().flatMap(({ name }) => [name, name, name, name]);
      const expected = await countUsual(site, names);
      const { proxy, client } = await startBehindProxy(site);
      const clients = [site.shop, client];
      proxy.fate = () => anyFate(random);
      const answered: [Keyed, PproAnswer][] = [];
      const work = async (chance: Random) => {
        for (let name = names.pop(); name !== undefined; name = names.pop()) {
          const call = await prepare(site, name);
          answered.push([call, await insist(() => chance.pick(clients), call, about)]);
        }
      };
      await Promise.all(Array.from({ length: 6 }, () => work(randomFrom(random.below(2 ** 31)))));
      proxy.fate = () => ({ kind: "pass" });
      expect(proxy.cuts, about).toBeGreaterThan(10);
      await settle(site, "what is late");
      for (const [call, answer] of answered) {
        for (const one of clients) await expectReplay(one, call, answer);
      }
      expect(await countMade(site), about).toEqual(expected);
    });
  });

  it.concurrent("though its node cannot reach the database to let go of it", { timeout }, async () => {
    await atSite(async (site) => {
      const names = ["a refund", "a capture", "a charge that the provider is asked about at once"];
      const expected = await countUsual(site, [...names, ...names]);
      // Every key is taken; then, as its call is to be made, nothing comes through any more.
      const { proxy, client } = await startBehindProxy(site, (message) => message.includes("lock-calls"));
      proxy.fate = () => ({ kind: "stuck" });
      const taken = await Promise.all(names.map((name) => prepare(site, name)));
      const left = await Promise.all(names.map((name) => prepare(site, name)));

      const answers = [...taken, ...left].map((call) => make(client, call));
      await eventually(async () => {
        const { rows } = await site.database.pool.query("SELECT id FROM idempotent_calls WHERE subject_id IS NULL");
        return rows.length === answers.length && proxy.kept >= names.length;
      });
      proxy.unreachable = true;
      for (const answer of await Promise.all(answers)) expect(answer.status, answer.text).toBe(504);
      const others: PproAnswer[] = [];
      for (const call of taken) others.push(await takeOver(site.shop, call));

      proxy.fate = () => ({ kind: "pass" });
      proxy.unreachable = false;
      for (const [index, call] of taken.entries()) {
        expect((await insist(() => client, call, call.name)).text).toBe(others[index]!.text);
      }
      for (const call of left) await expectReplay(site.shop, call, await insist(() => client, call, call.name));
      expect(await countMade(site)).toEqual(expected);
    });
  });
});
