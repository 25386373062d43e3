/** Headers that a merchant has added to its webhooks: sent with each, never shown again, encrypted where they are kept. */
import { describe, expect, it } from "vitest";
import { eventually } from "../support/client.ts";
import { newMerchant, operate, set } from "../support/merchants.ts";
import { webhooksOf } from "../support/ppro.ts";
import { useNode, useReceiver } from "../support/scenario.ts";

const node = useNode({ env: { NARU_PPRO_RATE: "100000" } });
const shop = useReceiver();

const secretValue = "Bearer of-the-shop-and-nobody-else";

const heardAt = (path: string) => shop.received.filter((one) => one.path === path);

describe("headers that a merchant adds", () => {
  it("are sent with every webhook, beside its own", async () => {
    const merchant = await newMerchant(node, {
      webhooksUrl: `${shop.url}/sent`,
      webhookHeaders: { Authorization: secretValue, "X-Shop": "naru" },
    });
    await merchant.client.charge({ paymentMethod: "MOCK" });
    await merchant.client.agreed({ initialPaymentCharge: undefined });
    await eventually(async () => heardAt("/hook/sent").length === 6);
    for (const { headers } of heardAt("/hook/sent")) {
      expect(headers).toMatchObject({ authorization: secretValue, "x-shop": "naru" });
    }
    const secret = merchant.shown.webhookSigningSecret;
    expect(webhooksOf({ received: heardAt("/hook/sent") }, { secret })).toHaveLength(6);
  });

  it("are those of the moment of each attempt", async () => {
    const merchant = await newMerchant(node, {
      webhooksUrl: `${shop.url}/moment`,
      webhookEvents: ["PAYMENT_CHARGE_CREATED"],
      webhookHeaders: { "x-key": "old" },
    });
    shop.status = 500;
    await merchant.client.charge({ paymentMethod: "MOCK" });
    await eventually(async () => heardAt("/hook/moment").length === 1);
    shop.status = 200;
    await set(node, merchant, { webhookHeaders: { "x-key": "new", "x-more": "1" } });
    await node.moveClock("PT20S");
    await eventually(async () => heardAt("/hook/moment").length === 2);
    await set(node, merchant, { webhookHeaders: null });
    await merchant.client.charge({ paymentMethod: "MOCK" });
    await eventually(async () => heardAt("/hook/moment").length === 3);
    const keys = heardAt("/hook/moment").map(({ headers }) => [headers["x-key"], headers["x-more"]]);
    expect(keys).toEqual([
      ["old", undefined],
      ["new", "1"],
      [undefined, undefined],
    ]);
  });

  it("are another merchant's not", async () => {
    await newMerchant(node, { webhookHeaders: { "x-mine": "1" } });
    const other = await newMerchant(node, { webhooksUrl: `${shop.url}/other` });
    await other.client.charge({ paymentMethod: "MOCK" });
    await eventually(async () => heardAt("/hook/other").length === 3);
    for (const { headers } of heardAt("/hook/other")) expect(headers).not.toHaveProperty("x-mine");
  });

  it("are never shown again, and nowhere in clear", async () => {
    const merchant = await newMerchant(node, { webhooksUrl: `${shop.url}/hidden` });
    const settings = { webhookHeaders: { Authorization: secretValue } };
    const hidden = { authorization: "***" };
    const patched = await operate(node, "PATCH", `/merchants/${merchant.id}`, { settings });
    expect(patched.body.settings.webhookHeaders).toEqual(hidden);
    const charge = (await merchant.client.charge({ paymentMethod: "MOCK" })).body;
    await eventually(async () => heardAt("/hook/hidden").length === 3);
    const made = await operate(node, "POST", "/merchants", { name: "상점", settings });
    expect(made.body.merchant.settings.webhookHeaders).toEqual(hidden);

    const [delivery] = (await node.timeline(charge.id)).deliveries;
    const looks = [
      `/merchants/${merchant.id}`,
      "/merchants?limit=500",
      `/deliveries?merchantId=${merchant.id}`,
      `/deliveries/${delivery.id}`,
    ];
    for (const path of looks) {
      const shown = JSON.stringify((await node.get(`/naru/v1${path}`)).body);
      expect(shown).toContain(merchant.id);
      expect(shown).not.toContain(secretValue);
    }
    expect(JSON.stringify(await node.timeline(charge.id))).not.toContain(secretValue);
    const { pool } = node.database;
    const { rows } = await pool.query(
      "SELECT m::text AS row FROM merchants m UNION ALL SELECT d::text FROM deliveries d",
    );
    expect(JSON.stringify(rows)).toContain("authorization");
    expect(JSON.stringify(rows)).not.toContain(secretValue);
  });
});

describe("a header is refused", () => {
  const reserved =
    "connection content-length content-type expect host keep-alive naru-delivery-id ppro-signature te trailer transfer-encoding upgrade user-agent webhook-signature".split(
      " ",
    );
  const patch = async (webhookHeaders: unknown) => {
    const merchant = await newMerchant(node);
    const { status, body } = await operate(node, "PATCH", `/merchants/${merchant.id}`, {
      settings: { webhookHeaders },
    });
    return [status, body.error?.message];
  };

  it.each([...reserved, "PPRO-Signature", "Content-Type"])("that is not the merchant's: %s", async (name) => {
    expect(await patch({ [name]: "x" })).toEqual([
      400,
      `settings.webhookHeaders has ${name}, which is not yours to set`,
    ]);
  });

  it.each<[string, unknown, string]>([
    ["by a name that is none", { "x y": "1" }, "has x y, which is no header"],
    ["by an empty name", { "": "1" }, "has , which is no header"],
    ["by a name with a line break", { "x\ny": "1" }, "has x\ny, which is no header"],
    ["by a name too long", { ["x".repeat(61)]: "1" }, `has ${"x".repeat(61)}, which is no header`],
    ["with a line break", { x: "1\r\ny: 2" }, "needs ASCII text of at most 500 characters for x"],
    ["in another script", { x: "나루" }, "needs ASCII text of at most 500 characters for x"],
    ["of nothing", { x: "" }, "needs ASCII text of at most 500 characters for x"],
    ["of a number", { x: 1 }, "needs ASCII text of at most 500 characters for x"],
    ["too long", { x: "y".repeat(501) }, "needs ASCII text of at most 500 characters for x"],
    ["in a list", ["x"], "must be an object"],
    ["as text", "x: y", "must be an object"],
    ["one too many", Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`x${n}`, "1"])), "may have 10 headers"],
  ])("%s", async (_, headers, message) => {
    expect(await patch(headers)).toEqual([400, `settings.webhookHeaders ${message}`]);
  });

  it("and otherwise all that HTTP takes is sent", async () => {
    const odd = {
      "x!#$%&'*+.^_`|~-": "a",
      cookie: "a=b",
      "x-long": "y".repeat(500),
      "x-all": ` !"#$%&'()*+,/:;<=>?@[]^_{|}~`,
    };
    const merchant = await newMerchant(node, { webhooksUrl: `${shop.url}/odd`, webhookHeaders: odd });
    await merchant.client.charge({ paymentMethod: "MOCK" });
    await eventually(async () => heardAt("/hook/odd").length === 3);
    const { "x-all": all, ...others } = odd;
    expect(heardAt("/hook/odd")[0]!.headers).toMatchObject({ ...others, "x-all": all.trim() });
  });
});
