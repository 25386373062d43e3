/**
 * The same at the same moment, at two nodes; and nodes that are killed in the middle of a charge. No won is drawn, given back
 * or lost twice.
 */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { settle } from "../ppro/site.ts";
import { eventually } from "../support/client.ts";
import { startCommitProxy, through } from "../support/commit-proxy.ts";
import { createDatabase } from "../support/database.ts";
import { type KonaplateAnswer, KonaplateClient, type WideFields } from "../support/konaplate.ts";
import {
  accountFieldsOf,
  balanceOf,
  cancelling,
  charge,
  charging,
  holderOf,
  link,
  newAccount,
  newLinkedMember,
  newMember,
  newSequenceId,
  personFields,
  resultOf,
  settled,
  statusOf,
  type TestMember,
  tokenOf,
} from "../support/konaplate-members.ts";
import { environment, startChildNode, startTestNode, type TestNode } from "../support/node.ts";
import { freshSeed, randomFrom } from "../support/random.ts";
import { useNode } from "../support/scenario.ts";
import type { Api } from "./contract.ts";

const seed = freshSeed();
const random = randomFrom(seed);
const about = `seed ${seed}`;
const test_ms = 60_000;
const env = { NARU_PG_TIMEOUT_MS: "3000" };
const node = useNode({ env });
let other: TestNode;
let client: KonaplateClient;
/** The same partner, at two nodes. */
let clients: [KonaplateClient, KonaplateClient];

beforeAll(async () => {
  other = await startTestNode({ database: node.database, env });
  client = await KonaplateClient.of(node);
  clients = [client, new KonaplateClient(other, client.credentials)];
});
afterAll(() => other.stop());

/** All at once; each at one of the nodes, and most a moment later, so that any may be first. */
function atOnce(api: Api, requests: readonly WideFields[]): Promise<KonaplateAnswer[]> {
  return Promise.all(
    requests.map(async (fields) => {
      await pause(random.below(15));
      return random.pick(clients).call(api, fields);
    }),
  );
}

const codeOf = ({ body }: KonaplateAnswer): string => body.response.code;
const taken = (answers: readonly KonaplateAnswer[]) => answers.filter((answer) => codeOf(answer) === "000_000");
const times = <Value>(count: number, value: Value): Value[] => Array.from({ length: count }, () => value);

/** What the PG drew for a member, and what it gave back, by its own records. */
async function drawn(member: TestMember): Promise<number> {
  const { rows } = await node.database.pool.query(
    `SELECT coalesce(sum(o.amount), 0)::bigint AS drawn FROM withdrawals w JOIN members m ON m.id = w.member_id
      JOIN sandbox_pg_orders o ON o.key = w.operation_id WHERE m.number = $1 AND o.declined IS NULL`,
    [String(member.userId)],
  );
  return Number(rows[0].drawn);
}

describe("at two nodes at once", () => {
  it("the same charge is one charge", async () => {
    const member = await newLinkedMember(client);
    const request = await charging(client, member, 5_000);
    const answers = await atOnce("charge", times(20, request));
    expect(answers.map(codeOf), about).toEqual(times(20, "000_000"));
    expect(new Set(answers.map(({ body }) => body.nrNumber)).size, about).toBe(1);
    expect(await resultOf(client, String(request.sequenceId))).toBe("COMPLETED");
    expect([await balanceOf(client, member), await drawn(member)]).toEqual([5_000, 5_000]);
  });

  it("of charges that have one name and differ, one is made", async () => {
    const member = await newLinkedMember(client);
    const sequenceId = newSequenceId();
    const requests = await Promise.all(
      [1_000, 2_000, 3_000, 4_000].map((amount) => charging(client, member, amount, { sequenceId })),
    );
    const answers = await atOnce("charge", requests);
    expect(taken(answers), about).toHaveLength(1);
    expect(answers.filter((answer) => codeOf(answer) === "000_002")).toHaveLength(3);
    expect(await resultOf(client, sequenceId)).toBe("COMPLETED");
    const amount = requests[answers.findIndex((answer) => codeOf(answer) === "000_000")]!.amount;
    expect([await balanceOf(client, member), await drawn(member)], about).toEqual([amount, amount]);
  });

  it("a token is used once", async () => {
    const member = await newLinkedMember(client);
    const shown = await tokenOf(client, member);
    const requests = await Promise.all(times(12, 0).map(() => charging(client, member, 1_000, { ...shown })));
    const answers = await atOnce("charge", requests);
    expect(taken(answers), about).toHaveLength(1);
    expect(answers.filter((answer) => codeOf(answer) === "000_002")).toHaveLength(11);
    expect([await balanceOf(client, member), await drawn(member)]).toEqual([1_000, 1_000]);
  });

  it(
    "a token is used once by a charge and a cancellation",
    async () => {
      const member = await newLinkedMember(client);
      for (let round = 0; round < 6; round += 1) {
        const before = await charge(client, member, 1_000);
        const balance = await balanceOf(client, member);
        const shown = await tokenOf(client, member);
        const [made, cancelled] = await Promise.all([
          clients[0].call("charge", await charging(client, member, 500, { ...shown })),
          clients[1].call("cancel", await cancelling(client, member, before, { ...shown })),
        ]);
        expect([codeOf(made!), codeOf(cancelled!)].sort(), about).toEqual(["000_000", "000_002"]);
        const moved = codeOf(made!) === "000_000" ? 500 : -1_000;
        expect(await balanceOf(client, member), about).toBe(balance + moved);
      }
    },
    test_ms,
  );

  it("charges fill a balance up to its limit and no further", async () => {
    const member = await newLinkedMember(client);
    const requests = await Promise.all(times(12, 300_000).map((amount) => charging(client, member, amount)));
    const answers = await atOnce("charge", requests);
    expect(taken(answers), about).toHaveLength(6);
    expect(answers.filter((answer) => codeOf(answer) === "007_003")).toHaveLength(6);
    expect([await balanceOf(client, member), await drawn(member)]).toEqual([1_800_000, 1_800_000]);
  });

  it("a charge is taken back once, whatever the requests are called", async () => {
    const member = await newLinkedMember(client);
    await charge(client, member, 50_000);
    const charged = await charge(client, member, 7_000);
    const requests = await Promise.all(times(8, 0).map(() => cancelling(client, member, charged)));
    const answers = await atOnce("cancel", [...requests, ...requests]);
    const names = new Set(
      [...requests, ...requests]
        .filter((_, index) => codeOf(answers[index]!) === "000_000")
        .map(({ sequenceId }) => sequenceId),
    );
    expect(names.size, about).toBe(1);
    const [name] = [...names];
    expect(await resultOf(client, name)).toBe("COMPLETED");
    for (const answer of answers.filter((one) => codeOf(one) !== "000_000")) {
      expect(codeOf(answer), about).toBe("007_030");
    }
    expect(await balanceOf(client, member)).toBe(50_000);
    const { rows } = await node.database.pool.query(
      `SELECT count(*) AS n FROM refunds r JOIN withdrawals w ON w.payment_id = r.payment_id
        JOIN members m ON m.id = w.member_id WHERE m.number = $1`,
      [String(member.userId)],
    );
    expect(Number(rows[0].n)).toBe(1);
  });

  it("of registrations of one member one begins", async () => {
    const member = await newMember(client);
    await client.ask("arsCode", { userId: member.userId });
    const accounts = times(10, 0).map(() => newAccount());
    const answers = await atOnce(
      "register",
      await Promise.all(
        accounts.map(async (account) => ({
          ...accountFieldsOf(member),
          ...account,
          userName: await holderOf(node, account),
        })),
      ),
    );
    expect(taken(answers), about).toHaveLength(1);
    expect(answers.filter((answer) => codeOf(answer) === "002_013")).toHaveLength(9);
    expect(await settled(client, taken(answers)[0]!.body.bankAccRegNo)).toBe("BANK_ACC_REGISTERED");
    const { accountInfo } = await client.ask("info", { userId: member.userId });
    const chosen = accounts[answers.findIndex((answer) => codeOf(answer) === "000_000")]!;
    expect(accountInfo.bankAccount).toBe(chosen.bankAccount);
  });

  it("of removals one removes, and a charge beside them is made or refused", async () => {
    const member = await newLinkedMember(client);
    const request = await charging(client, member, 1_000);
    const [made, ...removals] = await Promise.all([
      clients[0].call("charge", request),
      ...times(4, 0).map(() => random.pick(clients).call("remove", { userId: member.userId })),
    ]);
    expect(taken(removals), about).toHaveLength(1);
    expect(["000_000", "007_001"]).toContain(codeOf(made!));
    const charged = codeOf(made!) === "000_000" ? 1_000 : 0;
    await eventually(async () => (await balanceOf(client, member)) === charged);
    expect(await drawn(member)).toBe(charged);
  });

  it("a login name is given to one member", async () => {
    const { loginId } = personFields();
    const answers = await atOnce(
      "registerMember",
      times(10, 0).map(() => ({ ...personFields(), loginId })),
    );
    expect(taken(answers), about).toHaveLength(1);
    expect(answers.filter((answer) => codeOf(answer) === "001_001")).toHaveLength(9);
  });

  it("members get numbers and cards of their own", async () => {
    const answers = await atOnce(
      "registerMember",
      times(40, 0).map(() => personFields()),
    );
    const all = taken(answers).map(({ body }) => body);
    expect(all).toHaveLength(40);
    for (const distinct of [
      all.map(({ userId }) => userId),
      all.map(({ basicCardInfo }) => basicCardInfo.cardNo),
      all.map(({ basicCardInfo }) => basicCardInfo.par),
    ]) {
      expect(new Set(distinct).size).toBe(40);
    }
  });

  it("charges and cancellations of one member come out as if one had come after another", async () => {
    const member = await newLinkedMember(client);
    const charged = [];
    for (let index = 0; index < 4; index += 1) charged.push(await charge(client, member, 10_000 * (index + 1)));
    const cancels = await Promise.all(charged.map((one) => cancelling(client, member, one)));
    const charges = await Promise.all([1_000, 2_000, 4_000].map((amount) => charging(client, member, amount)));
    const [back, made] = await Promise.all([atOnce("cancel", cancels), atOnce("charge", charges)]);
    expect([...back, ...made].map(codeOf), about).toEqual(times(7, "000_000"));
    for (const { sequenceId } of [...cancels, ...charges]) expect(await resultOf(client, sequenceId)).toBe("COMPLETED");
    expect(await balanceOf(client, member)).toBe(7_000);
  });

  it(
    "a registration is told of by an answer, a notice and asking, and registers once",
    async () => {
      const members = await Promise.all(times(4, 0).map(() => newMember(client)));
      await node.arm("registration-timeout-after", 2);
      const begun = [];
      for (const member of members) {
        await client.ask("arsCode", { userId: member.userId });
        begun.push((await client.ask("register", accountFieldsOf(member))).bankAccRegNo);
      }
      await node.moveClock("PT3S");
      for (const regNo of begun) {
        await eventually(async () => (await statusOf(clients[1], regNo)).body.status === "BANK_ACC_REGISTERED", 40_000);
      }
      for (const member of members) await charge(client, member, 1_000);
    },
    test_ms,
  );
});

describe("of which the PG does not answer", () => {
  it.each([
    ["withdrawal-timeout-before", "FAILED", 0],
    ["withdrawal-timeout-after", "COMPLETED", 6_000],
  ] as const)(
    "a charge, by %s, is pending until asking shows it %s",
    async (fault, becomes, balance) => {
      const member = await newLinkedMember(client);
      const request = await charging(client, member, 6_000);
      await node.arm(fault);
      const answer = await client.ask("charge", request);
      expect(answer.isPending).toBe(true);
      expect(await client.ask("result", { sequenceId: request.sequenceId })).toMatchObject({ result: "PENDING" });
      expect(await balanceOf(client, member)).toBe(0);
      await settle(node, "all");
      expect(await resultOf(client, request.sequenceId)).toBe(becomes);
      expect([await balanceOf(client, member), await drawn(member)]).toEqual([balance, balance]);
    },
    test_ms,
  );

  it("a charge that the PG decides later is completed by its notice", async () => {
    const member = await newLinkedMember(client);
    const request = await charging(client, member, 6_000);
    await node.arm("withdrawal-late", { count: 1, delay_s: 60 });
    expect((await client.ask("charge", request)).isPending).toBe(true);
    await node.moveClock("PT1M");
    expect(await resultOf(client, request.sequenceId)).toBe("COMPLETED");
    expect(await balanceOf(client, member)).toBe(6_000);
  });
});

/** At which commit a node is when it is killed, and whether the database has heard of that commit. */
type Place = readonly [api: "charge" | "cancel", commit: number, fate: "stuck" | "unheard"];

/**
 * A charge commits its intent, the PG its own record, and the charge its outcome; so does a cancellation. The last keeps the
 * balance of the PG from everybody else.
 */
const places: readonly Place[] = [
  ["charge", 1, "stuck"],
  ["charge", 1, "unheard"],
  ["charge", 2, "unheard"],
  ["charge", 3, "unheard"],
  ["cancel", 1, "unheard"],
  ["cancel", 2, "unheard"],
  ["cancel", 3, "unheard"],
  ["charge", 3, "stuck"],
];

describe("when a node is killed in the middle of", () => {
  it("charges and cancellations, each is made once or not at all, and is made when it comes again", {
    timeout: 180_000,
  }, async () => {
    const database = await createDatabase();
    const survivor = await startTestNode({ database });
    const proxy = await startCommitProxy(inject("postgres"));
    const victim = await startChildNode({
      ...environment(database),
      NARU_PG_TIMEOUT_MS: "60000",
      NARU_BATCH_LANES: "10",
      DATABASE_URL: through(proxy, database.url),
    });
    try {
      const safe = await KonaplateClient.of(survivor);
      const doomed = new KonaplateClient(victim, safe.credentials);
      const members: TestMember[] = [];
      const requests: WideFields[] = [];
      for (const [api] of places) {
        const member = await link(safe, await newMember(safe));
        members.push(member);
        const earlier = await charge(safe, member, 3_000);
        // Of a token that lives long: it takes a while until all are held up.
        const shown = await tokenOf(safe, member, "ATM");
        requests.push(
          api === "charge"
            ? await charging(safe, member, 2_000, { ...shown })
            : await cancelling(safe, member, earlier, { ...shown }),
        );
      }
      const held: Promise<unknown>[] = [];
      for (const [index, [api, commit, fate]] of places.entries()) {
        let seen = 0;
        proxy.fate = () => {
          seen += 1;
          return { kind: seen === commit ? fate : "pass" };
        };
        held.push(doomed.call(api, requests[index]!).catch(() => undefined));
        await eventually(async () => proxy.kept > index).catch(() => {
          throw new Error(`not held up: ${places[index]!.join(" ")}`);
        });
      }
      victim.child.kill("SIGKILL");
      expect(await Promise.all(held)).toEqual(places.map(() => undefined));

      // It comes again, by the same name, with the same token.
      const answers = [];
      for (const [index, [api]] of places.entries()) answers.push(await safe.call(api, requests[index]!));
      expect(answers.map(codeOf)).toEqual(places.map(() => "000_000"));
      await settle({ database }, "all");
      for (const [index, [api, commit, fate]] of places.entries()) {
        const place = places[index]!.join(" ");
        const member = members[index]!;
        const result = await resultOf(safe, requests[index]!.sequenceId, 60_000);
        // An order that never reached the PG is known to have failed only when it cannot reach it any more.
        const isLost = commit === 1 && fate === "unheard";
        expect([place, result]).toEqual([place, isLost ? "FAILED" : "COMPLETED"]);
        const moved = isLost ? 0 : api === "charge" ? 2_000 : -3_000;
        expect([place, await balanceOf(safe, member)]).toEqual([place, 3_000 + moved]);
      }
      await survivor.expectClean();
    } finally {
      await victim.kill();
      await proxy.close();
      await survivor.stop();
      await database.drop();
    }
  });
});
