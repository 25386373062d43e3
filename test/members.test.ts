/** Members as operators bring them over and look at them. */
import { beforeAll, describe, expect, it } from "vitest";
import { demoMerchant } from "./support/consent.ts";
import { operate } from "./support/merchants.ts";
import { otherMerchant, useNode } from "./support/scenario.ts";

const node = useNode();

const person = { name: "나이관", birthDate: "19900102", gender: "Female", password: "135790" };
const card = { number: "9491331234567890", par: "Q180ABCDEFABCDEFABCDEFABCDE", expiry: "3012" };
/** Of one of the people whom the sandbox's PG knows, who is not this member. */
const account = { bankCode: "004", number: "3333015555556", holder: "한배코", birthDate: "19800704" };
let made = 0;

function wanted(more: object = {}) {
  made += 1;
  return { ...person, loginId: `moved-${made}`, ...more };
}

function bring(fields: object, merchant = demoMerchant) {
  return operate(node, "POST", `/merchants/${merchant}/members`, fields);
}

async function newMerchant(): Promise<string> {
  return (await operate(node, "POST", "/merchants", { name: "이관 상점" })).body.merchant.id;
}

describe("a member from elsewhere", () => {
  it("comes with number, card and account, and is shown without saying whose they are", async () => {
    const fields = wanted({ number: "18446744073709551557", card, account });
    const { status, body } = await bring(fields);
    expect([status, body]).toEqual([
      201,
      {
        number: "18446744073709551557",
        state: "active",
        balance: 0,
        autoChargeAmount: null,
        autoChargeBelow: null,
        createdAt: expect.any(String),
        cards: [
          { par: card.par, numberMasked: "***890", expiry: "3012", state: "active", serviceId: "000170000002000" },
        ],
        accounts: [
          {
            accountId: expect.stringMatching(/^[0-9A-Z]{5}$/),
            purpose: "charge",
            state: "registered",
            bankCode: "004",
            numberMasked: "***556",
            registeredAt: expect.any(String),
          },
        ],
      },
    ]);
    const again = await bring(fields);
    expect([again.status, again.body]).toEqual([200, body]);
    const { rows } = await node.database.pool.query(
      "SELECT m::text AS row FROM members m UNION ALL SELECT c::text FROM cards c UNION ALL SELECT l::text FROM linked_accounts l UNION ALL SELECT e::text FROM events e",
    );
    for (const secret of [card.number, account.number, person.name, fields.loginId, person.password]) {
      expect(JSON.stringify(rows)).not.toContain(secret);
      expect(JSON.stringify(body)).not.toContain(secret);
    }
  });

  it("gets a number and a card when none is chosen", async () => {
    const { status, body } = await bring(wanted());
    expect([status, body.accounts]).toEqual([201, []]);
    expect(body.number).toMatch(/^500002\d{5,}$/);
    expect(body.cards).toMatchObject([{ par: expect.stringMatching(/^Q180[0-9A-F]{23}$/) }]);
  });

  it("whose numbers differ by one is told from the other beyond 2^53", async () => {
    const numbers = ["9007199254740993", "9007199254740992"];
    const answers = await Promise.all(numbers.map((number) => bring(wanted({ number }))));
    expect(answers.map(({ status, body }) => [status, body.number])).toEqual(numbers.map((number) => [201, number]));
    const rounded = await node.request<{ error: { message: string } }>(
      "POST",
      `/naru/v1/merchants/${demoMerchant}/members`,
      {
        headers: { "content-type": "application/json" },
        body: JSON.stringify(wanted({ number: "N" })).replace('"N"', "9007199254740995"),
      },
    );
    expect([rounded.status, rounded.body.error.message]).toEqual([400, "number must be a text of its digits"]);
  });

  it("is one, however many bring the same number at once", async () => {
    const same = wanted({ number: "70000000001", account });
    const answers = await Promise.all([1, 2, 3, 4].map(() => bring(same)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
    const others = await Promise.all([1, 2, 3].map(() => bring(wanted({ number: "70000000002" }))));
    expect(others.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });

  it("is refused a number, a card or a name that another has", async () => {
    const held = { ...card, number: "9491330000000003", par: `${card.par.slice(0, -1)}3` };
    const taken = wanted({ number: "70000000003", card: held });
    expect((await bring(taken)).status).toBe(201);
    const codeOf = async (fields: object, merchant?: string) => (await bring(fields, merchant)).body.error?.code;
    const other = await newMerchant();
    expect(await codeOf(wanted({ number: "70000000003" }))).toBe("number-taken");
    expect(await codeOf(wanted({ number: "70000000003" }), other)).toBe("number-taken");
    expect(await codeOf(wanted({ card: held }))).toBe("number-taken");
    expect(await codeOf({ ...wanted(), loginId: taken.loginId })).toBe("member-exists");
    // Names are each merchant's own.
    expect((await bring({ ...wanted(), loginId: taken.loginId }, other)).status).toBe(201);
  });

  it("whose account the PG refuses is there without it", async () => {
    const refused = await bring(
      wanted({ number: "70000000004", account: { bankCode: "088", number: "003123456789" } }),
    );
    expect([refused.status, refused.body.error.code]).toEqual([409, "account-refused"]);
    const { body } = await node.get<{ members: { number: string; accounts: object[] }[] }>(
      `/naru/v1/merchants/${demoMerchant}/members?limit=500`,
    );
    expect(body.members.find(({ number }) => number === "70000000004")).toMatchObject({ accounts: [] });
    expect(JSON.stringify(body)).not.toContain("003123456789");
  });
});

describe("a merchant's members", () => {
  let merchant: string;
  beforeAll(async () => {
    merchant = await newMerchant();
    for (let count = 0; count < 3; count += 1) await bring(wanted(), merchant);
  });

  it("are listed by the page, and are nobody else's", async () => {
    type Page = { members: { number: string }[]; cursor: string | null };
    const page = async (query: string, of = merchant) =>
      (await node.get<Page>(`/naru/v1/merchants/${of}/members${query}`)).body;
    const all = await page("");
    expect([all.members.length, all.cursor]).toEqual([3, null]);
    const first = await page("?limit=2");
    expect(first.members).toEqual(all.members.slice(0, 2));
    const rest = await page(`?limit=2&after=${first.cursor}`);
    expect([rest.members, rest.cursor]).toEqual([all.members.slice(2), null]);
    await otherMerchant(node);
    expect((await page("", await newMerchant())).members).toEqual([]);
  });

  it.each([
    ["without a name", { name: undefined }, "name is missing"],
    ["with a day of birth that is none", { birthDate: "19900230" }, "birthDate must be a day as yyyyMMdd"],
    ["with a password that is none", { password: "12345" }, "password must be a text that matches ^[0-9]{6}$"],
    ["with a number that is none", { number: "0123" }, "number must be a text that matches"],
    ["with a number too long", { number: "1".repeat(21) }, "number must be a text that matches"],
    ["with a card that is none", { card: { ...card, number: "949133" } }, "card.number must be a text that matches"],
    ["with a field that is none", { cvc: "211" }, "cvc is unknown"],
    ["with a card's CVC", { card: { ...card, cvc: "211" } }, "card.cvc is unknown"],
  ])("do not come %s", async (_, fields, message) => {
    const { status, body } = await bring({ ...wanted(), ...fields }, merchant);
    expect([status, body.error.message]).toEqual([400, expect.stringContaining(message)]);
  });

  it("do not come to a merchant that is not there", async () => {
    const { status, body } = await bring(wanted(), "mer_nobody");
    expect([status, body.error.code]).toEqual([404, "merchant-unknown"]);
  });
});
