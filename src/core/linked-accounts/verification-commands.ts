/** The commands that verify an account by a won, and record what the PG said of it. */
import { readRealNow } from "../../store/index.ts";
import { type CoreCommand, WorkingState } from "../command.ts";
import type { LinkedAccountRefusal, Outcome } from "../errors.ts";
import { type ExchangeDraft, recordExchange } from "../exchanges.ts";
import { type OperationAnswer, readLocked } from "../operations/operation.ts";
import {
  decideVerificationOutcome,
  decideVerify,
  type Verifying,
  type VerifyRequest,
  verificationOutcome,
} from "./decide-verification.ts";
import { type Verification, verifications } from "./verification.ts";

export const beginVerification: CoreCommand<VerifyRequest, Verifying> = {
  name: "begin-verification",

  async load(tx) {
    const state = new WorkingState();
    state.realNow = await readRealNow(tx);
    return state;
  },

  decide: (state, request, now) => decideVerify(request, now, state.realNow),
};

export interface RecordVerificationRequest {
  verificationId: string;
  operationId: string;
  answer: OperationAnswer;
  exchange?: ExchangeDraft<Outcome<Verification, LinkedAccountRefusal>> | undefined;
}

export const recordVerification: CoreCommand<RecordVerificationRequest, Verification> = {
  name: "record-verification",

  async load(tx, requests) {
    const ids = [...new Set(requests.map(({ verificationId }) => verificationId))];
    const operationIds = [...new Set(requests.map(({ operationId }) => operationId))];
    await verifications.lock(tx, ids);
    const state = new WorkingState();
    state.realNow = await readRealNow(tx);
    state.apply({ verifications: await verifications.read(tx, ids) });
    state.apply({ operations: await readLocked(tx, operationIds) });
    return state;
  },

  decide(state, { verificationId, operationId, answer, exchange }, now) {
    const verification = state.verifications.get(verificationId)!;
    const operation = state.operations.get(operationId)!;
    const { result, changes } = decideVerificationOutcome({ verification, operation }, answer, now, state.realNow);
    const owner = { merchantId: verification.merchantId, paymentId: null };
    return {
      result,
      changes: { ...changes, exchanges: recordExchange(exchange, owner, verificationOutcome(result), now) },
    };
  },
};
