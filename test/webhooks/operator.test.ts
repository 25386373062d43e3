/** Webhooks as an operator looks at them, and sending them again. */
import { expect, it } from "vitest";
import { eventually } from "../support/client.ts";
import { useNode, useReceiver } from "../support/scenario.ts";

const node = useNode();
const shop = useReceiver();

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

interface Delivery {
  id: string;
  state: string;
  attempts: number;
  wireId: string;
  createdAt: string;
}

async function list(query: string) {
  const { body } = await node.get<{ deliveries: Delivery[]; cursor: string | null }>(`/naru/v1/deliveries?${query}`);
  return body;
}

/** Issues a payment whose announcement is over, and returns it with the delivery. */
async function announced(status: number, url = shop.url) {
  shop.status = status;
  const issued = await node.issue({ notice_url: url });
  const { payment } = await node.timeline(issued.imp_uid);
  const delivery = await eventually(async () => {
    const { deliveries } = await list(`paymentId=${payment.id}`);
    return deliveries[0]?.state !== "pending" && deliveries[0];
  });
  return { issued, payment, delivery };
}

function resend(body: object) {
  return node.post<{ resent: number; cursor: string | null; error: { message: string } }>(
    "/naru/v1/deliveries/resend",
    body,
  );
}

it("webhooks are listed newest first, with the order they are about and the last attempt", async () => {
  const taken = await announced(200);
  const refused = await announced(404);
  const all = await list("");
  expect(all.deliveries.slice(0, 2)).toMatchObject([
    {
      id: refused.delivery.id,
      eventType: "payment.ready",
      reference: refused.issued.merchant_uid,
      wireId: refused.issued.imp_uid,
      url: shop.url,
      state: "exhausted",
      attempts: 1,
      lastAttempt: { attempt: 1, startedAt: expect.stringMatching(time), status: 404, error: null },
    },
    { id: taken.delivery.id, state: "delivered", lastAttempt: { status: 200 } },
  ]);
  expect(all.deliveries[0]).not.toHaveProperty("body");
  const first = await list("limit=1");
  expect((await list(`limit=1&after=${first.cursor}`)).deliveries[0]!.id).toBe(taken.delivery.id);
  const { createdAt } = refused.delivery;
  expect((await list(`from=${createdAt}&state=exhausted`)).deliveries.map(({ id }) => id)).toEqual([
    refused.delivery.id,
  ]);
  expect((await list(`to=${createdAt}&state=exhausted`)).deliveries).toEqual([]);
  expect((await list("merchantId=mer_nobody")).deliveries).toEqual([]);
  expect((await list(`url=${encodeURIComponent("http://other.example/")}`)).deliveries).toEqual([]);
});

it("one webhook is shown with its bytes and every attempt, and sent again", async () => {
  const { delivery, issued } = await announced(500);
  shop.status = 200;
  const path = `/naru/v1/deliveries/${delivery.id}`;
  expect((await node.post<object>(`${path}/resend`, {})).status).toBe(202);
  const shown = await eventually(async () => {
    const { body } = await node.get<Delivery & { body: string; attemptLog: object[] }>(path);
    return body.state === "delivered" && body;
  });
  expect(JSON.parse(shown.body)).toMatchObject({ imp_uid: issued.imp_uid, status: "ready" });
  expect(shown.attemptLog).toMatchObject([
    { attempt: 1, status: 500, answer: "OK" },
    { attempt: 2, status: 200, answer: "OK" },
  ]);
});

it("a webhook that is being sent is not sent beside itself", async () => {
  shop.status = undefined;
  const issued = await node.issue({ notice_url: shop.url });
  await eventually(async () => shop.received.some((one) => one.body.includes(String(issued.imp_uid))));
  const { payment } = await node.timeline(issued.imp_uid);
  const [delivery] = (await list(`paymentId=${payment.id}`)).deliveries;
  const answer = await node.post(`/naru/v1/deliveries/${delivery!.id}/resend`, {});
  expect([answer.status, answer.body]).toMatchObject([409, { error: { code: "delivery-under-way" } }]);
  shop.status = 200;
});

it("many are sent again page by page, the exhausted ones unless others are meant", async () => {
  const url = `${shop.url}/many`;
  const lost = [await announced(500, url), await announced(500, url), await announced(500, url)];
  await announced(200, url);
  shop.status = 200;
  const first = await resend({ url, limit: 2 });
  expect([first.status, first.body]).toEqual([202, { resent: 2, cursor: lost[1]!.delivery.id }]);
  expect((await resend({ url, limit: 2, after: first.body.cursor })).body).toEqual({ resent: 1, cursor: null });
  await eventually(async () => {
    const { deliveries } = await list(`url=${encodeURIComponent(url)}`);
    return deliveries.length === 4 && deliveries.every(({ state }) => state === "delivered");
  });
  expect((await resend({ url })).body).toEqual({ resent: 0, cursor: null });
  expect((await resend({ paymentId: lost[0]!.payment.id, state: "delivered" })).body.resent).toBe(1);
});

it.each([
  [{}, "give at least one of merchantId, paymentId, url, from and to"],
  [{ state: "exhausted" }, "give at least one of merchantId, paymentId, url, from and to"],
  [{ from: "2030-01-01T00:00:00Z", state: "lost" }, "state must be pending, delivered, exhausted"],
  [{ from: "2030-13-01T00:00:00Z" }, "from must be an ISO 8601 date-time such as 2030-01-01T00:00:00Z"],
  [{ url: "http://x/", after: "nonsense" }, "after is no cursor: nonsense"],
])("%j is not sent again", async (body, message) => {
  const answer = await resend(body);
  expect([answer.status, answer.body.error.message]).toEqual([400, message]);
});

it("a webhook that is not there is unknown", async () => {
  expect((await node.get<object>("/naru/v1/deliveries/dlv_nothing")).status).toBe(404);
  expect((await node.post<object>("/naru/v1/deliveries/dlv_nothing/resend", {})).status).toBe(404);
});
