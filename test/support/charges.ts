/** What tests of payment charges look at beside the answers: webhooks, books, and what operators see. */
import { expect } from "vitest";
import type { Envelope } from "../ppro/contract.ts";
import { type Client, eventually, type Fields } from "./client.ts";
import { demoMerchant } from "./consent.ts";
import { type PproBody, type PproClient, webhooksOf } from "./ppro.ts";
import type { Receiver } from "./receiver.ts";

/** A node under test that has no limit to speak of, and these settings. */
export const unlimited = (env: Record<string, string> = {}) => ({ env: { NARU_PPRO_RATE: "100000", ...env } });

/** The merchant whose money tests of charges move. */
const owner = `merchant:${demoMerchant}`;

export interface Books {
  /** At the wallet. */
  bank: number;
  /** The merchant's. */
  merchant: number;
  /** On its way back to shoppers. */
  refunds: number;
}

interface LedgerAccount {
  id: string;
  currency: string;
  balance: number;
}

/** What the books hold in a currency; they balance in every currency, or this fails. */
export async function booksOf(node: Client, currency = "KRW"): Promise<Books> {
  const { body } = await node.get<{ accounts: LedgerAccount[] }>("/naru/v1/ledger/accounts?limit=500");
  const { body: trial } = await node.get<{ currencies: { difference: number }[] }>("/naru/v1/ledger/trial-balance");
  expect(trial.currencies.filter(({ difference }) => difference !== 0)).toEqual([]);
  const of = (id: string) => body.accounts.find((one) => one.id === id && one.currency === currency)?.balance ?? 0;
  return { bank: of("bank:sandbox"), merchant: of(owner), refunds: of("refunds:sandbox") };
}

/** Fails unless the books have moved by so much since then. */
export async function expectMoved(node: Client, before: Books, moved: Partial<Books>, currency = "KRW") {
  const { bank = 0, merchant = 0, refunds = 0 } = moved;
  expect(await booksOf(node, currency)).toEqual({
    bank: before.bank + bank,
    merchant: before.merchant + merchant,
    refunds: before.refunds + refunds,
  });
}

/** `CAPTURE_SUCCEEDED` of a charge, without what all of its events begin with; others as they are. */
const shortName = (type: string) => type.replace(/^PAYMENT_CHARGE_/, "");

/** What a charge's webhooks have said so far, in their order: every one verified, held to the contract and there once. */
export function toldOf(shop: Receiver, charge: PproBody | string): Envelope[] {
  const all = webhooksOf(shop, { about: typeof charge === "string" ? charge : charge.id });
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  return all;
}

/**
 * Waits until the charge's webhooks are these, in this order, and fails if they become others. Returns them. That no more
 * will come is seen in what the node has queued.
 */
export async function expectTold(
  node: Client,
  shop: Receiver,
  charge: PproBody | string,
  types: readonly string[],
): Promise<Envelope[]> {
  const id = typeof charge === "string" ? charge : charge.id;
  const { deliveries } = await node.timeline(id);
  const queued = deliveries.map(({ body }: { body: string }) => shortName(JSON.parse(body).type));
  expect(queued.sort()).toEqual([...types].sort());
  const told = await eventually(async () => {
    const all = toldOf(shop, id);
    return all.length >= types.length && all;
  });
  expect(told.map(({ type }) => shortName(type))).toEqual(types);
  return told;
}

/** Waits until the charge has this status, and returns it. */
export async function until(
  merchant: PproClient,
  { id }: PproBody,
  status: string,
  timeout_ms?: number,
): Promise<PproBody> {
  return eventually(async () => {
    const { body } = await merchant.get(id);
    return body.status === status && body;
  }, timeout_ms);
}

/** As operators see it: the payment, the charge with its steps, events, transfers, deliveries. */
export function storyOf(node: Client, { id }: PproBody): Promise<PproBody> {
  return node.timeline(id);
}

/** A charge by the mock method, which behaves as the descriptor says. */
export function mock(descriptor: string, fields: Fields = {}): Fields {
  return { paymentMethod: "MOCK", paymentDescriptor: descriptor, ...fields };
}
