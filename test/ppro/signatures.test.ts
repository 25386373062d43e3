/** The verifiers of webhooks, against signatures that were computed elsewhere. */
import { expect, it } from "vitest";
import { verifyLegacy, verifySignature } from "../support/ppro.ts";

const secret = "whsec_example_secret";
const body = '{"specversion":"1.0.2","type":"PAYMENT_CHARGE_CREATED"}';
const digest = "f0f0c0a4f8ce8d5b7af6dafccf02d1cb1e311d3d12d1b6e474c71f26c4040f25";

it.each([
  ["Webhook-Signature", verifyLegacy, "308a1fbf62a9f9f435fc8ef72e5b892b16b9c588c09f161f5fb13aef13dfe0dc"],
  ["PPRO-Signature", verifySignature, `t=1780000000,s=${digest}`],
])("%s", (_, verify, header) => {
  expect(verify(secret, body, header)).toBe(true);
  expect(verify(secret, Buffer.from(body), header)).toBe(true);
  expect(verify("another_secret", body, header)).toBe(false);
  expect(verify(secret, `${body} `, header)).toBe(false);
  expect(verify(secret, body, header.toUpperCase())).toBe(false);
  expect(verify(secret, body, header.slice(0, -1))).toBe(false);
  expect(verify(secret, body, undefined)).toBe(false);
});

it.each([
  ["another time", `t=1780000001,s=${digest}`],
  ["milliseconds", `t=1780000000000,s=${digest}`],
  ["a space", `t=1780000000, s=${digest}`],
  ["no time", `s=${digest}`],
  ["nothing signed", "t=1780000000"],
])("PPRO-Signature with %s", (_, header) => {
  expect(verifySignature(secret, body, header)).toBe(false);
});
