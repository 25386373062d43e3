/** Sandbox mode only: the demo credentials, the customer's side of the bank, the movable clock. */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { SandboxBank, TransferResult } from "../connectors/sandbox/index.ts";
import { sandbox } from "../connectors/sandbox/index.ts";
import { normalizeBankCode } from "../core/banks.ts";
import { InvalidDuration, moveClock, readClock } from "../core/clock.ts";
import type { Core } from "../core/index.ts";
import { findBanksOfNumber } from "../core/virtual-accounts/read.ts";
import type { Credentials } from "../demo.ts";
import type { Fields } from "../http/body.ts";
import { validator } from "../http/validate.ts";
import { fail, problemText } from "./errors.ts";
import { ClockRequest, DepositRequest } from "./schemas.ts";

const checkDeposit = validator(DepositRequest);
const checkClock = validator(ClockRequest);

export interface SandboxOptions {
  core: Core;
  bank: SandboxBank;
  credentials: Credentials;
  /** Whether the bank asks before money moves, unless a deposit is forced. */
  bankChecksAmounts: boolean;
}

export async function mountSandbox(server: FastifyInstance, options: SandboxOptions): Promise<void> {
  const { core, bank, credentials } = options;
  const { pool } = core.store;
  const tags = ["Naru sandbox"];

  server.get("/credentials", { schema: { tags, summary: "The demo merchant's credentials" } }, async () => credentials);

  server.post(
    "/deposits",
    { schema: { tags, summary: "A customer transfers money", body: DepositRequest } },
    async (request, reply) => {
      const checked = checkDeposit(request.body as Fields);
      if (!checked.ok) return fail(reply, 400, "invalid", problemText(checked.problem));
      const { accountNumber, amount, depositorName, noticeId, occurredAt, force } = checked.value;
      const number = accountNumber.replaceAll("-", "").trim();
      const banks = await banksOf(number, checked.value.bankCode);
      if (banks.length === 0 && checked.value.bankCode !== undefined) {
        return fail(reply, 400, "invalid", `${checked.value.bankCode} is no bank code`);
      }
      if (banks.length === 0) return fail(reply, 404, "account-unknown", `no bank knows the account ${number}`);
      if (banks.length > 1) {
        return fail(reply, 400, "bank-needed", `give bankCode: ${banks.join(", ")} know the account ${number}`);
      }
      const at = occurredAt === undefined ? undefined : new Date(occurredAt);
      if (at !== undefined && Number.isNaN(at.getTime()))
        return fail(reply, 400, "invalid", "occurredAt must be a time");
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

  async function banksOf(number: string, bankCode: string | undefined): Promise<string[]> {
    if (bankCode === undefined) return findBanksOfNumber(pool, sandbox, number);
    const code = normalizeBankCode(bankCode);
    return code === undefined ? [] : [code];
  }

  server.post<{ Params: { noticeId: string } }>(
    "/deposits/:noticeId/reversal",
    { schema: { tags, summary: "The bank takes a deposit back" } },
    async (request, reply) => answer(reply, await bank.reverse(request.params.noticeId)),
  );

  server.get("/clock", { schema: { tags, summary: "Business time" } }, async () => readClock(pool));

  server.post(
    "/clock",
    { schema: { tags, summary: "Move business time forward", body: ClockRequest } },
    async (request, reply) => {
      const checked = checkClock(request.body as Fields);
      if (!checked.ok) return fail(reply, 400, "invalid", problemText(checked.problem));
      const { advance, to } = checked.value;
      if ((advance === undefined) === (to === undefined))
        return fail(reply, 400, "invalid", "give either advance or to");
      if (advance !== undefined && !/^P[\dYMWDTHS.]+$/.test(advance)) {
        return fail(reply, 400, "invalid", `${advance} is no ISO 8601 duration such as P3D or PT12H`);
      }
      const target = new Date(to ?? 0);
      if (Number.isNaN(target.getTime())) return fail(reply, 400, "invalid", `${to} is no ISO 8601 time`);
      try {
        const moved = await moveClock(pool, advance === undefined ? { to: target } : { advance });
        if (!moved.ok) return fail(reply, 400, "clock-backwards", "the clock only moves forward");
        core.clockMoved();
        return moved.value;
      } catch (error) {
        if (error instanceof InvalidDuration)
          return fail(reply, 400, "invalid", `${error.message} is no ISO 8601 duration`);
        throw error;
      }
    },
  );
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
