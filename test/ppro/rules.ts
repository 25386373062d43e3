/** What must hold between the fields of PPRO's objects, for those that have the right fields. */
import { isDeepStrictEqual } from "node:util";
import { operations, timePattern } from "./objects.ts";

export interface Operation {
  id: string;
  /** Discards have none. */
  amount?: number;
  /** Of authorizations. */
  merchantPaymentChargeReference?: string;
  status: string;
  failure?: object;
  createdAt: string;
  updatedAt: string;
  _links: { payment_charge: { href: string } };
}

export interface AuthenticationMethod {
  type: string;
  details?: { requestUrl?: string; requestMethod?: string };
}

type OperationLists = Record<keyof typeof operations, Operation[]>;

export interface Charge extends OperationLists {
  id: string;
  paymentMethod: string;
  status: string;
  country: string;
  consumer: { country: string };
  agreementId?: string;
  failure?: object;
  authenticationMethods?: AuthenticationMethod[];
  createdAt: string;
  updatedAt: string;
  _links: Record<string, { href: string }>;
}

export interface Agreement {
  id: string;
  status: string;
  paymentMethod: string;
  failure?: object;
  authenticationMethods?: AuthenticationMethod[];
  history?: { status: string; failure?: object; createdAt: string }[];
  revocations?: { revocationStatus: string; failure?: object; createdAt: string }[];
}

/** Whether it holds, and in words. */
export type Rule = [holds: boolean, says: string];

export const broken = (rules: readonly Rule[]): string[] => rules.filter(([holds]) => !holds).map(([, says]) => says);

export const chargePath = (id: string) => `/v1/payment-charges/${id}`;

const names = Object.keys(operations) as (keyof typeof operations)[];
const sum = (all: readonly Operation[], ...statuses: string[]) =>
  all.filter(({ status }) => statuses.includes(status)).reduce((total, { amount = 0 }) => total + amount, 0);
const isOrdered = (times: readonly string[]) => times.every((time, index) => index === 0 || times[index - 1]! <= time);

/** How far the latest authorization is when a charge has a status; in others it may be anywhere. */
const authorizationAt: Record<string, string> = {
  AUTHENTICATION_PENDING: "AUTHENTICATION_PENDING",
  AUTHORIZATION_ASYNC: "PROVIDER_CONFIRMATION_PENDING",
  CAPTURE_PENDING: "AUTHORIZED",
  CAPTURE_PROCESSING: "AUTHORIZED",
  CAPTURED: "AUTHORIZED",
  REFUND_PROCESSING: "AUTHORIZED",
  REFUNDED: "AUTHORIZED",
  VOID_PROCESSING: "AUTHORIZED",
  VOIDED: "AUTHORIZED",
};

export function chargeBreaches(charge: Charge): string[] {
  return [...statusBreaches(charge), ...amountBreaches(charge), ...failureBreaches(charge), ...linkBreaches(charge)];
}

function statusBreaches(charge: Charge): string[] {
  const { status, authorizations, voids, discards } = charge;
  const expected = authorizationAt[status];
  return broken([
    [charge.country === charge.consumer.country, "country is the consumer's"],
    [
      expected === undefined || authorizations.at(-1)?.status === expected,
      `the latest authorization of what is ${status} is ${expected}`,
    ],
    [
      status !== "FAILED" || authorizations.every((one) => !one.status.endsWith("_PENDING")),
      "nothing of what is FAILED is waited for",
    ],
    [status !== "VOIDED" || voids.some((one) => one.status === "VOIDED"), "what is VOIDED has a void"],
    [status !== "DISCARDED" || discards.some((one) => one.status === "DISCARDED"), "what is DISCARDED has a discard"],
    [
      status === "DISCARDED" || !discards.some((one) => one.status === "DISCARDED"),
      "what has a discard is DISCARDED for good",
    ],
    ...authenticationRules(charge),
    ...names.flatMap((name): Rule[] => [
      [isOrdered(charge[name].map(({ createdAt }) => createdAt)), `the newest of ${name} is the last`],
      [new Set(charge[name].map(({ id }) => id)).size === charge[name].length, `each of ${name} is there once`],
    ]),
  ]);
}

export function authenticationRules({
  status,
  paymentMethod,
  authenticationMethods,
}: Pick<Charge, "status" | "paymentMethod" | "authenticationMethods">): Rule[] {
  const isPending = status === "AUTHENTICATION_PENDING";
  const [first, ...others] = authenticationMethods ?? [];
  const isRedirect = first?.type === "REDIRECT" && first.details?.requestMethod === "GET" && others.length === 0;
  return [
    [(authenticationMethods !== undefined) === isPending, "authenticationMethods are there while authentication pends"],
    [!isPending || paymentMethod !== "KAKAOPAY" || isRedirect, "KAKAOPAY is authenticated by one REDIRECT with GET"],
  ];
}

function amountBreaches({ status, authorizations, captures, refunds, voids }: Charge): string[] {
  const authorized = sum(authorizations, "AUTHORIZED");
  const captured = sum(captures, "CAPTURED");
  const refunded = sum(refunds, "REFUNDED");
  const voided = sum(voids, "VOIDED");
  return broken([
    [captured + voided <= authorized, "no more is captured and voided than was authorized"],
    [refunded + sum(refunds, "PENDING") <= captured, "no more is refunded than was captured"],
    [status !== "CAPTURED" || captured > 0, "what is CAPTURED has a capture"],
    [status !== "CAPTURED" || refunded < captured, "what was refunded as a whole is no longer CAPTURED"],
    [status !== "REFUNDED" || (captured > 0 && refunded === captured), "all that was captured of REFUNDED is refunded"],
    [status !== "CAPTURE_PENDING" || captured + voided < authorized, "CAPTURE_PENDING has something to capture"],
  ]);
}

function failureBreaches(charge: Charge): string[] {
  const all = names.flatMap((name) => charge[name]);
  const failed = all.filter(({ status }) => status === "FAILED");
  const latestAt = failed
    .map(({ updatedAt }) => updatedAt)
    .sort()
    .at(-1);
  const latest = failed.filter(({ updatedAt }) => updatedAt === latestAt);
  return broken([
    ...all.flatMap(operationRules),
    [charge.status !== "FAILED" || charge.failure !== undefined, "what is FAILED has a failure"],
    [
      charge.failure === undefined || charge.status === "FAILED" || failed.length > 0,
      "there is a failure only of what failed",
    ],
    [
      failed.length === 0 || latest.some(({ failure }) => isDeepStrictEqual(failure, charge.failure)),
      "failure is that of what failed last",
    ],
  ]);
}

/** Of an operation by itself. */
export function operationRules({ id, status, failure }: Operation): Rule[] {
  return [[(failure !== undefined) === (status === "FAILED"), `${id} has a failure if it FAILED`]];
}

function linkBreaches(charge: Charge): string[] {
  const path = chargePath(charge.id);
  return broken([
    [pathIn(charge._links.self!.href) === path, "self is the charge"],
    ...names.map(
      (name): Rule => [pathIn(charge._links[name]!.href) === `${path}/${name}`, `${name} link to their list`],
    ),
    ...names.flatMap((name) => charge[name]).map((one): Rule => linksTo(charge.id, one)),
  ]);
}

/** The link back to the charge is relative, as the documents have it. */
export function linksTo(chargeId: string, { id, _links }: Operation): Rule {
  return [_links.payment_charge.href === chargePath(chargeId), `${id} links to its charge`];
}

function pathIn(href: string): string {
  return new URL(href, "http://ppro.example").pathname;
}

export function agreementBreaches(agreement: Agreement): string[] {
  const { status, failure, history = [], revocations = [] } = agreement;
  const isRevoked = status.startsWith("REVOKED_");
  const latest = history.at(-1)?.status ?? status;
  const failed = [
    ...history.filter((entry) => entry.status === "FAILED"),
    ...revocations.filter(({ revocationStatus }) => revocationStatus === "REVOCATION_FAILED"),
  ];
  return broken([
    ...authenticationRules(agreement),
    [status !== "FAILED" || failure !== undefined, "what is FAILED has a failure"],
    [failure === undefined || status === "FAILED" || failed.length > 0, "there is a failure only of what failed"],
    [latest === status, "history ends with the status"],
    [
      !isRevoked || revocations.some(({ revocationStatus }) => revocationStatus === status),
      `what is ${status} has such a revocation`,
    ],
    ...[history, revocations].map((all): Rule => [isOrdered(all.map(({ createdAt }) => createdAt)), "newest is last"]),
    ...[...history, ...revocations].map(
      (entry): Rule => [
        (entry.failure !== undefined) === (failed as object[]).includes(entry),
        "an entry has a failure if it failed",
      ],
    ),
  ]);
}

const timeForm = new RegExp(timePattern);

/** Of all times in an answer, however deep: that there is such a time, and that nothing changed before it was made. */
export function timeBreaches(value: unknown): string[] {
  if (typeof value === "string") {
    const isTime = !timeForm.test(value) || isReal(value);
    return broken([[isTime, `${value} is a time`]]);
  }
  if (typeof value !== "object" || value === null) return [];
  const { createdAt, updatedAt } = value as Record<string, unknown>;
  const isLater = typeof createdAt !== "string" || typeof updatedAt !== "string" || createdAt <= updatedAt;
  return [...broken([[isLater, "updatedAt is not before createdAt"]]), ...Object.values(value).flatMap(timeBreaches)];
}

function isReal(time: string): boolean {
  const read = new Date(time);
  return !Number.isNaN(read.getTime()) && read.toISOString() === time;
}
