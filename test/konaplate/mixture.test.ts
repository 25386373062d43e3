/**
 * Members who charge, cancel and are paid at two nodes, while the PG refuses, loses, answers late and tells twice: in the end
 * each balance is what became of its requests, at the PG, in the history and in the books.
 */
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { settle } from "../ppro/site.ts";
import { eventually } from "../support/client.ts";
import { type KonaplateAnswer, KonaplateClient, type WideFields } from "../support/konaplate.ts";
import {
  balanceOf,
  cancelling,
  charging,
  newLinkedMember,
  resultOf,
  type TestMember,
} from "../support/konaplate-members.ts";
import { startTestNode } from "../support/node.ts";
import { freshSeed, randomFrom } from "../support/random.ts";
import { withNode } from "../support/scenario.ts";
import type { Api } from "./contract.ts";

const seed = freshSeed();
const about = `seed ${seed}`;
const test_ms = 180_000;
const env = { NARU_PG_TIMEOUT_MS: "1000" };
const rounds = 12;

/** A request that was sent, perhaps more than once. */
interface Sent {
  api: Extract<Api, "charge" | "cancel">;
  member: TestMember;
  fields: WideFields;
  /** What it would move. */
  amount: number;
  answers: KonaplateAnswer[];
}

it("no won is drawn, given back or shown that was not asked for", { timeout: test_ms }, async () => {
  const random = randomFrom(seed);
  await withNode({ env }, async (node) => {
    const other = await startTestNode({ database: node.database, env });
    try {
      const client = await KonaplateClient.of(node);
      const clients = [client, new KonaplateClient(other, client.credentials)];
      const members = [];
      for (let index = 0; index < 3; index += 1) members.push(await newLinkedMember(client));
      const faults = [
        { fault: "withdrawal-refused", chance: 0.15 },
        { fault: "withdrawal-timeout-before", chance: 0.1 },
        { fault: "withdrawal-timeout-after", chance: 0.15 },
        { fault: "withdrawal-late", chance: 0.15, delay_s: 1 },
        { fault: "refund-refused", chance: 0.15 },
        { fault: "refund-timeout-after", chance: 0.15 },
        { fault: "refund-notice-first", chance: 0.2 },
        { fault: "notice-duplicated", chance: 0.3 },
      ];
      for (const { fault, ...how } of faults) await node.arm(fault, { seed, ...how });

      const sent: Sent[] = [];
      const deposits = new Map<TestMember, number>(members.map((member) => [member, 0]));
      const send = async ({ api, fields, answers }: Sent) => {
        // Each comes twice or thrice, at any node, at any moment.
        const copies = Array.from({ length: random.between(1, 3) }, async () => {
          await pause(random.below(30));
          return random.pick(clients).call(api, fields);
        });
        answers.push(...(await Promise.all(copies)));
      };
      for (let round = 0; round < rounds; round += 1) {
        const member = random.pick(members);
        const amount = 1_000 * random.between(1, 50);
        const made = sent.filter((one) => one.api === "charge" && one.member === member && isTaken(one));
        const news: Sent[] = [
          { api: "charge", member, fields: await charging(client, member, amount), amount, answers: [] },
        ];
        if (made.length > 0 && random.below(2) === 0) {
          const charged = random.pick(made);
          const { nrNumber } = charged.answers.find(({ status }) => status === 200)!.body;
          const fields = await cancelling(client, member, { nrNumber });
          news.push({ api: "cancel", member, fields, amount: -charged.amount, answers: [] });
        }
        sent.push(...news);
        await Promise.all(news.map(send));
        if (random.below(3) === 0) {
          const { accountNo, bankCode } = await client.ask("virtualAccount", { cardNo: member.cardNo });
          await node.deposit(accountNo, { bankCode, amount });
          deposits.set(member, deposits.get(member)! + amount);
        }
        await node.moveClock("PT1S");
      }
      await node.disarm();
      await node.moveClock("PT10S");
      await settle(node, "all");

      for (const member of members) {
        let expected = deposits.get(member)!;
        for (const one of sent.filter((request) => request.member === member)) {
          const says = isTaken(one) ? await resultOf(client, one.fields.sequenceId, 60_000) : "refused";
          if (says === "COMPLETED") expected += one.amount;
          // What is answered is one thing, however often it is asked.
          const numbers = new Set(one.answers.filter(({ status }) => status === 200).map(({ body }) => body.nrNumber));
          expect(numbers.size, about).toBeLessThanOrEqual(1);
        }
        await eventually(async () => (await balanceOf(client, member)) === expected, 20_000).catch(async () => {
          throw new Error(`${about}: the balance is ${await balanceOf(client, member)} and not ${expected}`);
        });
        const { transactionInfo } = await client.ask("history", {
          par: member.par,
          startDate: "20000101",
          endDate: "21991231",
          pageRequest: { page: 0, pageSize: 100, sort: "approvalDateTime", orderByDirection: "ASC" },
        });
        let balance = 0;
        for (const { balanceBefore, balanceAfter } of transactionInfo) {
          expect(balanceBefore, about).toBe(balance);
          balance = balanceAfter;
        }
        expect(balance, about).toBe(expected);
      }
    } finally {
      await other.stop();
    }
  });
});

/** Whether a request was ever answered as one that is made. */
function isTaken({ answers }: Sent): boolean {
  return answers.some(({ status }) => status === 200);
}
