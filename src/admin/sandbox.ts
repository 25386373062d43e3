/** Sandbox mode only: the demo credentials, the customer's side of the bank, the wallet and the PG, the movable clock. */
import type { FastifyInstance, FastifyReply } from "fastify";
import {
  type BankTransaction,
  type Faults,
  type SandboxBank,
  sandbox,
  type TransferResult,
} from "../connectors/sandbox/index.ts";
import { normalizeBankCode } from "../core/banks.ts";
import { type ClockMove, moveClock, readClock } from "../core/clock.ts";
import type { ChargeRefusal, ClockRefusal } from "../core/errors.ts";
import type { Core } from "../core/index.ts";
import { findBanksOfNumber } from "../core/virtual-accounts/read.ts";
import { findAgreementAnywhere } from "../core/wallet-charges/read.ts";
import type { Credentials } from "../demo.ts";
import { MalformedBody } from "../http/body.ts";
import { mountArsCalls } from "./ars-calls.ts";
import { fail } from "./errors.ts";
import { mountFaults } from "./faults.ts";
import { reader, readTime } from "./requests.ts";
import { AgreementRevocationRequest, ClockRequest, DepositRequest, HolderQuery } from "./schemas.ts";

const readDeposit = reader(DepositRequest);
const readClockRequest = reader(ClockRequest);
const readHolderQuery = reader(HolderQuery);
const readRevocation = reader(AgreementRevocationRequest);

/** The one whose clients have agreements. */
const agreementsDialect = "ppro";

export interface SandboxOptions {
  core: Core;
  bank: SandboxBank;
  faults: Faults;
  credentials: Credentials;
  /** Whether the bank asks before money moves, unless a deposit is forced. */
  bankChecksAmounts: boolean;
}

export async function mountSandbox(server: FastifyInstance, options: SandboxOptions): Promise<void> {
  const { core, bank, credentials } = options;
  const { pool } = core.store;
  const tags = ["Naru sandbox"];

  server.get(
    "/credentials",
    { config: { operator: true }, schema: { tags, summary: "The demo merchant's credentials, for operators" } },
    async () => credentials,
  );

  server.post(
    "/deposits",
    { schema: { tags, summary: "A customer transfers money", body: DepositRequest } },
    async (request, reply) => {
      const { accountNumber, bankCode, amount, depositorName, noticeId, occurredAt, force } = readDeposit(request.body);
      const at = readTime("occurredAt", occurredAt);
      const number = readAccountNumber(accountNumber);
      const banks = bankCode === undefined ? await findBanksOfNumber(pool, sandbox, number) : [readBank(bankCode)];
      if (banks.length === 0) return fail(reply, 404, "account-unknown", `no bank knows the account ${number}`);
      if (banks.length > 1) {
        return fail(reply, 400, "bank-needed", `give bankCode: ${banks.join(", ")} know the account ${number}`);
      }
      const result = await bank.transfer({
        ...(noticeId === undefined ? {} : { id: noticeId }),
        bankCode: banks[0]!,
        number,
        ...(amount === undefined ? {} : { amount }),
        depositorName: depositorName ?? null,
        ...(at === undefined ? {} : { occurredAt: at }),
        unchecked: force ?? !options.bankChecksAmounts,
      });
      return answer(reply, result);
    },
  );

  server.post<{ Params: { noticeId: string } }>(
    "/deposits/:noticeId/reversal",
    { schema: { tags, summary: "The bank takes a deposit back" } },
    async (request, reply) => answer(reply, await bank.reverse(request.params.noticeId)),
  );

  server.post<{ Params: { id: string } }>(
    "/agreements/:id/revocation",
    {
      schema: {
        tags,
        summary: "A consumer, or the provider, takes an agreement back",
        description: "The merchant does so by a call of its own dialect.",
        body: AgreementRevocationRequest,
      },
    },
    async (request, reply) => {
      const { by } = readRevocation(request.body);
      const { id } = request.params;
      const agreement = await findAgreementAnywhere(pool, agreementsDialect, id);
      if (agreement === undefined) return fail(reply, 404, "agreement-unknown", `there is no agreement ${id}`);
      const revoked = await core.walletCharges.revoke({ agreementId: agreement.id, by });
      if (!revoked.ok) return refuseRevocation(reply, id, revoked.refusal);
      const { state, updatedAt } = revoked.value;
      return { id, state, revokedAt: updatedAt };
    },
  );

  server.get(
    "/holders",
    {
      schema: {
        tags,
        summary: "Whose account it is",
        description: "With the holder's date of birth where another is refused.",
        querystring: HolderQuery,
      },
    },
    async (request, reply) => {
      const query = readHolderQuery(request.query);
      const bankCode = readBank(query.bankCode);
      const accountNumber = readAccountNumber(query.accountNumber);
      const holder = await bank.holderOf(bankCode, accountNumber);
      if (holder === undefined) return fail(reply, 404, "account-unknown", "nobody has this account");
      return { bankCode, accountNumber, holder: holder.name, birthDate: holder.birthDate };
    },
  );

  mountArsCalls(server, bank);

  mountFaults(server, options.faults);

  server.get("/clock", { schema: { tags, summary: "Business time" } }, async () => readClock(pool));

  server.post(
    "/clock",
    { schema: { tags, summary: "Move business time forward", body: ClockRequest } },
    async (request, reply) => {
      const moved = await moveClock(pool, readMove(readClockRequest(request.body)));
      if (!moved.ok) return refuseMove(reply, moved.refusal);
      core.clockMoved();
      bank.clockMoved();
      return moved.value;
    },
  );
}

function refuseMove(reply: FastifyReply, refusal: ClockRefusal) {
  return refusal.code === "clock-too-far"
    ? fail(reply, 400, refusal.code, `the clock does not go beyond ${refusal.last}`)
    : fail(reply, 400, refusal.code, "the clock only moves forward");
}

function refuseRevocation(reply: FastifyReply, id: string, refusal: ChargeRefusal) {
  const stands = refusal.code === "not-waiting" ? `is ${refusal.state}, not active` : "cannot be taken back now";
  return fail(reply, 409, "agreement-not-active", `the agreement ${id} ${stands}`);
}

function readBank(code: string): string {
  const bankCode = normalizeBankCode(code);
  if (bankCode === undefined) throw new MalformedBody(`${code} is no bank code`);
  return bankCode;
}

function readAccountNumber(text: string): string {
  return text.replaceAll("-", "").trim();
}

function readMove({ advance, to }: ClockRequest): ClockMove {
  const moment = readTime("to", to);
  if (advance !== undefined && moment === undefined) return { advance };
  if (advance === undefined && moment !== undefined) return { to: moment };
  throw new MalformedBody("give either advance or to");
}

function answer(reply: FastifyReply, result: TransferResult) {
  if (!result.ok) {
    switch (result.refusal.code) {
      case "bank-refused":
        return fail(reply, 422, "bank-refused", `the bank refuses this transfer: ${result.refusal.reason}`, {
          reason: result.refusal.reason,
        });
      case "amount-needed":
        return fail(reply, 400, "amount-needed", "the account takes any amount, so give one");
      case "no-such-transaction":
        return fail(reply, 404, "deposit-unknown", `the bank made no deposit ${result.refusal.id}`);
    }
  }
  if ("untoldBy" in result) return answerUntold(reply, result.transaction, result.untoldBy);
  const { deposit, duplicate } = result.notice;
  return {
    noticeId: deposit.transactionId,
    outcome: deposit.state,
    reason: deposit.reason,
    duplicate,
    amount: deposit.amount,
    bankCode: deposit.bankCode,
    accountNumber: deposit.number,
    depositorName: deposit.depositorName,
    occurredAt: deposit.occurredAt,
    depositId: deposit.id,
    paymentId: deposit.paymentId,
  };
}

/** Money moved and the books do not know of it yet, so there is no deposit to name. */
function answerUntold(reply: FastifyReply, transaction: BankTransaction, reason: string) {
  const { id: noticeId, amount, bankCode, number: accountNumber, depositorName, occurredAt } = transaction;
  const moved = { amount, bankCode, accountNumber, depositorName, occurredAt };
  return reply.code(202).send({ noticeId, outcome: "not-notified", reason, duplicate: false, ...moved });
}
