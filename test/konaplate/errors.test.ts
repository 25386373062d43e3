/**
 * Every code that the contract publishes and that can occur does, with its text and HTTP status; what is refused leaves
 * nothing behind. `007_002` and `007_007` belong to incentives and to charges by the operator, which there are none of.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { settle } from "../ppro/site.ts";
import { eventually, type Fields } from "../support/client.ts";
import { countRows } from "../support/database.ts";
import { type KonaplateAnswer, KonaplateClient, type KonaplateSent } from "../support/konaplate.ts";
import {
  accountFieldsOf,
  answerCall,
  balanceOf,
  cancelling,
  charge,
  charging,
  kept,
  link,
  newAccount,
  newLinkedMember,
  newMember,
  newSequenceId,
  personFields,
  register,
  resultOf,
  ringing,
  settled,
  statusOf,
  type TestMember,
  tokenOf,
  tryCancel,
  tryCharge,
} from "../support/konaplate-members.ts";
import { raw } from "../support/raw.ts";
import { useNode } from "../support/scenario.ts";
import { type Api, apis, endpointOf, publishedCodes, sampleOf } from "./contract.ts";

const node = useNode({ env: { NARU_PG_TIMEOUT_MS: "3000" } });
let client: KonaplateClient;
/** Linked, with 50,000 won. */
let member: TestMember;
const seen = new Set<string>();

beforeAll(async () => {
  client = await KonaplateClient.of(node);
  member = await newLinkedMember(client);
  await charge(client, member, 50_000);
});

/** What an answer says. */
function said(answer: KonaplateAnswer): [status: number, code: string] {
  const { code } = answer.body.response;
  seen.add(code);
  return [answer.status, code];
}

async function expectNothingStored(refused: () => Promise<KonaplateAnswer>): Promise<KonaplateAnswer> {
  const before = await countRows(node.database, ...kept);
  const answer = await refused();
  expect(await countRows(node.database, ...kept)).toEqual(before);
  return answer;
}

/** One field of a request wrong in one way. */
type Wrong = [api: Api, field: string, how: string, value: unknown, codes: readonly string[]];

const tooLong = (max: number) => "1".repeat(max + 1);

/** All ways in which fields can be wrong by the tables of the contract. */
const wrongs: Wrong[] = apis.flatMap((api) =>
  Object.entries(endpointOf(api).request).flatMap(([field, { is, required, min, max }]): Wrong[] => {
    const own: Wrong[] = [];
    if (required) {
      own.push([api, field, "is missing", undefined, ["000_003"]]);
      own.push([api, field, "is null", null, ["000_003"]]);
    }
    if (is === "number") {
      own.push([api, field, "is 0", 0, ["000_002"]]);
      own.push([api, field, "is negative", -1, ["000_002"]]);
      own.push([api, field, "is broken", 1.5, ["000_002"]]);
      own.push([api, field, "is an object", {}, ["000_002"]]);
      if (max !== undefined) own.push([api, field, "is too large", BigInt(max) * 1_000n, ["000_002"]]);
    }
    if (is === "text" || is === "digits") {
      // An empty value is published as invalid; where a length is demanded it may be called too short.
      if (required) own.push([api, field, "is empty", "", ["000_002", "000_015"]]);
      own.push([api, field, "is a list", [], ["000_002"]]);
      if (max !== undefined) own.push([api, field, "is too long", tooLong(Number(max)), ["000_015"]]);
      if (min !== undefined && min > 1) own.push([api, field, "is too short", "1".repeat(min - 1), ["000_015"]]);
    }
    if (is === "digits") own.push([api, field, "has letters", "x".repeat(min!), ["000_002"]]);
    return own;
  }),
);

describe("a field that is wrong is named, and nothing is stored", () => {
  it.each(apis.map((api) => [api, wrongs.filter(([one]) => one === api)] as const).filter(([, all]) => all.length > 0))(
    "%s",
    async (api, all) => {
      const before = await countRows(node.database, ...kept);
      for (const [, field, how, value, codes] of all) {
        const answer = await client.call(api, { ...sampleOf(api), [field]: value });
        const about = `${field} ${how}: ${answer.status} ${answer.text}`;
        expect(codes, about).toContain(said(answer)[1]);
        expect(answer.body.response.description, about).toContain(field);
      }
      expect(await countRows(node.database, ...kept)).toEqual(before);
    },
  );

  it("the length that is wanted is told as published", async () => {
    const fields = personFields({ birthDate: "1975111" });
    const { body } = await client.call("registerMember", fields);
    expect(body.response).toEqual({
      code: "000_015",
      description:
        "The length of value does not match. birthDate (반드시 최소값 8과(와) 최대값 8 사이의 크기이어야 합니다.)",
    });
    const missing = await client.call("registerMember", personFields({ loginId: undefined }));
    expect(missing.body.response).toEqual({ code: "000_003", description: "Missing required values. loginId" });
    const empty = await client.call("registerMember", personFields({ loginId: "" }));
    expect(empty.body.response.description).toMatch(/loginId/);
  });

  it.each<[string, Fields]>([
    ["a day that there is not", { birthDate: "19750230" }],
    ["a password of letters", { loginPassword: "abcdef" }],
    ["a gender that there is not", { gender: "Ferret" }],
  ])("%s is refused", async (_, fields) => {
    const answer = await expectNothingStored(() => client.call("registerMember", personFields(fields)));
    expect(said(answer)).toEqual([400, "000_002"]);
    expect(answer.body.response.description).toContain(Object.keys(fields)[0]);
  });

  it("what cannot be stored is refused in a clear request too", async () => {
    for (const userName of ["김\u0000나", "김\ud800나"]) {
      const answer = await expectNothingStored(() => client.call("registerMember", personFields({ userName })));
      expect(said(answer)[0]).toBe(400);
    }
  });
});

describe("a member", () => {
  it("that there is not is an invalid userId, whatever is asked of them", async () => {
    const of: Api[] = ["info", "inquiry", "remove", "registerForAutoCharge", "arsCode", "register", "cards", "member"];
    for (const api of [...of, "charge", "cancel", "autoCharge"] as Api[]) {
      const fields = { ...sampleOf(api), userId: 50099999999 };
      const answer = await expectNothingStored(() => client.call(api, fields));
      expect([api, ...said(answer)]).toEqual([api, 400, "000_002"]);
      expect(answer.body.response.description).toContain("userId");
    }
  });

  it("has a login name and a CI that no other has", async () => {
    const ci = `ci${Date.now()}`.padEnd(88, "c");
    const first = personFields({ ci });
    await client.ask("registerMember", first);
    for (const fields of [
      { ...personFields(), loginId: first.loginId },
      { ...personFields(), ci },
    ]) {
      const answer = await expectNothingStored(() => client.call("registerMember", fields));
      expect(said(answer)).toEqual([400, "001_001"]);
    }
  });
});

describe("a registration", () => {
  it("of which nothing is known is not found", async () => {
    for (const regNo of ["0".repeat(22), "z".repeat(22), "가".repeat(22)]) {
      const answer = await statusOf(client, regNo);
      expect([regNo, said(answer)[0]]).toEqual([regNo, 400]);
      expect(["002_019", "000_002"]).toContain(said(answer)[1]);
    }
    expect(said(await statusOf(client, "0".repeat(22)))[1]).toBe("002_019");
  });

  it("is one at a time", async () => {
    const one = await newMember(client);
    await client.ask("arsCode", { userId: one.userId });
    await node.arm("ars-held");
    const { bankAccRegNo } = await client.ask("register", accountFieldsOf(one));
    const again = { ...accountFieldsOf(one), ...newAccount() };
    expect(said(await expectNothingStored(() => client.call("register", again)))).toEqual([400, "002_013"]);
    await answerCall(node, await ringing(node, one), "right");
    expect(await settled(client, bankAccRegNo)).toBe("BANK_ACC_REGISTERED");
  });

  const outcomes: [about: string, code: string, status: string, begin: (one: TestMember) => Promise<string>][] = [
    [
      "whose code was never made",
      "002_014",
      "ARS_AUTH_FAILED",
      async (one) => (await client.ask("register", accountFieldsOf(one))).bankAccRegNo,
    ],
    [
      "whose code is too old",
      "002_014",
      "ARS_AUTH_FAILED",
      async (one) => {
        await client.ask("arsCode", { userId: one.userId });
        await node.moveClock("PT5M1S");
        return (await client.ask("register", accountFieldsOf(one))).bankAccRegNo;
      },
    ],
    ["whose member types another code", "002_014", "ARS_AUTH_FAILED", (one) => armed("ars-wrong", one)],
    [
      "whose call nobody answers",
      "002_014",
      "ARS_AUTH_FAILED",
      async (one) => {
        const regNo = await armed("ars-unanswered", one);
        expect((await statusOf(client, regNo)).body.status).toBe("ARS_AUTH_IN_PROGRESS");
        await node.moveClock("PT11S");
        return regNo;
      },
    ],
    [
      "whose member refuses on the telephone",
      "002_014",
      "ARS_AUTH_FAILED",
      async (one) => {
        const regNo = await armed("ars-held", one);
        const call = await ringing(node, one);
        expect((await answerCall(node, call, "wrong")).status).toBeLessThan(300);
        expect((await answerCall(node, call, "right")).status).toBe(409);
        return regNo;
      },
    ],
    ["of a lifetime account", "002_015", "BANK_ACC_REG_FAILED", (one) => begun(one, newAccount("002"))],
    ["of a restricted account", "002_016", "BANK_ACC_REG_FAILED", (one) => begun(one, newAccount("001"))],
    ["that the PG refuses", "002_017", "BANK_ACC_REG_FAILED", (one) => begun(one, newAccount("003"))],
    [
      "that the PG refuses by a fault",
      "002_017",
      "BANK_ACC_REG_FAILED",
      async (one) => {
        await node.arm("registration-refused", { count: 1, code: "refused" });
        return begun(one);
      },
    ],
  ];

  async function begun(one: TestMember, account: object = {}): Promise<string> {
    await client.ask("arsCode", { userId: one.userId });
    const { bankAccRegNo } = await client.ask("register", { ...accountFieldsOf(one), ...account });
    await node.moveClock("PT3S");
    return bankAccRegNo;
  }

  async function armed(fault: string, one: TestMember): Promise<string> {
    await client.ask("arsCode", { userId: one.userId });
    await node.arm(fault);
    return (await client.ask("register", accountFieldsOf(one))).bankAccRegNo;
  }

  it.each(outcomes)("%s fails", async (_, code, status, begin) => {
    const one = await newMember(client);
    const regNo = await begin(one);
    expect(await settled(client, regNo)).toBe(code);
    const answer = await statusOf(client, regNo);
    expect([...said(answer), answer.body.status]).toEqual([400, code, status]);
    expect((await client.call("info", { userId: one.userId })).body.response.code).toBe("007_001");
    // It is over: another may begin, and be what the first was not.
    expect(await register(client, one)).toBe("BANK_ACC_REGISTERED");
    expect(said(await statusOf(client, regNo))).toEqual([400, code]);
  });

  it("that fails leaves the registered account as it was", async () => {
    const one = await newLinkedMember(client);
    const before = await client.ask("info", { userId: one.userId });
    expect(await settled(client, await begun(one, newAccount("001")))).toBe("002_016");
    expect(await client.ask("info", { userId: one.userId })).toEqual(before);
    await charge(client, one, 1_000);
  });
});

describe("an account", () => {
  it("that nobody has has no holder", async () => {
    const { bankAccount, bankCode } = newAccount("000");
    const holder = { bankAccount, bankCode, userName: "아무개", birthDate: "19900101" };
    expect(said(await client.call("checkHolder", holder))).toEqual([400, "002_033"]);
    expect(said(await client.call("sendWon", { bankAccount, bankCode }))).toEqual([400, "002_033"]);
  });

  it("is its holder's alone", async () => {
    const fields = { ...sampleOf("checkHolder"), userId: undefined };
    await client.ask("checkHolder", fields);
    for (const wrong of [{ userName: "김코코" }, { birthDate: "19751113" }, { bankAccount: "333015555558" }]) {
      const answer = await expectNothingStored(() => client.call("checkHolder", { ...fields, ...wrong }));
      expect(said(answer)[0]).toBe(400);
    }
  });

  it("that was sent a won is known by a transaction, once it is known to have arrived", async () => {
    const { bankAccount, bankCode } = newAccount();
    const before = await node.balanceOf("bank:sandbox");
    const { transactionId } = await client.ask("sendWon", { bankAccount, bankCode });
    const again = await client.ask("sendWon", { bankAccount, bankCode });
    expect(again.transactionId).not.toBe(transactionId);
    expect(await node.balanceOf("bank:sandbox")).toBe(before - 2);
    await node.arm("verification-timeout-after");
    // This is answered only when the PG had all its time.
    expect(said(await client.call("sendWon", { bankAccount, bankCode }))).toEqual([400, "002_034"]);
    await settle(node, "all");
    expect(await node.balanceOf("bank:sandbox")).toBe(before - 3);
  }, 60_000);
});

describe("a charge", () => {
  it("of a member without an account is none", async () => {
    const one = await newMember(client);
    const fields = await charging(client, one, 1_000);
    expect(said(await expectNothingStored(() => client.call("charge", fields)))).toEqual([400, "007_001"]);
    // It was no request: the name and the token are free.
    await link(client, one);
    await client.ask("charge", { ...fields, ...(await tokenOf(client, one)) });
    expect(await balanceOf(client, one)).toBe(1_000);
  });

  it("beyond the limit of a balance is refused, to the won", async () => {
    const one = await newLinkedMember(client);
    for (const amount of [2_000_001, 9_999_999_999]) {
      const fields = await charging(client, one, amount);
      expect(said(await expectNothingStored(() => client.call("charge", fields)))).toEqual([400, "007_003"]);
    }
    await charge(client, one, 1_999_999);
    const fields = await charging(client, one, 2);
    expect(said(await expectNothingStored(() => client.call("charge", fields)))).toEqual([400, "007_003"]);
    await charge(client, one, 1);
    expect(await balanceOf(client, one)).toBe(2_000_000);
  });

  it("that the PG refuses stays refused, and is a failure when asked for", async () => {
    const fields = await charging(client, member, 7_000);
    const before = await balanceOf(client, member);
    await node.arm("withdrawal-refused");
    expect(said(await client.call("charge", fields))).toEqual([400, "007_004"]);
    expect(said(await client.call("charge", fields))).toEqual([400, "007_004"]);
    expect(await client.ask("result", { sequenceId: fields.sequenceId })).toMatchObject({ result: "FAILED" });
    expect(await balanceOf(client, member)).toBe(before);
  });

  it("of a published person without money fails at the PG", async () => {
    const one = { userId: 50000104655 };
    const { cardDataInfo } = await client.ask("cards", one);
    const fields = { ...one, cardNo: cardDataInfo[0].mobileCardNo } as unknown as TestMember;
    expect(said(await tryCharge(client, fields, 1_000))).toEqual([400, "007_004"]);
  });

  it("is one request: the same name for anything else is refused", async () => {
    const fields = await charging(client, member, 1_000);
    await client.ask("charge", fields);
    const other = await newLinkedMember(client);
    for (const change of [
      { amount: 1_001 },
      { userId: other.userId, ...(await tokenOf(client, other)) },
      { merchantId: "410195430033902" },
    ]) {
      const answer = await expectNothingStored(() => client.call("charge", { ...fields, ...change }));
      expect(said(answer)).toEqual([400, "000_002"]);
      expect(answer.body.response.description).toContain("sequenceId");
    }
    const { nrNumber } = await client.ask("charge", fields);
    const cancel = await cancelling(client, member, { nrNumber }, { sequenceId: fields.sequenceId });
    const answer = await client.call("cancel", cancel);
    expect(said(answer)).toEqual([400, "000_002"]);
    expect(answer.body.response.description).toContain("sequenceId");
  });

  it("of an unknown name has no result", async () => {
    const answer = await client.call("result", { sequenceId: newSequenceId() });
    expect(said(answer)).toEqual([400, "000_002"]);
    expect(answer.body.response.description).toContain("sequenceId");
  });
});

describe("a token", () => {
  const refusedWith = async (fields: object, named: string, about = "") => {
    const before = await balanceOf(client, member);
    const answer = await client.call("charge", await charging(client, member, 1_000, { ...fields }));
    expect([about, ...said(answer)]).toEqual([about, 400, "000_002"]);
    expect(answer.body.response.description).toContain(named);
    expect(await balanceOf(client, member)).toBe(before);
  };

  it("is good once, for half a minute, for its own card, with its own code", async () => {
    const used = await tokenOf(client, member);
    await client.ask("charge", await charging(client, member, 1_000, { ...used }));
    await refusedWith(used, "oneTimeToken", "used");

    const late = await tokenOf(client, member);
    await node.moveClock("PT31S");
    await refusedWith(late, "oneTimeToken", "late");

    const others = await tokenOf(client, await newLinkedMember(client));
    await refusedWith(others, "oneTimeToken", "another's");

    await refusedWith({ oneTimeToken: "0000000000000000", dcvv: "000" }, "oneTimeToken", "nobody's");
  });

  it("with a wrong code is used up", async () => {
    const shown = await tokenOf(client, member);
    const dcvv = String((Number(shown.dcvv) + 1) % 1_000).padStart(3, "0");
    await refusedWith({ ...shown, dcvv }, "dcvv");
    await refusedWith(shown, "oneTimeToken", "with the right code then");
  });

  it.each(["ATM", "CREDIT"])("of type %s is good for five minutes", async (type) => {
    const [soon, late] = [await tokenOf(client, member, type), await tokenOf(client, member, type)];
    await node.moveClock("PT4M50S");
    await client.ask("charge", await charging(client, member, 1_000, { ...soon }));
    await node.moveClock("PT11S");
    await refusedWith(late, "oneTimeToken");
  });

  it("says when its time is over", async () => {
    const before = node.now();
    const { expiryTime } = await client.ask("token", { cardNo: member.cardNo });
    expect(expiryTime / 1_000 - before).toBeGreaterThan(28);
    expect(expiryTime / 1_000 - before).toBeLessThan(35);
  });

  it("is of a card that there is", async () => {
    const answer = await expectNothingStored(() => client.call("token", { cardNo: "9491339999999995" }));
    expect(said(answer)).toEqual([400, "000_002"]);
    expect(answer.body.response.description).toContain("cardNo");
    const type = await expectNothingStored(() => client.call("token", { cardNo: member.cardNo, type: "BANK" }));
    expect(said(type)).toEqual([400, "000_002"]);
  });
});

describe("a charge cannot be taken back", () => {
  async function refused(one: TestMember, nrNumber: string, code: string, fields: object = {}): Promise<void> {
    const before = await balanceOf(client, one);
    const request = await cancelling(client, one, { nrNumber }, { ...fields });
    expect(said(await expectNothingStored(() => client.call("cancel", request)))).toEqual([400, code]);
    expect(await balanceOf(client, one)).toBe(before);
  }

  it("that nobody made, or somebody else", async () => {
    const other = await newLinkedMember(client);
    const { nrNumber } = await charge(client, other, 1_000);
    for (const wrong of [nrNumber, "KMN221114031773543"]) {
      const answer = await tryCancel(client, member, { nrNumber: wrong });
      expect(said(answer)[0]).toBe(400);
      expect(["000_002", "007_030"]).toContain(said(answer)[1]);
    }
    expect(await balanceOf(client, other)).toBe(1_000);
  });

  it("twice", async () => {
    const { nrNumber } = await charge(client, member, 2_000);
    const cancel = await cancelling(client, member, { nrNumber });
    await client.ask("cancel", cancel);
    expect(await resultOf(client, String(cancel.sequenceId))).toBe("COMPLETED");
    await refused(member, nrNumber, "007_030");
  });

  it("that failed", async () => {
    const one = await newLinkedMember(client);
    await node.arm("withdrawal-refused");
    const fields = await charging(client, one, 1_000);
    await client.call("charge", fields);
    const { nrNumber } = await client.ask("result", { sequenceId: fields.sequenceId });
    await refused(one, nrNumber, "007_030");
  });

  it("that is pending", async () => {
    const one = await newLinkedMember(client);
    await node.arm("withdrawal-late", { count: 1, delay_s: 600 });
    const { nrNumber, isPending } = await client.ask("charge", await charging(client, one, 1_000));
    expect(isPending).toBe(true);
    await refused(one, nrNumber, "007_030");
    await node.moveClock("PT10M");
    await eventually(async () => (await balanceOf(client, one)) === 1_000, 20_000);
  });

  it("by another card's expiry", async () => {
    const { nrNumber } = await charge(client, member, 1_000);
    const fields = await cancelling(client, member, { nrNumber }, { cardExpiry: "2509" });
    const answer = await client.call("cancel", fields);
    expect(said(answer)).toEqual([400, "000_002"]);
    expect(answer.body.response.description).toContain("cardExpiry");
  });

  it("when the account is gone", async () => {
    const one = await newLinkedMember(client);
    const { nrNumber } = await charge(client, one, 1_000);
    await client.ask("remove", { userId: one.userId });
    await refused(one, nrNumber, "007_001");
  });

  it("that came by a transfer", async () => {
    const one = await newLinkedMember(client);
    const { accountNo, bankCode } = await client.ask("virtualAccount", { cardNo: one.cardNo });
    await node.deposit(accountNo, { bankCode, amount: 5_000 });
    await eventually(async () => (await balanceOf(client, one)) === 5_000);
    const { transactionInfo } = await client.ask("history", {
      par: one.par,
      startDate: "20000101",
      endDate: "21991231",
    });
    expect(transactionInfo).toHaveLength(1);
    await refused(one, transactionInfo[0].nrNumber, "007_040");
  });

  it("to an account of another name", async () => {
    const account = newAccount();
    const one = await newMember(client, { userName: "전혀 다른 사람" }, account);
    const holder = await node.get<{ holder: string }>(
      `/naru/v1/sandbox/holders?bankCode=${account.bankCode}&accountNumber=${account.bankAccount}`,
    );
    await link(client, one, { userName: holder.body.holder });
    const { nrNumber } = await charge(client, one, 1_000);
    await refused(one, nrNumber, "007_043");
  });

  it("when it was spent or taken already: of two that share a balance only what is there", async () => {
    const one = await newLinkedMember(client);
    const [first, second] = [await charge(client, one, 3_000), await charge(client, one, 4_000)];
    for (const { nrNumber } of [first, second]) {
      await client.ask("cancel", await cancelling(client, one, { nrNumber }));
    }
    expect(await balanceOf(client, one)).toBe(0);
    for (const { nrNumber } of [first, second]) await refused(one, nrNumber, "007_030");
  });
});

describe("what is no call of an API", () => {
  const body = "{}";

  async function plain(method: string, path: string, headers = client.headersOf(body)) {
    const given = Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined);
    return raw(node.url, { method, path, headers: Object.fromEntries(given), ...(method === "GET" ? {} : { body }) });
  }

  it.each([
    ["POST", "/api/v1/nowhere", 404, "000_910"],
    ["GET", "/api/v1/nowhere", 404, "000_910"],
    ["POST", "/open-api/api/v1/nowhere", 404, "000_910"],
    ["POST", "/api/v9/bankaccounts/info", 404, "000_910"],
    ["GET", "/api/v1/bankaccounts/info", 405, "000_911"],
    ["PUT", "/open-api/api/v1/user/info", 405, "000_911"],
  ])("%s %s is answered with %d and %s in the contract's envelope", async (method, path, status, code) => {
    const answer = await plain(method, path);
    const { response, ...rest } = JSON.parse(answer.text);
    expect([answer.status, rest, response.code]).toEqual([status, {}, code]);
    expect(answer.headers["x-km-correlation-id"]).toMatch(/^\d{12}-[0-9a-f]{7}$/);
  });

  it.each([
    "x-km-user-aspid",
    "x-km-correlation-id",
    "x-km-access-key",
    "x-km-tran-token",
    "x-km-tran-time",
    "x-km-time-zone",
  ])("without %s none is taken", async (header) => {
    const sent: KonaplateSent = { headers: { [header]: undefined } };
    const answer = await expectNothingStored(() => client.call("inquiry", { userId: member.userId }, sent));
    expect(said(answer)).toEqual([400, "000_901"]);
    expect(answer.body.response.description.toLowerCase()).toContain(header);
  });

  it.each(["/api/v1/recharges/system/manuals", "/api/v1/card/status", "/api/v1/payment/no-hce"])(
    "POST %s, which Konaplate has and Naru has not, is not taken for done",
    async (path) => {
      const answer = await client.send(path, body, client.headersOf(body), {});
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.body.response.code).toMatch(/^000_9\d\d$/);
    },
  );
});

it("so every published code was said, but for those of what there is not", () => {
  expect(publishedCodes.filter((code) => !seen.has(code)).sort()).toEqual(["007_002", "007_007"]);
});
