/** The contract's own test: an answer that is right passes, and every way to be wrong is seen. */
import { expect, it } from "vitest";
import type { Fields } from "../support/client.ts";
import { useNode } from "../support/scenario.ts";
import { breaches, endpointOf, holdToContract, isUnbuilt } from "./contract.ts";

const node = useNode();
const path = "/payments/imp_123456789012";
const answer = (response: unknown, status = 200) => ({ status, body: { code: 0, message: null, response } });

it("sees what is wrong with a payment", async () => {
  const ready = await node.issue();
  const paid = await node.paid();
  expect(() => holdToContract("GET", path, answer(ready))).not.toThrow();
  expect(() => holdToContract("GET", path, answer(paid))).not.toThrow();
  const wrong: Fields[] = [
    ...Object.keys(ready).map((field) => ({ ...ready, [field]: undefined })),
    ...Object.keys(ready).map((field) => ({ ...ready, [field]: { of: "no type at all" } })),
    { ...ready, more: 1 },
    { ...ready, vbank_code: "88" },
    { ...ready, vbank_date: Number(ready.vbank_date) * 1000 },
    { ...ready, started_at: Number(ready.started_at) + 0.5 },
    { ...ready, started_at: 0 },
    { ...ready, paid_at: ready.started_at },
    { ...ready, fail_reason: "?" },
    { ...ready, cancel_reason: "?" },
    { ...ready, cancel_amount: 1 },
    { ...ready, name: "x".repeat(41) },
    { ...ready, imp_uid: "imp_1" },
    { ...ready, vbank_holder: null },
    { ...ready, status: "failed" },
    { ...ready, status: "expired" },
    { ...ready, amount: "10000" },
    { ...paid, paid_at: 0 },
    { ...paid, status: "cancelled" },
    { ...paid, cancelled_at: paid.paid_at },
    { ...paid, deposit_history: [{ pg_tid: "t", amount: 10_000, depositor_name: "", deposited_at: paid.paid_at }] },
  ];
  for (const one of wrong) expect(() => holdToContract("GET", path, answer(one)), JSON.stringify(one)).toThrow();
});

it("sees what is wrong with cancellations", async () => {
  const paid = await node.paid();
  const at = Number(paid.paid_at) + 5;
  const one = {
    pg_tid: "t",
    amount: 4_000,
    cancelled_at: at,
    reason: "",
    cancellation_id: "06JC8FVHJTW2WY16FEY0",
    receipt_url: null,
  };
  const partly = { ...paid, cancel_amount: 4_000, cancelled_at: at, cancel_reason: "", cancel_history: [one] };
  const other = { ...one, amount: 6_000, cancellation_id: "06JC8FVHJTW2WY16FEY1" };
  const fully = { ...partly, status: "cancelled", cancel_amount: 10_000, cancel_history: [one, other] };
  expect([breaches(partly), breaches(fully)]).toEqual([[], []]);
  const wrong: Fields[] = [
    { ...partly, cancel_amount: 5_000 },
    { ...partly, cancelled_at: 0 },
    { ...partly, cancelled_at: at - 1 },
    { ...partly, status: "cancelled" },
    { ...partly, cancel_history: [] },
    { ...fully, status: "paid" },
    { ...fully, cancel_history: [one, { ...other, cancellation_id: one.cancellation_id }] },
    { ...fully, cancel_amount: 14_000, cancel_history: [one, { ...other, amount: 10_000 }] },
  ];
  for (const shown of wrong) expect(breaches(shown), JSON.stringify(shown)).not.toEqual([]);
});

it("sees what is wrong with an envelope", () => {
  const refusal = { code: -1, message: "Unauthorized", response: null };
  expect(() => holdToContract("GET", path, { status: 401, body: refusal })).not.toThrow();
  const wrong: [number, unknown][] = [
    [200, refusal],
    [500, refusal],
    [401, { ...refusal, code: 2 }],
    [401, { ...refusal, message: null }],
    [401, { ...refusal, response: {} }],
    [401, { ...refusal, error: "?" }],
    [401, { code: -1, message: "Unauthorized" }],
    [401, null],
    [400, { ...refusal, message: "imp_uid is missing" }],
    [200, { code: 0, message: null, response: null }],
    [200, { code: 0, message: "", response: [] }],
  ];
  for (const [status, body] of wrong) expect(() => holdToContract("GET", path, { status, body })).toThrow();
});

it("knows whose a path is", () => {
  const paths = {
    "/payments/cancel": "/payments/cancel",
    "/payments/prepare/": "/payments/prepare",
    "/payments/imp_1?include_sandbox=true": "/payments/:imp_uid",
    "/receipts/external/a": "/receipts/external/:merchant_uid",
    "/receipts/a": "/receipts/:imp_uid",
  };
  for (const [target, expected] of Object.entries(paths)) expect(endpointOf("POST", target)?.path).toBe(expected);
  expect(endpointOf("GET", "/vbanks/holder")?.answer).not.toBe(endpointOf("PUT", "/vbanks/a")?.answer);
  expect(endpointOf("GET", "/payments/find/a/undefined")?.path).toBe("/payments/find/:merchant_uid/:status");
  expect(endpointOf("GET", "/nothing")).toBeUndefined();
  for (const target of ["/subscribe", "/naver/a/b?c=d", "/kakao/payment/orders", "/payments/imp_1/naver/cash-amount"]) {
    expect([target, isUnbuilt(target)]).toEqual([target, true]);
  }
  for (const target of ["/subscribers", "/kakao", "/payments/naver", "/vbanks/naver"]) {
    expect([target, isUnbuilt(target)]).toEqual([target, false]);
  }
});
