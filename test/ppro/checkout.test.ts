/** The address at which a shopper agrees: looked at, come back to, used twice, used while time runs out, made up. */
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { booksOf, expectMoved, expectTold, mock, storyOf, unlimited, until } from "../support/charges.ts";
import { eventually, type Fields } from "../support/client.ts";
import { type PproBody, PproClient, requestUrlOf } from "../support/ppro.ts";
import { raw } from "../support/raw.ts";
import { useNode, useReceiver } from "../support/scenario.ts";
import { sampleRequest } from "./contract.ts";

const node = useNode(unlimited());
const shop = useReceiver();
const merchant = new PproClient(node);

const amount = sampleRequest.amount.value;
const back = ({ id }: PproBody) => `https://www.webshop.com/order-results-page?payment-charge-id=${id}`;

async function ask(fields: Fields = {}): Promise<PproBody> {
  const { body } = await merchant.charge({ webhooksUrl: shop.url, ...fields });
  expect(body.status).toBe("AUTHENTICATION_PENDING");
  return body;
}

const decide = (charge: PproBody, decision: string) => merchant.checkout(requestUrlOf(charge), { decision });
const times = <Item>(count: number, make: (index: number) => Promise<Item>) =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));

/** What may be told of a charge that was asked for once, by what became of it. */
const endings: Readonly<Record<string, readonly string[]>> = {
  CAPTURED: ["AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"],
  FAILED: ["AUTHORIZATION_FAILED"],
  DISCARDED: ["DISCARDED"],
};

/** Fails unless exactly one thing became of the charge, in answers, webhooks and orders to the wallet alike; returns it. */
async function expectOneOutcome(charge: PproBody): Promise<string> {
  const { body } = await merchant.get(charge.id);
  const { status } = body;
  const paid = status === "CAPTURED";
  expect(Object.keys(endings)).toContain(status);
  expect(body.captures.map((one: PproBody) => one.amount)).toEqual(paid ? [amount] : []);
  expect(body.discards).toHaveLength(status === "DISCARDED" ? 1 : 0);
  expect(body.authorizations).toMatchObject([{ status: paid ? "AUTHORIZED" : "FAILED" }]);
  await expectTold(node, shop, charge, ["CREATED", "AUTHENTICATION_PENDING", ...endings[status]!]);
  const { operations, transfers } = await storyOf(node, charge);
  expect(transfers).toHaveLength(paid ? 1 : 0);
  expect(operations.length).toBeLessThanOrEqual(1);
  return status;
}

describe("Pay, pressed", () => {
  it.each([2, 12])("%i times at once, pays once", async (count) => {
    const before = await booksOf(node);
    const charge = await ask();
    const answers = await times(count, () => decide(charge, "pay"));
    // Who comes while the wallet is being asked sees that it is, and who comes later is sent on.
    for (const { status, location } of answers) expect([200, 303]).toContain(location === back(charge) ? status : 200);
    expect(answers.map(({ status }) => status)).toContain(303);
    expect(await expectOneOutcome(charge)).toBe("CAPTURED");
    await expectMoved(node, before, { bank: amount, merchant: amount });
  });

  it("with everything else at once, comes to one of it", async () => {
    const before = await booksOf(node);
    const charges = await times(4, () => ask());
    const decisions = ["pay", "decline", "cancel", "expire", "pay"];
    await Promise.all(
      charges.flatMap((charge, round) =>
        [...decisions.slice(round), ...decisions.slice(0, round)].map((decision) => decide(charge, decision)),
      ),
    );
    const outcomes = [];
    for (const charge of charges) outcomes.push(await expectOneOutcome(charge));
    const paid = amount * outcomes.filter((status) => status === "CAPTURED").length;
    await expectMoved(node, before, { bank: paid, merchant: paid });
  });

  it("by who closes the browser at once, pays all the same", async () => {
    const before = await booksOf(node);
    const charge = await ask();
    const { hostname, port } = new URL(node.url);
    const { pathname } = new URL(requestUrlOf(charge));
    const form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\n\r\ndecision=pay";
    const browser = connect(Number(port), hostname);
    browser.write(`POST ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${form}`);
    await eventually(async () => (await merchant.get(charge.id)).body.status !== "AUTHENTICATION_PENDING");
    browser.destroy();
    await until(merchant, charge, "CAPTURED");
    expect(await expectOneOutcome(charge)).toBe("CAPTURED");
    await expectMoved(node, before, { bank: amount, merchant: amount });
  });

  it("as the merchant gives it up, comes to one of both", async () => {
    const before = await booksOf(node);
    const charges = await times(6, () => ask());
    const discards = await Promise.all(
      charges.map(async (charge, index) => {
        const paying = decide(charge, "pay");
        if (index % 2 === 1) await pause(index);
        const { body } = await merchant.discard(charge.id);
        await paying;
        return body;
      }),
    );
    let paid = 0;
    for (const [index, { status, failure }] of discards.entries()) {
      const { body } = await merchant.get(charges[index].id);
      expect([body.status, status]).toEqual(status === "FAILED" ? ["CAPTURED", "FAILED"] : ["DISCARDED", "DISCARDED"]);
      if (status === "FAILED") {
        paid += amount;
        expect(["SIMULTANEOUS_OPERATION_IN_PROGRESS", "GENERIC_DECLINE"]).toContain(failure.failureCode);
      }
    }
    await expectMoved(node, before, { bank: paid, merchant: paid });
  });

  it("as its time ends, comes to one of both, round after round", async () => {
    for (let round = 0; round < 16; round += 1) {
      const before = await booksOf(node);
      const charges = await times(2, () => ask());
      const due = (await storyOf(node, charges[0])).charge.dueAt;
      const paying = Promise.all(charges.map((charge) => decide(charge, "pay")));
      await pause(round);
      await node.moveClock(new Date(due));
      for (const [index, answer] of (await paying).entries()) {
        expect(answer).toEqual({ status: 303, location: back(charges[index]) });
      }
      const outcomes = [];
      for (const charge of charges) outcomes.push(await expectOneOutcome(charge));
      const paid = amount * outcomes.filter((status) => status === "CAPTURED").length;
      await expectMoved(node, before, { bank: paid, merchant: paid });
    }
  }, 60_000);
});

describe("the address", () => {
  it("uses nothing up when it is looked at, by a link preview or on a second device", async () => {
    const charge = await ask();
    const { eventSeq } = (await storyOf(node, charge)).charge;
    const looks = await times(5, () => merchant.open(requestUrlOf(charge)));
    expect(looks.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await merchant.get(charge.id)).body).toEqual(charge);
    expect((await storyOf(node, charge)).charge.eventSeq).toBe(eventSeq);
    expect((await decide(charge, "pay")).location).toBe(back(charge));
  });

  it("says what is paid, to whom, and in the shopper's language", async () => {
    const orderItems = [{ name: "<b>책</b> & 공책", quantity: 2, amount: 7_500 }];
    const charge = await ask({ order: { orderReferenceNumber: "주문 9", orderItems } });
    const { text } = await merchant.open(requestUrlOf(charge));
    for (const words of ["Naru Sandbox", "15,000원", "주문 9", "&#60;b&#62;책", "Order description"]) {
      expect([words, text.includes(words)]).toEqual([words, true]);
    }
    const { pathname: path } = new URL(requestUrlOf(charge));
    const english = await raw(node.url, { method: "GET", path, headers: { "accept-language": "en-GB,ko;q=0.5" } });
    expect(english.text.includes("₩15,000")).toBe(true);
  });

  it("is kept by no cache, framed by no page and told to none", async () => {
    const charge = await ask();
    const page = await merchant.open(requestUrlOf(charge));
    expect(page.headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "x-frame-options": "DENY",
      "x-content-type-options": "nosniff",
      "referrer-policy": "same-origin",
    });
    const policy = String(page.headers["content-security-policy"]);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("default-src 'none'");
    expect(page.text.includes("<script")).toBe(false);

    await decide(charge, "pay");
    const away = await merchant.open(requestUrlOf(charge));
    expect(away).toMatchObject({ status: 303, location: back(charge) });
    expect(away.headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
  });

  it("of a charge that is over leads back to the shop, however it ended", async () => {
    for (const decision of ["pay", "decline", "cancel", "expire"]) {
      const charge = await ask();
      await decide(charge, decision);
      for (const _ of [1, 2]) {
        expect(await merchant.open(requestUrlOf(charge))).toMatchObject({ status: 303, location: back(charge) });
      }
    }
    const discarded = await ask();
    await merchant.discard(discarded.id);
    const refunded = await merchant.paid();
    await merchant.refund(refunded.id, amount);
    const { body: voided } = await merchant.charge(mock("requiresAuthentication=true;requiresCapture=true"));
    await decide(voided, "pay");
    const url = requestUrlOf(voided);
    await merchant.void(voided.id, amount);
    for (const address of [requestUrlOf(discarded), url]) {
      expect((await merchant.open(address)).status).toBe(303);
    }
    expect((await merchant.get(voided.id)).body.status).toBe("VOIDED");
  });

  it("waits with the shopper while the wallet decides, and then leads on", async () => {
    const descriptor = "requiresAuthentication=true;providerConfirmation=true;providerConfirmationDelay=30s";
    const charge = await ask(mock(descriptor));
    expect(await decide(charge, "pay")).toEqual({ status: 200 });
    expect((await merchant.get(charge.id)).body.status).toBe("AUTHORIZATION_ASYNC");
    for (const decision of ["pay", "cancel", "expire"]) expect((await decide(charge, decision)).status).toBe(200);
    const page = await merchant.open(requestUrlOf(charge));
    expect([page.status, page.headers.refresh]).toEqual([200, "2"]);
    expect(page.text.includes(back(charge).replaceAll("=", "&#61;"))).toBe(true);
    await node.moveClock("PT31S");
    await until(merchant, charge, "CAPTURED");
    expect(await merchant.open(requestUrlOf(charge))).toMatchObject({ status: 303, location: back(charge) });
  });

  it("opens nothing when it is altered, made up or another's", async () => {
    const [charge, other] = [await ask(), await ask()];
    const url = requestUrlOf(charge);
    const token = url.slice(url.lastIndexOf("/") + 1);
    const [id, code] = token.split(".") as [string, string];
    const swapped = (text: string) => `${text.slice(0, -1)}${text.endsWith("A") ? "B" : "A"}`;
    const made = [
      id,
      `${id}.`,
      `.${code}`,
      `${id}.${code.slice(0, -1)}`,
      `${id}.${code}A`,
      `${id}.${swapped(code.slice(0, -1))}${code.at(-1)}`,
      `${id}.${code}.${code}`,
      `${swapped(id)}.${code}`,
      `${other.id}.${code}`,
      `${id.toLowerCase()}.${code}`,
      "a".repeat(3_000),
    ];
    for (const one of made) {
      const address = `${url.slice(0, -token.length)}${one}`;
      expect([one, (await merchant.open(address)).status]).toEqual([one, 404]);
      expect([one, (await merchant.checkout(address, { decision: "pay" })).status]).toEqual([one, 404]);
    }
    expect((await merchant.get(charge.id)).body).toEqual(charge);
    expect((await merchant.get(other.id)).body).toEqual(other);
  });

  it("takes nothing from a form of another site", async () => {
    const charge = await ask();
    const { pathname: path } = new URL(requestUrlOf(charge));
    const headers = { origin: "https://evil.example", "content-type": "application/x-www-form-urlencoded" };
    const answer = await raw(node.url, { method: "POST", path, headers, body: "decision=pay" });
    expect(answer.status).toBe(403);
    expect((await merchant.get(charge.id)).body).toEqual(charge);
  });
});
