/** Banks, card companies and the merchant's own channels, as clients look them up. */
import { describe, expect, it } from "vitest";
import { encodings, type Fields } from "../support/client.ts";
import { otherMerchant, useNode } from "../support/scenario.ts";

const node = useNode();

const known = {
  banks: {
    "001": "한국은행",
    "002": "산업은행",
    "003": "기업은행",
    "004": "국민은행",
    "011": "농협은행",
    "020": "우리은행",
    "027": "한국씨티은행",
    "071": "우체국",
    "081": "하나은행",
    "088": "신한은행",
    "089": "케이뱅크",
    "090": "카카오뱅크",
    "092": "토스뱅크",
    "209": "유안타증권",
    "298": "현대선물",
  },
  cards: {
    "361": "BC",
    "381": "KB",
    "367": "현대",
    "365": "삼성",
    "368": "롯데",
    "371": "NH",
    "041": "우리",
    "374": "하나SK",
    "366": "신한",
    "369": "수협",
    "090": "카카오뱅크",
    "10001": "해외은련",
    "10006": "해외JCB",
  },
};

describe.each(["banks", "cards"] as const)("%s", (kind) => {
  it.each(encodings)("are listed, each once and in order (%s)", async (encoding) => {
    const { status, body } = await node.iamport("GET", `/${kind}`, {}, encoding);
    expect(status).toBe(200);
    const listed = Object.fromEntries(body.response.map((one: Fields) => [one.code, one.name]));
    expect(Object.keys(listed)).toHaveLength(body.response.length);
    for (const [code, name] of Object.entries(known[kind]))
      expect([code, listed[code]]).toEqual([code, expect.stringContaining(name)]);
  });

  it("are told one by one, in the words of the list", async () => {
    const { body } = await node.iamport("GET", `/${kind}`);
    for (const one of body.response) {
      const { status, body: single } = await node.iamport("GET", `/${kind}/${one.code}`);
      expect([status, single.response]).toEqual([200, one]);
    }
  });

  it.each(["000", "999", "BK888", "abc", "%20", "constructor", "__proto__"])("do not know %s", async (code) => {
    for (const encoding of encodings) {
      const { status, body } = await node.iamport("GET", `/${kind}/${code}`, {}, encoding);
      expect([status, body]).toEqual([404, { code: -1, message: expect.any(String), response: null }]);
    }
  });
});

describe("a bank", () => {
  it.each([
    ["088", "088", "신한은행"],
    ["88", "088", "신한은행"],
    ["BK88", "088", "신한은행"],
    ["4", "004", "국민은행"],
    ["04", "004", "국민은행"],
    ["BK04", "004", "국민은행"],
  ])("may be named %s, and is shown with three digits", async (spelling, code, name) => {
    for (const encoding of encodings) {
      const { status, body } = await node.iamport("GET", `/banks/${spelling}`, {}, encoding);
      expect([status, body.response]).toEqual([200, { code, name }]);
    }
  });
});

describe("a card company", () => {
  it.each(["88", "BK88", "4", "41"])("has no other spelling: %s", async (code) => {
    expect((await node.iamport("GET", `/cards/${code}`)).status).toBe(404);
  });
});

describe("channels", () => {
  it.each(encodings)("are those of the merchant (%s)", async (encoding) => {
    const { status, body } = await node.iamport("GET", "/users/pg", {}, encoding);
    expect(status).toBe(200);
    const settings: Fields[] = body.response;
    for (const one of settings) expect(one).toMatchObject({ sandbox: true, type: "api_payment" });
    const pairs = settings.map((one) => `${one.pg_provider}.${one.pg_id}`);
    const expected =
      "nice.naru00000m nice.narumixed0m nice_v2.narunicev2m html5_inicis.naruinicis settle.narusettle0 tosspayments.narutoss00 ksnet.naruksnet00 smartro_v2.narusmartro welcome.naruwelcome kcp.narukcp000 daou.narudaou00 danal.narudanal0 kicc.narukicc00 smartro.narusmarold mobilians.narumobil00 kakaopay.narukakao00";
    expect(pairs.sort()).toEqual(expected.split(" ").sort());
    expect(new Set(settings.map((one) => one.channel_key)).size).toBe(settings.length);
    expect(settings.find((one) => one.pg_id === "naru00000m")).toMatchObject({
      channel_key: "channel-key-naru_sandbox_key",
    });
  });

  it("can each be issued through by key, but for those without a contract", async () => {
    const { body } = await node.iamport("GET", "/users/pg");
    for (const { channel_key, pg_provider, pg_id } of body.response) {
      const pg = pg_id === "narumixed0m" ? `${pg_provider}.${pg_id}` : pg_provider;
      const { body: issued } = await node.tryIssue({ pg, channel_key });
      if (pg_provider === "kakaopay") expect(issued.message).toContain("계약이 필요합니다.");
      else expect([pg, issued.response]).toMatchObject([pg, { pg_provider, pg_id }]);
    }
  });

  it("of another merchant have keys of their own", async () => {
    const other = await otherMerchant(node);
    const [mine, theirs] = await Promise.all(
      [node, other].map(async (client) => {
        const { body } = await client.iamport("GET", "/users/pg");
        return body.response.map((one: Fields) => one.channel_key) as string[];
      }),
    );
    expect(theirs!.filter((key) => mine!.includes(key))).toEqual([]);
  });
});
