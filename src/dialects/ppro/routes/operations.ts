/** What is done to a charge: authorizations and their confirmation, captures, voids, discards, refunds. */
import type { FastifyInstance } from "fastify";
import type { TObject, TSchema } from "typebox";
import type { ChargeRefusal, Outcome } from "../../../core/errors.ts";
import type { Refund as CoreRefund } from "../../../core/refunds/refund.ts";
import type { Stepped, TakeStepRequest } from "../../../core/wallet-charges/commands.ts";
import { newRefundIds } from "../../../core/wallet-charges/commands.ts";
import type { ChargeView, Checkout } from "../../../core/wallet-charges/decide.ts";
import type { WalletRefunded } from "../../../core/wallet-charges/decide-refund.ts";
import { viewOfCharge } from "../../../core/wallet-charges/read.ts";
import type { ChargeStep, StepKind } from "../../../core/wallet-charges/step.ts";
import type { Context } from "../context.ts";
import { errors, refusalError } from "../errors.ts";
import { methodOf } from "../methods.ts";
import {
  listOf,
  presentAuthorization,
  presentCapture,
  presentDiscard,
  presentRefund,
  presentVoid,
  refundId,
  stepId,
} from "../present.ts";
import {
  Authorization,
  AuthorizationList,
  Capture,
  CaptureList,
  CaptureRequest,
  ConfirmRequest,
  Discard,
  DiscardList,
  DiscardRequest,
  Refund,
  RefundList,
  RefundRequest,
  Void,
  VoidList,
  VoidRequest,
} from "../schemas/index.ts";
import { proofOf } from "../wish.ts";
import {
  type Answer,
  type Call,
  type Endpoint,
  failure,
  type Keep,
  mount,
  mountKeyed,
  type Read,
  readCharge,
  reader,
  success,
} from "./call.ts";
import { confirm, readCode, readConfirm } from "./confirm.ts";

const readCapture = reader(CaptureRequest);
const readVoid = reader(VoidRequest);
const readDiscard = reader(DiscardRequest);
const readRefund = reader(RefundRequest);

interface Kind {
  kind: StepKind;
  /** As addresses and people call it. */
  name: string;
  noun: string;
  response: TSchema;
  list: TSchema;
  present(step: ChargeStep): object;
}

const kinds: readonly Kind[] = [
  {
    kind: "authorization",
    name: "authorizations",
    noun: "Authorization",
    response: Authorization,
    list: AuthorizationList,
    present: presentAuthorization,
  },
  { kind: "capture", name: "captures", noun: "Capture", response: Capture, list: CaptureList, present: presentCapture },
  { kind: "void", name: "voids", noun: "Void", response: Void, list: VoidList, present: presentVoid },
  { kind: "discard", name: "discards", noun: "Discard", response: Discard, list: DiscardList, present: presentDiscard },
];

export function mountOperations(server: FastifyInstance, context: Context): void {
  for (const kind of kinds) mountReading(server, context, kind);
  mountRefundReading(server, context);
  mountStep(server, context, {
    name: "captures",
    summary: "Capture what is authorized, or a part of it",
    body: CaptureRequest,
    response: Capture,
    present: presentCapture,
    read(body) {
      const read = readCapture(body);
      if (!read.ok) return read;
      const { amount, merchantCaptureReference: reference = null, labels = null } = read.value;
      return { ok: true, value: { kind: "capture", amount, reference, labels } };
    },
  });
  mountStep(server, context, {
    name: "voids",
    summary: "Let go of what is authorized, or of a part of it",
    body: VoidRequest,
    response: Void,
    present: presentVoid,
    read(body) {
      const read = readVoid(body);
      if (!read.ok) return read;
      const { amount, merchantVoidReference: reference = null, labels = null } = read.value;
      return { ok: true, value: { kind: "void", amount, reference, labels } };
    },
  });
  mountStep(server, context, {
    name: "discards",
    summary: "Give up a charge that waits for the consumer",
    description: "The contract names this call and does not print it: its address and fields are Naru's.",
    body: DiscardRequest,
    response: Discard,
    present: presentDiscard,
    read(body) {
      const read = readDiscard(body);
      if (!read.ok) return read;
      return { ok: true, value: { kind: "discard", reference: read.value.merchantDiscardReference ?? null } };
    },
  });
  mountRefund(server, context);
  mountConfirm(server, context);
}

/** The charge that the address names, as of one moment. */
async function readView(context: Context, call: Call): Promise<Read<ChargeView>> {
  const charge = await readCharge(context, call);
  if (!charge.ok) return charge;
  return { ok: true, value: await viewOfCharge(context.core.store.pool, charge.value.id) };
}

function mountReading(
  server: FastifyInstance,
  context: Context,
  { kind, name, noun, response, list, present }: Kind,
): void {
  const url = `/v1/payment-charges/:id/${name}`;
  mount(server, context, { method: "GET", url, summary: `A charge's ${name}`, response: list }, async (call) => {
    const view = await readView(context, call);
    if (!view.ok) return failure(view.error);
    const steps = view.value.steps.filter((step) => step.kind === kind);
    return success(listOf(steps.map(present), view.value.charge, name));
  });
  const one: Endpoint = { method: "GET", url: `${url}/:stepId`, summary: `One of a charge's ${name}`, response };
  mount(server, context, one, async (call) => {
    const view = await readView(context, call);
    if (!view.ok) return failure(view.error);
    const step = view.value.steps.find(
      (candidate) => candidate.kind === kind && stepId(candidate) === call.params.stepId,
    );
    return step === undefined ? failure(errors.notFound(noun)) : success(present(step));
  });
}

function mountRefundReading(server: FastifyInstance, context: Context): void {
  const url = "/v1/payment-charges/:id/refunds";
  mount(server, context, { method: "GET", url, summary: "A charge's refunds", response: RefundList }, async (call) => {
    const view = await readView(context, call);
    if (!view.ok) return failure(view.error);
    const { charge, refunds } = view.value;
    return success(
      listOf(
        refunds.map((refund) => presentRefund(refund, charge.id)),
        charge,
        "refunds",
      ),
    );
  });
  const one: Endpoint = {
    method: "GET",
    url: `${url}/:refundId`,
    summary: "One of a charge's refunds",
    response: Refund,
  };
  mount(server, context, one, async (call) => {
    const view = await readView(context, call);
    if (!view.ok) return failure(view.error);
    const { charge, refunds } = view.value;
    const refund = refunds.find((candidate) => refundId(candidate) === call.params.refundId);
    return refund === undefined ? failure(errors.notFound("Refund")) : success(presentRefund(refund, charge.id));
  });
}

interface StepCall {
  name: string;
  summary: string;
  description?: string;
  body: TObject;
  response: TSchema;
  present(step: ChargeStep): object;
  read(body: Call["body"]): Read<TakeStepRequest["step"]>;
}

function mountStep(server: FastifyInstance, context: Context, { name, present, read, ...about }: StepCall): void {
  const { core } = context;
  const endpoint: Endpoint = { method: "POST", url: `/v1/payment-charges/:id/${name}`, ...about };
  const answer = (outcome: Outcome<Stepped, ChargeRefusal>): Answer =>
    outcome.ok ? success(present(outcome.value.step)) : failure(refusalError(outcome.refusal));
  mountKeyed(server, context, endpoint, {
    async handle(call, keep) {
      const step = read(call.body);
      if (!step.ok) return failure(step.error);
      const charge = await readCharge(context, call);
      if (!charge.ok) return failure(charge.error);
      return answer(await core.walletCharges.step({ chargeId: charge.value.id, step: step.value, kept: keep(answer) }));
    },
    // A step is answered by the transaction that makes it.
    resume: () => Promise.reject(new Error(`a call of ${name} was bound and not answered`)),
  });
}

function mountRefund(server: FastifyInstance, context: Context): void {
  const { core } = context;
  const endpoint: Endpoint = {
    method: "POST",
    url: "/v1/payment-charges/:id/refunds",
    summary: "Give back what was captured, or a part of it",
    description: "PENDING when the provider does not say in time whether it did; it is asked until that is known.",
    body: RefundRequest,
    response: Refund,
  };
  const shown = (refund: CoreRefund, chargeId: string) => success(presentRefund(refund, chargeId));
  const answer = (outcome: Outcome<WalletRefunded, ChargeRefusal>): Answer =>
    outcome.ok ? shown(outcome.value.refund, outcome.value.view.charge.id) : failure(refusalError(outcome.refusal));
  mountKeyed(server, context, endpoint, {
    async handle(call, keep) {
      const read = readRefund(call.body);
      if (!read.ok) return failure(read.error);
      const found = await readCharge(context, call);
      if (!found.ok) return failure(found.error);
      const { amount, merchantRefundReference, refundDescriptor, refundReason, labels } = read.value;
      const charge = found.value;
      const method = methodOf(context.methods, { paymentMethod: charge.method });
      const request = {
        ...newRefundIds(),
        chargeId: charge.id,
        amount,
        reference: merchantRefundReference ?? null,
        descriptor: refundDescriptor ?? null,
        reason: refundReason === "DUPLCIATE" ? "DUPLICATE" : (refundReason ?? null),
        labels: labels ?? null,
        within_days: method?.rules.refund_within_days ?? null,
        kept: keep(answer),
      };
      return answer(await core.walletCharges.refund(request));
    },
    async resume(call, subjectId) {
      const view = await readView(context, call);
      if (!view.ok) return failure(view.error);
      const { charge, refunds } = view.value;
      return shown(refunds.find(({ id }) => id === subjectId)!, charge.id);
    },
  });
}

function mountConfirm(server: FastifyInstance, context: Context): void {
  const endpoint: Endpoint = {
    method: "POST",
    url: "/v1/payment-charges/:id/authorizations",
    summary: "Confirm an authorization with what the consumer was asked for",
    description: "In the sandbox MULTI_FACTOR is right with verificationCode 777123.",
    body: ConfirmRequest,
    response: Authorization,
  };
  const shown = ({ steps }: ChargeView) =>
    success(presentAuthorization(steps.find(({ kind }) => kind === "authorization")!));
  const answer = (outcome: Outcome<Checkout, ChargeRefusal>): Answer =>
    outcome.ok ? shown(outcome.value.charge!) : failure(refusalError(outcome.refusal));
  mountKeyed(server, context, endpoint, {
    async handle(call, keep: Keep) {
      const read = readConfirm(call.body);
      if (!read.ok) return failure(read.error);
      const found = await readCharge(context, call);
      if (!found.ok) return failure(found.error);
      const code = readCode(read.value);
      if (!code.ok) return failure(code.error);
      const { id: chargeId, agreementId, authentications, state, details } = found.value;
      // What comes with its agreement is confirmed with it.
      const of = agreementId === null ? { chargeId } : { agreementId };
      const waiting = { noun: "charge", of, authentications, state, proof: () => proofOf(details) } as const;
      return confirm(context, waiting, code.value, keep, answer);
    },
    async resume(call) {
      const view = await readView(context, call);
      return view.ok ? shown(view.value) : failure(view.error);
    },
  });
}
