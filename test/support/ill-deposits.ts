/** Transfers that an account for one deposit of one amount does not take, whichever dialect it was issued by. */
import { expect } from "vitest";
import type { Client, Fields } from "./client.ts";

export interface OpenAccount {
  number: string;
  amount: number;
  dueAt: Date;
}

export interface IllDeposit {
  name: string;
  reason: string;
  /** It comes after the right one. */
  second: boolean;
  fields(account: OpenAccount): Fields;
}

export const illDeposits: readonly IllDeposit[] = [
  { name: "too little", reason: "amount_under", second: false, fields: ({ amount }) => ({ amount: amount - 1 }) },
  { name: "too much", reason: "amount_over", second: false, fields: ({ amount }) => ({ amount: amount + 1 }) },
  {
    name: "what is late by the bank's clock",
    reason: "late",
    second: false,
    fields: ({ dueAt }) => ({ occurredAt: new Date(dueAt.getTime() + 1_000).toISOString() }),
  },
  { name: "the same amount a second time", reason: "already_paid", second: true, fields: () => ({}) },
];

async function books(node: Client) {
  return { suspense: await node.balanceOf("suspense:sandbox"), bank: await node.balanceOf("bank:sandbox") };
}

/** The bank asks and lets none of it through. */
export async function expectRefused(node: Client, account: OpenAccount, { reason, second, fields }: IllDeposit) {
  if (second) await node.deposit(account.number);
  const before = await books(node);
  const { status, body } = await node.deposit(account.number, fields(account));
  expect([status, body.error]).toMatchObject([422, { code: "bank-refused", reason }]);
  expect(await books(node)).toEqual(before);
}

/** A bank that does not ask lets it through; it is held in suspense. */
export async function expectSuspended(node: Client, account: OpenAccount, { reason, second, fields }: IllDeposit) {
  if (second) await node.deposit(account.number);
  const sent: Fields = fields(account);
  const { suspense, bank } = await books(node);
  const { status, body } = await node.deposit(account.number, { ...sent, force: true });
  expect([status, body]).toMatchObject([200, { outcome: "suspended", reason, duplicate: false }]);
  const amount = Number(sent.amount ?? account.amount);
  expect(await books(node)).toEqual({ suspense: suspense + amount, bank: bank + amount });
}
