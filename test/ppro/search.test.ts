/** Charges found again by the merchant's own name for them, page by page. */
import { expect, it } from "vitest";
import { mock, unlimited } from "../support/charges.ts";
import { newMerchant } from "../support/merchants.ts";
import { type PproAnswer, type PproBody, PproClient } from "../support/ppro.ts";
import { useNode } from "../support/scenario.ts";

const node = useNode(unlimited());
const merchant = new PproClient(node);

const ids = (all: { id: string }[]) => all.map(({ id }) => id);

async function make(reference: string, by = merchant): Promise<PproBody> {
  return (await by.charge(mock("", { merchantPaymentChargeReference: reference }))).body;
}

/** Every page of a search, from the first. */
async function pagesOf(merchantPaymentChargeReference: string, by = merchant): Promise<PproBody[]> {
  const pages: PproBody[] = [];
  for (let page: string | undefined; pages.length === 0 || page !== undefined; ) {
    const answer: PproAnswer = await by.search({
      merchantPaymentChargeReference,
      ...(page === undefined ? {} : { page }),
    });
    expect(answer.status).toBe(200);
    pages.push(answer.body);
    page = answer.body.nextPage;
  }
  return pages;
}

it("every charge of a name is found, the newest first, as it is shown by itself", async () => {
  const made: PproBody[] = [];
  for (let index = 0; index < 3; index += 1) made.push(await make("order-1"));
  const { body: failed } = await merchant.charge({ merchantPaymentChargeReference: "order-1", paymentMethod: "NONE" });
  const { body: pending } = await merchant.charge({ merchantPaymentChargeReference: "order-1" });
  await make("order-10");
  await make("ORDER-1");
  await merchant.charge();
  const [page, ...others] = await pagesOf("order-1");
  expect(others).toEqual([]);
  expect(page).not.toHaveProperty("nextPage");
  expect(ids(page.data)).toEqual(ids([pending, failed, ...made.toReversed()]));
  for (const one of page.data) expect(one).toEqual((await merchant.get(one.id)).body);
});

it("more than a page has are found on the next, also while others are made", async () => {
  const all: PproBody[] = [];
  while (all.length < 43) all.push(...(await Promise.all(Array.from({ length: 8 }, () => make("many")))));
  const { body: first } = await merchant.search({ merchantPaymentChargeReference: "many" });
  expect(first.data).toHaveLength(20);
  const younger = await make("many");
  const { body: second } = await merchant.search({ merchantPaymentChargeReference: "many", page: first.nextPage });
  const { body: third } = await merchant.search({ merchantPaymentChargeReference: "many", page: second.nextPage });
  expect(third).not.toHaveProperty("nextPage");
  const found = [first, second, third].flatMap(({ data }) => ids(data));
  expect(new Set(found)).toEqual(new Set(ids(all)));
  expect(found).toHaveLength(all.length);
  expect(ids((await pagesOf("many")).flatMap(({ data }) => data))).toEqual([younger.id, ...found]);
});

it("exactly a page of charges is one page", async () => {
  await Promise.all(Array.from({ length: 20 }, () => make("just")));
  const pages = await pagesOf("just");
  expect(pages.map(({ data }) => data.length)).toEqual([20]);
});

it("what nobody has is an empty page, and so is what another merchant has", async () => {
  const { client: other } = await newMerchant(node);
  const [mine, theirs] = [await make("shared"), await make("shared", other)];
  expect(ids((await pagesOf("shared"))[0]!.data)).toEqual([mine.id]);
  expect(ids((await pagesOf("shared", other))[0]!.data)).toEqual([theirs.id]);
  expect((await pagesOf("nothing"))[0]!.data).toEqual([]);
});

it.each(["주문 1/2?&=#", "a b+c%20", "x".repeat(512), "'; --", "charge_000000000000000000000"])(
  "a name may be %j",
  async (reference) => {
    const charge = await make(reference);
    const [page] = await pagesOf(reference);
    expect(ids(page.data)).toEqual([charge.id]);
    expect(page.data[0].authorizations[0].merchantPaymentChargeReference).toBe(reference);
  },
);
