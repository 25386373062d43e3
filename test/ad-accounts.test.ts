/** Users, ad accounts and apps, as operators make and change them. */
import { beforeAll, describe, expect, it } from "vitest";
import type { EventPage } from "../src/core/events/follow.ts";
import { eventually } from "./support/client.ts";
import { createDatabase } from "./support/database.ts";
import { startTestNode, type TestNode } from "./support/node.ts";
import { type MerchantAnswer, useNode, withNode } from "./support/scenario.ts";

const node = useNode();
const demo = "mer_naru_sandbox_key";
let shop: string;
let other: string;

beforeAll(async () => {
  [shop, other] = await Promise.all([newMerchant("광고상점"), newMerchant("다른상점")]);
});

interface Failure {
  error: { code: string; message: string };
}

interface UserView {
  number: number;
  merchantId: string;
  name: string;
  restricted: boolean;
  business: boolean;
}

interface DemoCredentials {
  kakaoMoment: { businessToken: string; adAccountId: number; userId: number };
}

interface AdAccountView {
  number: number;
  name: string;
  state: string;
  stopped: boolean;
  cash: number;
  freeCash: number;
  outOfBalance: boolean;
  members: { user: number; role: string }[];
}

async function newMerchant(name: string): Promise<string> {
  return (await node.post<MerchantAnswer>("/naru/v1/merchants", { name })).body.merchant.id;
}

/** A call below a merchant's address. */
function call<Body = Failure>(method: string, merchant: string, path: string, body?: object, at: TestNode = node) {
  const init = body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return at.request<Body>(method, `/naru/v1/merchants/${merchant}${path}`, init);
}

async function makeUser(fields: object = {}, merchant = shop) {
  const answer = await call<{ user: UserView; signInCode: string }>("POST", merchant, "/users", {
    name: "김나루",
    ...fields,
  });
  expect([answer.status, answer.body]).toMatchObject([201, {}]);
  return answer.body;
}

async function makeAdAccount(fields: object = {}, merchant = shop): Promise<AdAccountView> {
  const answer = await call<AdAccountView>("POST", merchant, "/ad-accounts", { name: "광고계정", ...fields });
  expect([answer.status, answer.body]).toMatchObject([201, {}]);
  return answer.body;
}

/** So many, once no transaction of another test holds them back. */
async function eventsOf(number: number, count: number) {
  return eventually(async () => {
    const { body } = await node.get<EventPage>("/naru/v1/events?last=500");
    const found = body.events.filter(({ subjectType, data }) => subjectType === "ad-account" && data.number === number);
    return found.length >= count && found;
  });
}

let numbers = 5_000;
/** One that nobody has. */
function freeNumber(): number {
  numbers += 1;
  return numbers;
}

describe("a user", () => {
  it("is made with a number of the node's choice, and read again", async () => {
    const { user, signInCode } = await makeUser();
    expect(user).toEqual({
      number: expect.any(Number),
      merchantId: shop,
      name: "김나루",
      restricted: false,
      business: true,
      createdAt: expect.stringMatching(/^\d{4}-/),
    });
    expect(user.number).toBeGreaterThan(999_999);
    expect(signInCode).toMatch(/^[\w-]{24}$/);
    const read = await call<UserView>("GET", shop, `/users/${user.number}`);
    expect([read.status, read.body]).toEqual([200, user]);
  });

  it("is made with a number of the operator's choice, restricted or without a business", async () => {
    const number = freeNumber();
    const { user } = await makeUser({ number, restricted: true, business: false });
    expect(user).toMatchObject({ number, restricted: true, business: false });
  });

  it("is changed field by field", async () => {
    const { user } = await makeUser();
    const path = `/users/${user.number}`;
    const restricted = await call("PATCH", shop, path, { restricted: true });
    expect([restricted.status, restricted.body]).toEqual([200, { user: { ...user, restricted: true } }]);
    const renamed = await call("PATCH", shop, path, { name: "이나루", business: false });
    const changed = { ...user, restricted: true, name: "이나루", business: false };
    expect(renamed.body).toEqual({ user: changed });
    expect((await call("PATCH", shop, path, {})).body).toEqual({ user: changed });
    expect((await call("GET", shop, path)).body).toEqual(changed);
  });

  it("keeps every change of many at once", async () => {
    const { user } = await makeUser();
    const path = `/users/${user.number}`;
    await Promise.all([
      call("PATCH", shop, path, { restricted: true }),
      call("PATCH", shop, path, { name: "박나루" }),
      call("PATCH", shop, path, { business: false }),
    ]);
    const changed = { ...user, restricted: true, name: "박나루", business: false };
    expect((await call("GET", shop, path)).body).toEqual(changed);
  });

  it("has a sign-in code that is shown once, stored hashed, and can be replaced", async () => {
    const { user, signInCode } = await makeUser();
    const path = `/users/${user.number}`;
    const replaced = await call<{ signInCode: string }>("PATCH", shop, path, { newSignInCode: true });
    expect(replaced.body.signInCode).not.toBe(signInCode);
    expect(await call("PATCH", shop, path, { newSignInCode: false })).toMatchObject({ body: { user } });
    const told = JSON.stringify([(await call("GET", shop, path)).body, (await call("GET", shop, "/users")).body]);
    const { rows } = await node.database.pool.query("SELECT u::text AS row FROM users u");
    for (const secret of [signInCode, replaced.body.signInCode]) {
      expect(told).not.toContain(secret);
      expect(JSON.stringify(rows)).not.toContain(secret);
    }
  });
});

describe("an ad account", () => {
  it("is made on, without cash, the merchant's own", async () => {
    const made = await makeAdAccount();
    const company = { businessRegistrationNumber: "000-00-00000", name: "광고상점" };
    expect(made).toEqual({
      merchantId: shop,
      number: expect.any(Number),
      name: "광고계정",
      state: "on",
      stopped: false,
      type: "BUSINESS",
      ownerCompany: company,
      advertiser: company,
      businessRight: { number: 0, companyName: "광고상점" },
      walletNumber: made.number,
      cash: 0,
      freeCash: 0,
      outOfBalance: true,
      members: [],
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect(made.number).toBeGreaterThan(999_999);
    const read = await call<AdAccountView>("GET", shop, `/ad-accounts/${made.number}`);
    expect([read.status, read.body]).toEqual([200, made]);
  });

  it("is made as it is described", async () => {
    const { user: master } = await makeUser();
    const { user: member } = await makeUser();
    const described = {
      number: freeNumber(),
      type: "PERSONAL",
      ownerCompany: { businessRegistrationNumber: "220-88-36643", name: "주인" },
      advertiser: { businessRegistrationNumber: "120-81-47521", name: "광고주" },
      businessRight: { number: 77, companyName: "대행사" },
      walletNumber: 424_242,
      freeCash: 5_000,
      members: [
        { user: master.number, role: "master" },
        { user: member.number, role: "member" },
      ],
    };
    expect(await makeAdAccount(described)).toMatchObject({ ...described, outOfBalance: false });
    const { ownerCompany } = described;
    const short = await makeAdAccount({ ownerCompany });
    expect(short).toMatchObject({ ownerCompany, advertiser: ownerCompany, businessRight: { companyName: "주인" } });
  });

  it("is changed field by field, and its members as a whole", async () => {
    const { user: first } = await makeUser();
    const { user: second } = await makeUser();
    const made = await makeAdAccount({ members: [{ user: first.number, role: "master" }] });
    const path = `/ad-accounts/${made.number}`;
    const stopped = await call<AdAccountView>("PATCH", shop, path, { state: "off", stopped: true });
    expect(stopped.body).toMatchObject({ state: "off", stopped: true, name: "광고계정", members: made.members });
    const members = [{ user: second.number, role: "member" }];
    const handed = await call<AdAccountView>("PATCH", shop, path, { members });
    expect(handed.body).toMatchObject({ state: "off", stopped: true, members });
    const left = await call<AdAccountView>("PATCH", shop, path, { members: [], freeCash: 10, state: "deleted" });
    expect(left.body).toMatchObject({ state: "deleted", members: [], freeCash: 10, outOfBalance: false });
    expect((await call("GET", shop, path)).body).toEqual(left.body);
  });

  it("shows the cash that was deposited", async () => {
    const { body: before } = await call<AdAccountView>("GET", demo, "/ad-accounts/12345");
    const issued = await node.post<{ accountNumber: string }>(
      "/openapi/v4/billing/virtualAccount",
      { adAccountId: 12_345, amount: 30_000, bankCode: "88" },
      { authorization: "Bearer naru_sandbox_business_token", adAccountId: "12345" },
    );
    await node.deposit(issued.body.accountNumber);
    const { body: after } = await call<AdAccountView>("GET", demo, "/ad-accounts/12345");
    expect(after).toEqual({ ...before, cash: before.cash + 30_000, outOfBalance: false });
  });

  it("tells of being made and of each change, and of nothing else", async () => {
    const number = freeNumber();
    const { user } = await makeUser();
    const members = [{ user: user.number, role: "master" }];
    await makeAdAccount({ number, members, freeCash: 7 });
    const path = `/ad-accounts/${number}`;
    await call("PATCH", shop, path, { stopped: true });
    await call("PATCH", shop, path, { stopped: true });
    await call("PATCH", shop, path, { name: "광고계정", members, freeCash: 7 });
    await call("PATCH", shop, path, {});
    await call("PATCH", shop, path, { members: [] });
    const data = { number, name: "광고계정", state: "on", freeCash: 7 };
    expect(await eventsOf(number, 3)).toMatchObject([
      { type: "ad-account.made", merchantId: shop, subjectSeq: 1, payment: null, data: { ...data, stopped: false } },
      { type: "ad-account.changed", merchantId: shop, subjectSeq: 2, payment: null, data: { ...data, stopped: true } },
      { type: "ad-account.changed", subjectSeq: 3, data: { ...data, stopped: true } },
    ]);
  });

  it("keeps every change of many at once, on two nodes, and counts them without a gap", async () => {
    const number = freeNumber();
    await makeAdAccount({ number });
    const path = `/ad-accounts/${number}`;
    const changes = [{ stopped: true }, { name: "새 이름" }, { freeCash: 9 }, { state: "off" }, { type: "OTHER" }];
    const second = await startTestNode({ database: node.database });
    try {
      const answers = await Promise.all(
        changes.map((change, index) => call("PATCH", shop, path, change, index % 2 === 0 ? node : second)),
      );
      expect(answers.map(({ status }) => status)).toEqual(changes.map(() => 200));
    } finally {
      await second.stop();
    }
    expect((await call("GET", shop, path)).body).toMatchObject(Object.assign({}, ...changes));
    const told = (await eventsOf(number, 6)).map(({ subjectSeq }) => subjectSeq);
    // Those of two nodes at the same moment stand in the order of their transactions' beginnings.
    expect(told.toSorted((one, other) => one - other)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe.each(["users", "ad-accounts"] as const)("numbers of %s", (kind) => {
  const what = kind === "users" ? "user" : "ad account";

  it("are given once, whoever's they are", async () => {
    const number = freeNumber();
    expect((await call("POST", shop, `/${kind}`, { name: "하나", number })).status).toBe(201);
    for (const merchant of [shop, other]) {
      const { status, body } = await call("POST", merchant, `/${kind}`, { name: "둘", number });
      const error = { code: "number-taken", message: `there is another ${what} ${number}` };
      expect([status, body]).toEqual([409, { error }]);
    }
    expect((await call("GET", shop, `/${kind}/${number}`)).body).toMatchObject({ name: "하나", merchantId: shop });
  });

  it("are given once when many ask for one at the same moment, on two nodes", async () => {
    const number = freeNumber();
    const second = await startTestNode({ database: node.database });
    try {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          call(
            "POST",
            index % 4 < 2 ? shop : other,
            `/${kind}`,
            { name: "급한", number },
            index % 2 === 0 ? node : second,
          ),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
    } finally {
      await second.stop();
    }
  });

  it("of the node's choice are all different", async () => {
    const made = await Promise.all(
      Array.from({ length: 12 }, () =>
        call<{ number: number; user?: UserView }>("POST", shop, `/${kind}`, { name: "x" }),
      ),
    );
    expect(new Set(made.map(({ body }) => body.user?.number ?? body.number)).size).toBe(12);
  });
});

describe.each(["users", "adAccounts"] as const)("a list of %s", (kind) => {
  const path = kind === "users" ? "/users" : "/ad-accounts";

  it("goes by number, page by page, to its end", async () => {
    const merchant = await newMerchant("목록상점");
    const wanted = [freeNumber(), freeNumber(), freeNumber()];
    for (const number of wanted.toReversed()) await call("POST", merchant, path, { name: "하나", number });
    const seen: number[][] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor === "" ? "" : `&after=${cursor}`;
      const { body } = await call<{ cursor: string | null } & Record<typeof kind, { number: number }[]>>(
        "GET",
        merchant,
        `${path}?limit=2${query}`,
      );
      seen.push(body[kind].map(({ number }) => number));
      cursor = body.cursor;
    }
    expect(seen).toEqual([wanted.slice(0, 2), wanted.slice(2)]);
    const one = await call<Record<typeof kind, object[]>>("GET", merchant, `${path}?limit=1`);
    const read = await call("GET", merchant, `${path}/${wanted[0]}`);
    expect(one.body[kind]).toEqual([read.body]);
  });

  it.each([
    ["limit=0", "limit must be >= 1"],
    ["limit=501", "limit must be <= 500"],
    ["after=x", "after is no cursor: x"],
    ["after=-1", "after is no cursor: -1"],
    ["after=", "after is empty"],
    ["page=2", "page is unknown; there are limit, after"],
  ])("refuses ?%s", async (query, message) => {
    const { status, body } = await call("GET", shop, `${path}?${query}`);
    expect([status, body]).toEqual([400, { error: { code: "malformed", message } }]);
  });
});

describe("what another merchant has", () => {
  it("is not there", async () => {
    const { user } = await makeUser();
    const { number } = await makeAdAccount();
    const calls: [string, string, object | undefined, string][] = [
      ["GET", `/users/${user.number}`, undefined, "user-unknown"],
      ["PATCH", `/users/${user.number}`, { restricted: true }, "user-unknown"],
      ["DELETE", `/users/${user.number}/apps/naru_sandbox_rest_api_key`, undefined, "user-unknown"],
      ["GET", `/ad-accounts/${number}`, undefined, "ad-account-unknown"],
      ["PATCH", `/ad-accounts/${number}`, { stopped: true }, "ad-account-unknown"],
      ["PATCH", "/credentials/naru_sandbox_rest_api_key", { suspended: true }, "credential-unknown"],
    ];
    for (const [method, path, body, code] of calls) {
      const answer = await call(method, other, path, body);
      expect([path, answer.status, answer.body.error.code]).toEqual([path, 404, code]);
    }
    const theirs = await Promise.all([call("GET", other, "/users"), call("GET", other, "/ad-accounts")]);
    const shown = JSON.stringify(theirs.map(({ body }) => body));
    expect(shown).not.toContain(`"number":${user.number}`);
    expect(shown).not.toContain(`"number":${number}`);
    expect((await call("GET", shop, `/users/${user.number}`)).body).toEqual(user);
    expect((await call("GET", shop, `/ad-accounts/${number}`)).body).toMatchObject({ stopped: false });
  });

  it("is no member of one's own ad accounts", async () => {
    const { user } = await makeUser({}, other);
    const members = [{ user: user.number, role: "master" }];
    const message = `members has ${user.number}, who is no user of this merchant`;
    const made = await call("POST", shop, "/ad-accounts", { name: "광고계정", members });
    expect([made.status, made.body.error.message]).toEqual([400, message]);
    const { number } = await makeAdAccount();
    const changed = await call("PATCH", shop, `/ad-accounts/${number}`, { members, stopped: true });
    expect([changed.status, changed.body.error.message]).toEqual([400, message]);
    expect((await call("GET", shop, `/ad-accounts/${number}`)).body).toMatchObject({ members: [], stopped: false });
  });
});

describe("what is not there", () => {
  it.each([
    ["GET", "/users"],
    ["POST", "/users"],
    ["GET", "/users/1001"],
    ["PATCH", "/users/1001"],
    ["DELETE", "/users/1001/apps/naru_sandbox_rest_api_key"],
    ["GET", "/ad-accounts"],
    ["POST", "/ad-accounts"],
    ["GET", "/ad-accounts/12345"],
    ["PATCH", "/ad-accounts/12345"],
    ["PATCH", "/credentials/naru_sandbox_rest_api_key"],
  ])("is a merchant: %s %s", async (method, path) => {
    const body = method === "POST" ? { name: "하나" } : method === "PATCH" ? { name: "하나" } : undefined;
    const answer = await call(method, "mer_nobody", path, body);
    const error = { code: "merchant-unknown", message: "there is no merchant mer_nobody" };
    expect([answer.status, answer.body]).toEqual([404, { error }]);
  });

  it.each([
    ["GET", "/users/4", {}, "user-unknown", "the merchant has no user 4"],
    ["PATCH", "/users/4", { name: "x" }, "user-unknown", "the merchant has no user 4"],
    ["GET", "/users/0", {}, "user-unknown", "the merchant has no user 0"],
    ["GET", "/users/01001", {}, "user-unknown", "the merchant has no user 01001"],
    ["GET", "/users/me", {}, "user-unknown", "the merchant has no user me"],
    ["GET", "/ad-accounts/4", {}, "ad-account-unknown", "the merchant has no ad account 4"],
    ["GET", "/ad-accounts/-12345", {}, "ad-account-unknown", "the merchant has no ad account -12345"],
    [
      "GET",
      `/ad-accounts/${"9".repeat(40)}`,
      {},
      "ad-account-unknown",
      `the merchant has no ad account ${"9".repeat(40)}`,
    ],
    ["PATCH", "/ad-accounts/4", { stopped: true }, "ad-account-unknown", "the merchant has no ad account 4"],
    ["DELETE", "/users/1001/apps/nothing", {}, "credential-unknown", "the merchant has no app nothing"],
    [
      "DELETE",
      "/users/1001/apps/naru_sandbox_key",
      {},
      "credential-unknown",
      "the merchant has no app naru_sandbox_key",
    ],
    ["PATCH", "/credentials/nothing", { suspended: true }, "credential-unknown", "the merchant has no key nothing"],
  ])("is told of %s %s %j", async (method, path, body, code, message) => {
    const answer = await call(method, demo, path, method === "PATCH" ? body : undefined);
    expect([answer.status, answer.body]).toEqual([404, { error: { code, message } }]);
  });
});

/** What all of it holds, so that a refusal can be seen to change nothing. */
async function stored() {
  const { rows } = await node.database.pool.query(
    `SELECT (SELECT jsonb_agg(u ORDER BY id) FROM users u) AS users, (SELECT jsonb_agg(a ORDER BY id) FROM ad_accounts a)
      AS accounts, (SELECT jsonb_agg(c ORDER BY id) FROM credentials c) AS credentials, (SELECT count(*) FROM events)`,
  );
  return rows;
}

describe("is refused, and nothing is stored of it:", () => {
  const company = { businessRegistrationNumber: "123-45-67890", name: "나루상점" };
  const member = { user: 1_001, role: "master" };
  const companyFields = "businessRegistrationNumber, name";
  const ofAccount = "members, type, ownerCompany, advertiser, businessRight, walletNumber, freeCash";

  it.each<[path: string, body: object, message: string]>([
    ["POST /users", {}, "name is missing"],
    ["POST /users", { name: null }, "name is missing"],
    ["POST /users", { name: " " }, "name is empty"],
    ["POST /users", { name: "가".repeat(41) }, "name may have 40 characters"],
    ["POST /users", { name: "a\0" }, "name has a character that cannot be stored"],
    ["POST /users", { name: "x", number: 0 }, "number must be >= 1"],
    ["POST /users", { name: "x", number: 1_000_000 }, "number must be <= 999999"],
    ["POST /users", { name: "x", number: "ten" }, "number must be integer"],
    ["POST /users", { name: "x", number: 1.5 }, "number must be integer"],
    ["POST /users", { name: "x", restricted: "maybe" }, "restricted must be boolean"],
    ["POST /users", { name: "x", state: "on" }, "state is unknown; there are name, number, restricted, business"],
    ["PATCH /users/1001", { name: "" }, "name is empty"],
    [
      "PATCH /users/1001",
      { restricted: true, number: 7 },
      "number is unknown; there are name, restricted, business, newSignInCode",
    ],
    ["POST /ad-accounts", {}, "name is missing"],
    ["POST /ad-accounts", { name: "가".repeat(81) }, "name may have 80 characters"],
    ["POST /ad-accounts", { name: "x", number: 0 }, "number must be >= 1"],
    ["POST /ad-accounts", { name: "x", cash: 5 }, `cash is unknown; there are name, number, ${ofAccount}`],
    ["POST /ad-accounts", { name: "x", freeCash: -1 }, "freeCash must be >= 0"],
    ["POST /ad-accounts", { name: "x", freeCash: 9_000_000_001 }, "freeCash must be <= 9000000000"],
    ["POST /ad-accounts", { name: "x", walletNumber: 0 }, "walletNumber must be >= 1"],
    ["POST /ad-accounts", { name: "x", type: "T".repeat(21) }, "type may have 20 characters"],
    ["POST /ad-accounts", { name: "x", ownerCompany: "나루상점" }, "ownerCompany must be object"],
    [
      "POST /ad-accounts",
      { name: "x", ownerCompany: { name: "y" } },
      "ownerCompany.businessRegistrationNumber is missing",
    ],
    ["POST /ad-accounts", { name: "x", ownerCompany: { ...company, name: null } }, "ownerCompany.name is missing"],
    ["POST /ad-accounts", { name: "x", advertiser: { ...company, name: " " } }, "advertiser.name is empty"],
    [
      "POST /ad-accounts",
      { name: "x", advertiser: { ...company, owner: "z" } },
      `advertiser.owner is unknown; there are ${companyFields}`,
    ],
    [
      "POST /ad-accounts",
      { name: "x", advertiser: { ...company, businessRegistrationNumber: "1".repeat(21) } },
      "advertiser.businessRegistrationNumber may have 20 characters",
    ],
    ["POST /ad-accounts", { name: "x", businessRight: { number: 1 } }, "businessRight.companyName is missing"],
    [
      "POST /ad-accounts",
      { name: "x", businessRight: { number: null, companyName: "y" } },
      "businessRight.number is missing",
    ],
    ["POST /ad-accounts", { name: "x", members: [{ user: 1_001 }] }, "members.0.role is missing"],
    ["POST /ad-accounts", { name: "x", members: [{ user: null, role: "master" }] }, "members.0.user is missing"],
    ["POST /ad-accounts", { name: "x", members: [{ user: true, role: "master" }] }, "members.0.user must be integer"],
    [
      "POST /ad-accounts",
      { name: "x", members: [member, { user: 1_002, role: "owner" }] },
      "members.1.role must be master, member",
    ],
    ["POST /ad-accounts", { name: "x", members: [{ ...member, role: "" }] }, "members.0.role is empty"],
    [
      "POST /ad-accounts",
      { name: "x", members: [{ ...member, since: "2020" }] },
      "members.0.since is unknown; there are user, role",
    ],
    ["POST /ad-accounts", { name: "x", members: [member, { ...member, role: "member" }] }, "members has 1001 twice"],
    [
      "POST /ad-accounts",
      { name: "x", members: [{ ...member, user: 4 }] },
      "members has 4, who is no user of this merchant",
    ],
    ["POST /ad-accounts", { name: "x", members: Array(101).fill(member) }, "members may have 100 items"],
    ["PATCH /ad-accounts/12345", { state: "paused" }, "state must be on, off, deleted"],
    [
      "PATCH /ad-accounts/12345",
      { stopped: true, members: [{ ...member, user: 4 }] },
      "members has 4, who is no user of this merchant",
    ],
    ["PATCH /ad-accounts/12345", { number: 7 }, `number is unknown; there are name, state, stopped, ${ofAccount}`],
    ["POST /credentials", { dialect: "kakao-moment", redirectUris: ["/callback"] }, bad("/callback")],
    ["POST /credentials", { dialect: "kakao-moment", redirectUris: ["https://a@x/"] }, bad("https://a@x/")],
    ["POST /credentials", { dialect: "kakao-moment", redirectUris: ["https://x/#a"] }, bad("https://x/#a")],
    ["POST /credentials", { dialect: "kakao-moment", redirectUris: ["javascript:1"] }, bad("javascript:1")],
    ["POST /credentials", { dialect: "kakao-moment", redirectUris: [""] }, "redirectUris is empty"],
    [
      "POST /credentials",
      { dialect: "kakao-moment", redirectUris: [`http://x/${"x".repeat(2_048)}`] },
      "redirectUris.0 may have 2048 characters",
    ],
    [
      "POST /credentials",
      { dialect: "kakao-moment", redirectUris: Array(21).fill("http://x/") },
      "redirectUris may have 20 items",
    ],
    ["POST /credentials", { dialect: "kakao-moment", name: "가".repeat(81) }, "name may have 80 characters"],
    ["POST /credentials", { dialect: "iamport", name: "앱" }, "name is of kakao-moment's apps"],
    ["PATCH /credentials/naru_sandbox_rest_api_key", { redirectUris: ["ftp://x/"] }, bad("ftp://x/")],
    ["PATCH /credentials/naru_sandbox_rest_api_key", { suspended: true, testers: ["me"] }, "testers.0 must be integer"],
    [
      "PATCH /credentials/naru_sandbox_rest_api_key",
      { number: 7 },
      "number is unknown; there are name, redirectUris, scopes, secretNeeded, verified, permitted, suspended, testers",
    ],
  ])("%s %j", async (route, body, message) => {
    const [method, path] = route.split(" ") as [string, string];
    const before = await stored();
    const answer = await call(method, demo, path, body);
    expect([answer.status, answer.body]).toEqual([400, { error: { code: "malformed", message } }]);
    expect(await stored()).toEqual(before);
  });

  function bad(uri: string): string {
    return `redirectUris has ${uri}, which is no http or https address without user and fragment`;
  }
});

interface AppAnswer {
  merchant: { credentials: { dialect: string; key: string; settings: object }[] };
  credentials: { kakaoMoment: { restApiKey: string; clientSecret: string } };
}

describe("an app", () => {
  const add = (fields: object) => call<AppAnswer>("POST", shop, "/credentials", { dialect: "kakao-moment", ...fields });

  it("is made with its addresses, and its secret is shown once and stored hashed", async () => {
    const redirectUris = ["https://shop.example/callback?a=1", "http://localhost:3000/callback"];
    const { status, body } = await add({ name: "광고앱", redirectUris: [...redirectUris, redirectUris[0]] });
    const { restApiKey, clientSecret } = body.credentials.kakaoMoment;
    expect([status, restApiKey, clientSecret]).toEqual([
      201,
      expect.stringMatching(/^[0-9a-f]{32}$/),
      expect.stringMatching(/^[\w-]{32}$/),
    ]);
    expect(body.merchant.credentials).toContainEqual({
      dialect: "kakao-moment",
      key: restApiKey,
      createdAt: expect.any(String),
      settings: {
        app: {
          number: expect.any(Number),
          name: "광고앱",
          redirectUris,
          scopes: ["moment_management", "moment_create", "moment_delete", "moment_bizform_result_read"],
          secretNeeded: true,
          verified: true,
          permitted: true,
          suspended: false,
          testers: null,
        },
      },
    });
    const { rows } = await node.database.pool.query("SELECT c::text AS row FROM credentials c");
    const told = (await call("GET", shop, "")).body;
    for (const text of [JSON.stringify(rows), JSON.stringify(told)]) {
      expect(text).toContain(restApiKey);
      expect(text).not.toContain(clientSecret);
    }
  });

  it("bears the merchant's name unless it has one, and a number of its own", async () => {
    const apps = [(await add({})).body, (await add({})).body].map(({ merchant, credentials }) =>
      merchant.credentials.find(({ key }) => key === credentials.kakaoMoment.restApiKey),
    );
    expect(apps).toMatchObject([{ settings: { app: { name: "광고상점" } } }, {}]);
    const [first, second] = apps.map((one) => (one!.settings as { app: { number: number } }).app.number);
    expect(first).not.toBe(second);
  });

  it("is changed field by field, also by many at once", async () => {
    const { restApiKey } = (await add({ redirectUris: ["http://x/a"] })).body.credentials.kakaoMoment;
    const path = `/credentials/${restApiKey}`;
    const appOf = (body: AppAnswer["merchant"]) => body.credentials.find(({ key }) => key === restApiKey)!.settings;
    const changes = [
      { suspended: true },
      { verified: false },
      { permitted: false },
      { secretNeeded: false },
      { testers: [1_001] },
      { scopes: ["moment_management"] },
      { redirectUris: ["http://x/b"] },
      { name: "새 앱" },
    ];
    const answers = await Promise.all(changes.map((change) => call("PATCH", shop, path, change)));
    expect(answers.map(({ status }) => status)).toEqual(changes.map(() => 200));
    const { body } = await call<AppAnswer["merchant"]>("GET", shop, "");
    expect(appOf(body)).toMatchObject({ app: Object.assign({}, ...changes) });
    const freed = await call<AppAnswer["merchant"]>("PATCH", shop, path, { testers: null, suspended: false });
    expect(appOf(freed.body)).toMatchObject({ app: { testers: null, suspended: false, verified: false } });
  });

  it("is taken away", async () => {
    const { restApiKey } = (await add({})).body.credentials.kakaoMoment;
    expect((await call("DELETE", shop, `/credentials/${restApiKey}`)).status).toBe(200);
    expect(JSON.stringify((await call("GET", shop, "")).body)).not.toContain(restApiKey);
    expect((await call("PATCH", shop, `/credentials/${restApiKey}`, { name: "앱" })).status).toBe(404);
  });
});

describe("what is nobody's of a merchant", () => {
  it.each([
    ["an ad account", "UPDATE ad_accounts SET merchant_id = 'mer_nobody' WHERE number = 12347", "merchant mer_nobody"],
    ["a member", `UPDATE ad_accounts SET members = '{"usr_ghost": "master"}' WHERE number = 12347`, "user usr_ghost"],
    ["a token", "UPDATE user_tokens SET user_id = 'usr_ghost'", "user usr_ghost"],
    ["a user", "UPDATE users SET merchant_id = 'mer_nobody' WHERE number = 1002", "merchant mer_nobody"],
  ])("%s is found", async (_what, sql, found) => {
    const own = await startTestNode();
    try {
      await own.expectClean();
      await own.database.pool.query(sql);
      const breaches = await own.expectClean().catch((failure) => failure.actual);
      expect(JSON.stringify(breaches)).toContain(found);
    } finally {
      await own.stop();
    }
  });
});

describe("the demo merchant", () => {
  it("keeps its keys", async () => {
    for (const key of ["naru_sandbox_key", "naru_sandbox_rest_api_key"]) {
      const { status, body } = await call("DELETE", demo, `/credentials/${key}`);
      expect([status, body.error.code]).toEqual([409, "demo-credential"]);
    }
  });

  it("has its business token again when the node starts anew, and what an operator changed stays", async () => {
    const tokenInfo = async (at: TestNode) =>
      (await at.get("/v1/business/tokeninfo", { authorization: "Bearer naru_sandbox_business_token" })).status;
    await withNode({}, async (first) => {
      const unlinked = await call<{ tokens: number }>(
        "DELETE",
        demo,
        "/users/1001/apps/naru_sandbox_rest_api_key",
        undefined,
        first,
      );
      expect([unlinked.status, unlinked.body]).toEqual([200, { tokens: 1 }]);
      expect(await tokenInfo(first)).toBe(400);
      await call("PATCH", demo, "/users/1001", { name: "바뀐 이름" }, first);
      await call("PATCH", demo, "/ad-accounts/12345", { name: "바뀐 계정", freeCash: 5 }, first);
      const second = await startTestNode({ database: first.database });
      try {
        expect(await tokenInfo(second)).toBe(200);
        const [user, account] = await Promise.all([
          call("GET", demo, "/users/1001", undefined, second),
          call("GET", demo, "/ad-accounts/12345", undefined, second),
        ]);
        expect([user.body, account.body]).toMatchObject([{ name: "바뀐 이름" }, { name: "바뀐 계정", freeCash: 5 }]);
        expect((await call("GET", demo, "/users", undefined, second)).body).toMatchObject({
          users: [{ number: 1_001 }, { number: 1_002 }],
        });
      } finally {
        await second.stop();
      }
    });
  });

  it("has other numbers where those of a former one are taken, and tells them", async () => {
    const database = await createDatabase();
    try {
      // Its credentials were made for strangers to reach it, so its demo merchant is another.
      const env = {
        NARU_HOST: "0.0.0.0",
        NARU_PUBLIC_URL: "http://127.0.0.1:0",
        NARU_OPERATOR_TOKEN: "operator-token-0001",
      };
      await withNode({ database, env }, async (exposed) => {
        const headers = { authorization: `Bearer ${env.NARU_OPERATOR_TOKEN}` };
        const { body } = await exposed.get<DemoCredentials>("/naru/v1/sandbox/credentials", headers);
        expect(body.kakaoMoment).toMatchObject({ adAccountId: 12_345, userId: 1_001 });
        expect(body.kakaoMoment.businessToken).not.toBe("naru_sandbox_business_token");
      });
      let told: DemoCredentials["kakaoMoment"] | undefined;
      for (const _start of ["first", "second"]) {
        await withNode({ database }, async (open) => {
          const { kakaoMoment } = (await open.get<DemoCredentials>("/naru/v1/sandbox/credentials")).body;
          told ??= kakaoMoment;
          expect(kakaoMoment).toEqual(told);
          expect([kakaoMoment.adAccountId, kakaoMoment.userId].every((number) => number > 999_999)).toBe(true);
          const headers = {
            authorization: `Bearer ${kakaoMoment.businessToken}`,
            adAccountId: String(kakaoMoment.adAccountId),
          };
          const { body } = await open.get<object>("/openapi/v4/adAccounts/balance", headers);
          expect(body).toMatchObject({ id: kakaoMoment.adAccountId, cash: 0 });
        });
      }
    } finally {
      await database.drop();
    }
  });

  it("is told that an app is unlinked that no token was given to", async () => {
    const { body } = await call("DELETE", demo, "/users/1002/apps/naru_sandbox_rest_api_key");
    expect(body).toEqual({ tokens: 0 });
  });
});
