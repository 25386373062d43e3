/** Every call of PPRO's that counts once by its key, with all that has to be there before it. */
import type { Fields } from "../support/client.ts";
import { type PproBody, type PproClient, requestUrlOf } from "../support/ppro.ts";
import { sampleRequest } from "./contract.ts";

/** One that is about to be made, for the first time. */
export interface Prepared {
  path: string;
  body: Fields;
  /** As good as the first, and another. */
  other: Fields;
  /** Refused with 400 or 422. */
  wrong: Fields;
}

export interface KeyedCall {
  name: string;
  prepare(shop: PproClient): Promise<Prepared>;
}

export const amount = 15_000;
const charges = "/v1/payment-charges";
const agreements = "/v1/payment-agreements";
const redirect = sampleRequest.authenticationSettings;
/** What is asked of the mock: nobody has to agree, unless the descriptor says so. */
export const mock = (paymentDescriptor = "", fields: Fields = {}): Fields => ({
  paymentMethod: "MOCK",
  paymentDescriptor,
  authenticationSettings: [],
  ...fields,
});

const byCode = "requiresAuthentication=true;authenticationType=MULTI_FACTOR";
const offersCode = { authenticationSettings: [{ type: "MULTI_FACTOR" }] };

/** Of a charge that the consumer agrees to by a code. */
export const secondFactor = mock(byCode, offersCode);

/** Of a charge that is authorized, and nothing of it captured. */
export const twoStep = (fields: Fields = {}): Fields => mock("requiresCapture=true", fields);

export const agreementRequest = {
  paymentMethod: "KAKAOPAY",
  consumer: sampleRequest.consumer,
  amount: { value: 101, currency: "KRW" },
  authenticationSettings: redirect,
};

/** An agreement of the mock, which is active when its first charge is. */
export const mockAgreement = (paymentDescriptor = "", fields: Fields = {}): Fields => ({
  ...agreementRequest,
  paymentMethod: "MOCK",
  initialPaymentCharge: { amount: agreementRequest.amount, paymentDescriptor },
  ...fields,
});

/** What is confirmed with. */
export const rightCode = { authenticationResult: { type: "MULTI_FACTOR", details: { verificationCode: "777123" } } };
export const inVain = { authenticationResult: { type: "MULTI_FACTOR", details: { verificationCode: "000000" } } };
const unproved = { authenticationResult: { type: "MULTI_FACTOR", details: {} } };

async function made(shop: PproClient, path: string, body: Fields): Promise<PproBody> {
  const answer = await shop.call("POST", path, { body });
  if (answer.status !== 200) throw new Error(`not made: ${answer.text}`);
  return answer.body;
}

/** An agreement that the consumer agreed to. */
export async function activeAgreement(shop: PproClient, fields: Fields = {}): Promise<PproBody> {
  const agreement = await made(shop, agreements, { ...agreementRequest, ...fields });
  await shop.checkout(requestUrlOf(agreement), { decision: "pay" });
  return (await shop.call("GET", `${agreements}/${agreement.id}`)).body;
}

async function step(name: string, charge: Promise<PproBody>): Promise<Prepared> {
  const { id } = await charge;
  return {
    path: `${charges}/${id}/${name}`,
    body: { amount: 1_000, labels: { till: "2", shift: "late" } },
    other: { amount: 1_001, labels: { till: "2", shift: "late" } },
    wrong: { amount: "1000" },
  };
}

/** `fields`: of each charge and agreement that is made on the way, such as whom to tell of it. */
export const keyedCalls = (fields: Fields = {}): readonly KeyedCall[] => [
  {
    name: "a charge that the consumer is asked about",
    prepare: async () => ({
      path: charges,
      body: { ...sampleRequest, ...fields },
      other: { ...sampleRequest, ...fields, amount: { value: amount + 1, currency: "KRW" } },
      wrong: { ...sampleRequest, ...fields, amount: { value: "15000", currency: "KRW" } },
    }),
  },
  {
    name: "a charge that the provider is asked about at once",
    prepare: async () => ({
      path: charges,
      body: { ...sampleRequest, ...mock("", fields) },
      other: { ...sampleRequest, ...mock("", fields), merchantPaymentChargeReference: "another" },
      wrong: { ...sampleRequest, ...mock("", fields), consumer: {} },
    }),
  },
  {
    name: "a confirmation of a charge",
    async prepare(shop) {
      const { id } = await made(shop, charges, { ...sampleRequest, ...secondFactor, ...fields });
      return { path: `${charges}/${id}/authorizations`, body: rightCode, other: inVain, wrong: unproved };
    },
  },
  {
    name: "a capture",
    prepare: (shop) => step("captures", made(shop, charges, { ...sampleRequest, ...twoStep(fields) })),
  },
  {
    name: "a void",
    prepare: (shop) => step("voids", made(shop, charges, { ...sampleRequest, ...twoStep(fields) })),
  },
  { name: "a refund", prepare: (shop) => step("refunds", shop.paid(fields)) },
  {
    name: "a discard",
    async prepare(shop) {
      const { id } = await made(shop, charges, { ...sampleRequest, ...fields });
      return {
        path: `${charges}/${id}/discards`,
        body: { merchantDiscardReference: "one" },
        other: {},
        wrong: { merchantDiscardReference: 1 },
      };
    },
  },
  {
    name: "an agreement that the consumer is asked about",
    prepare: async () => ({
      path: agreements,
      body: { ...agreementRequest, ...fields, frequency: { type: "MONTHLY", interval: 2 } },
      other: { ...agreementRequest, ...fields, frequency: { type: "MONTHLY", interval: 3 } },
      wrong: { ...agreementRequest, ...fields, frequency: { type: "MONTHLY", interval: "2" } },
    }),
  },
  {
    name: "an agreement that the provider is asked about at once",
    prepare: async () => ({
      path: agreements,
      body: mockAgreement("", fields),
      other: { ...mockAgreement("", fields), description: "another" },
      wrong: { ...mockAgreement("", fields), description: 1 },
    }),
  },
  {
    name: "a confirmation of an agreement",
    async prepare(shop) {
      const { id } = await made(shop, agreements, mockAgreement(byCode, { ...offersCode, ...fields }));
      return { path: `${agreements}/${id}/authorizations`, body: rightCode, other: inVain, wrong: unproved };
    },
  },
  {
    name: "a revocation",
    async prepare(shop) {
      const { id } = await activeAgreement(shop, fields);
      const other = { because: "of nothing" };
      return { path: `${agreements}/${id}/revocations`, body: {}, other, wrong: { because: "of \0" } };
    },
  },
  {
    name: "a charge under an agreement",
    async prepare(shop) {
      const { id } = await activeAgreement(shop, fields);
      const body = { amount: { value: 101, currency: "KRW" }, initiator: "MERCHANT", scheduleType: "UNSCHEDULED" };
      return {
        path: `${agreements}/${id}/payment-charges`,
        body,
        other: { ...body, initiator: "CONSUMER" },
        wrong: { ...body, initiator: "NOBODY" },
      };
    },
  },
  {
    name: "an instrument",
    prepare: async () => ({
      path: "/v1/payment-instruments",
      body: { type: "BANK_ACCOUNT", details: { iban: "KR00 0000 0000", holder: "John Smith" } },
      other: { type: "BANK_ACCOUNT", details: { iban: "KR00 0000 0001", holder: "John Smith" } },
      wrong: { type: "RAW_CARD" },
    }),
  },
];
