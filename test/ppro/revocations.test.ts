/** Agreements that are taken back: by the merchant, by the consumer, by the provider; once, and for good. */
import { describe, expect, it } from "vitest";
import { heardOf, type PproBody, PproClient, requestUrlOf } from "../support/ppro.ts";
import { useNode, useReceiver } from "../support/scenario.ts";

const node = useNode({ env: { NARU_PPRO_RATE: "100000" } });
const shop = useReceiver();
const client = () => new PproClient(node);

const alone = { initialPaymentCharge: undefined };

interface Revoked {
  id: string;
  state: string;
  error?: { code: string; message: string };
}

/** As the consumer, or the provider, does in the sandbox. */
function takeBack(id: string, body: object) {
  return node.post<Revoked>(`/naru/v1/sandbox/agreements/${id}/revocation`, body);
}

const agreed = (): Promise<PproBody> => client().agreed({ ...alone, webhooksUrl: shop.url });

const revokers: [by: string, status: string, revoke: (id: string) => Promise<unknown>][] = [
  ["the merchant", "REVOKED_BY_MERCHANT", (id) => client().revoke(id)],
  ["the consumer", "REVOKED_BY_CONSUMER", (id) => takeBack(id, { by: "consumer" })],
  ["the provider", "REVOKED_BY_PROVIDER", (id) => takeBack(id, { by: "provider" })],
];

describe.each(revokers)("an agreement that %s revokes", (_, status, revoke) => {
  it(`is ${status}, and says so`, async () => {
    const { id, history, instrumentId } = await agreed();
    await revoke(id);
    const { body } = await client().agreement(id);
    expect(body).toMatchObject({
      status,
      instrumentId,
      revocations: [{ id: expect.stringMatching(/^rev_/), revocationStatus: status, createdAt: body.updatedAt }],
    });
    expect(body.history.slice(0, -1)).toEqual(history);
    expect(body.history.at(-1)).toMatchObject({ status, createdAt: body.updatedAt });
    expect(body).not.toHaveProperty("failure");
    const heard = await heardOf(shop, 4, { about: id });
    expect(heard.map(({ type }) => type).slice(2)).toEqual(["PAYMENT_AGREEMENT_ACTIVE", `PAYMENT_AGREEMENT_${status}`]);
    expect(heard[3]!.data).toEqual({
      paymentAgreementId: id,
      paymentAgreementStatus: status,
      paymentMethod: "KAKAOPAY",
      merchantId: client().credentials.merchantId,
      type: `PAYMENT_AGREEMENT_${status}`,
    });
  });

  it("cannot be revoked again by anybody", async () => {
    const { id } = await agreed();
    await revoke(id);
    const before = (await client().agreement(id)).body;
    const { status: answered, body } = await client().revoke(id);
    expect([answered, body]).toMatchObject([
      200,
      { status: "FAILED", failure: { failureType: "INTERNAL_DECLINE", failureCode: "AGREEMENT_REVOKED" } },
    ]);
    for (const by of ["consumer", "provider"]) {
      const again = await takeBack(id, { by });
      expect([again.status, again.body]).toMatchObject([409, { error: { code: "agreement-not-active" } }]);
    }
    expect((await client().agreement(id)).body).toEqual(before);
    await heardOf(shop, 4, { about: id });
  });

  it("keeps what was charged under it, which can be refunded", async () => {
    const { id } = await agreed();
    const charge = (await client().chargeUnder(id)).body;
    await revoke(id);
    expect((await client().get(charge.id)).body).toEqual(charge);
    expect((await client().refund(charge.id, 15_000)).body.status).toBe("REFUNDED");
    expect((await client().chargeUnder(id)).body).toMatchObject({
      status: "FAILED",
      failure: { failureCode: "AGREEMENT_REVOKED" },
    });
  });

  it("has no key to the wallet any more", async () => {
    const { id } = await agreed();
    const held = async () =>
      (await node.database.pool.query("SELECT billing_key_encrypted AS key FROM agreements WHERE wire_id = $1", [id]))
        .rows;
    expect(await held()).toEqual([{ key: expect.any(String) }]);
    await revoke(id);
    expect(await held()).toEqual([{ key: null }]);
  });
});

describe("a revocation", () => {
  it("says no more than that it was made", async () => {
    const { id } = await agreed();
    expect((await client().revoke(id)).body).toEqual({ status: "REVOKED" });
    const other = await agreed();
    const { status, body } = await takeBack(other.id, { by: "consumer" });
    expect([status, body]).toEqual([
      200,
      { id: other.id, state: "revoked-by-consumer", revokedAt: (await client().agreement(other.id)).body.updatedAt },
    ]);
  });

  it("that comes twice with its key is answered alike, and counts once", async () => {
    const { id } = await agreed();
    const [first, again] = [await client().revoke(id, { key: id }), await client().revoke(id, { key: id })];
    expect(again.text).toBe(first.text);
    expect(again.headers["request-idempotency"]).toBe("true");
    expect((await client().agreement(id)).body.revocations).toHaveLength(1);
  });

  it("is made once when many come at once", async () => {
    const { id } = await agreed();
    const answers = await Promise.all([
      ...Array.from({ length: 5 }, async () => (await client().revoke(id)).body.status === "REVOKED"),
      ...Array.from({ length: 5 }, async () => (await takeBack(id, { by: "consumer" })).status === 200),
    ]);
    expect(answers.filter((isMade) => isMade)).toHaveLength(1);
    expect((await client().agreement(id)).body.revocations).toHaveLength(1);
    await heardOf(shop, 4, { about: id });
  });

  it("meets charges that are made at the same moment: each is taken, or fails by it", async () => {
    const { id } = await agreed();
    const [, ...made] = await Promise.all([
      client().revoke(id),
      ...Array.from({ length: 8 }, () => client().chargeUnder(id)),
    ]);
    const codes = ["AGREEMENT_REVOKED", "INVALID_MANDATE_ID"];
    for (const { body } of made) {
      if (body.status !== "CAPTURED") expect(codes).toContain(body.failure.failureCode);
    }
    expect((await client().agreement(id)).body.status).toBe("REVOKED_BY_MERCHANT");
  });

  const inactive: [string, (body: PproBody) => Promise<unknown>, state: string][] = [
    ["waits for the shopper", async () => {}, "authenticating"],
    ["failed", (body) => client().checkout(requestUrlOf(body), { decision: "cancel" }), "failed"],
  ];

  it.each(inactive)("of an agreement that %s fails, and changes nothing", async (_, become, state) => {
    const { body } = await client().agree({ ...alone, webhooksUrl: shop.url });
    await become(body);
    const before = (await client().agreement(body.id)).body;
    expect((await client().revoke(body.id)).body).toMatchObject({
      status: "FAILED",
      failure: { failureType: "INTERNAL_DECLINE", failureCode: "AGREEMENT_INACTIVE" },
    });
    for (const by of ["consumer", "provider"]) {
      expect(await takeBack(body.id, { by })).toMatchObject({
        status: 409,
        body: {
          error: { code: "agreement-not-active", message: `the agreement ${body.id} is ${state}, not active` },
        },
      });
    }
    expect((await client().agreement(body.id)).body).toEqual(before);
  });

  it("of an agreement that is not there is refused", async () => {
    const id = "agr_aaaaaaaaaaaaaaaaaaaaa";
    expect(await client().revoke(id)).toMatchObject({
      status: 404,
      body: { failureMessage: "Payment agreement not found" },
    });
    expect(await takeBack(id, { by: "consumer" })).toMatchObject({
      status: 404,
      body: { error: { code: "agreement-unknown", message: `there is no agreement ${id}` } },
    });
  });

  it.each([
    [{}, "by is missing"],
    [{ by: "merchant" }, "by must be consumer, provider"],
    [{ by: "" }, "by is empty"],
    [{ by: "consumer", why: "tired" }, "why is unknown; there are by"],
  ])("by the sandbox with %j is refused", async (body, message) => {
    const { id } = await agreed();
    expect(await takeBack(id, body)).toMatchObject({ status: 400, body: { error: { message } } });
    expect((await client().agreement(id)).body.status).toBe("ACTIVE");
  });

  it.each<[string, string | object | undefined, number]>([
    ["an empty object", {}, 200],
    ["fields that nobody knows", { reason: "tired" }, 200],
    ["no body", undefined, 200],
    ["a list", "[]", 400],
    ["what is no JSON", "{", 400],
  ])("with %s is answered", async (_, body, status) => {
    const { id } = await agreed();
    const path = `/v1/payment-agreements/${id}/revocations`;
    const answer = await client().call("POST", path, body === undefined ? {} : { body });
    expect(answer.status).toBe(status);
    expect((await client().agreement(id)).body.status).toBe(status === 200 ? "REVOKED_BY_MERCHANT" : "ACTIVE");
  });
});
