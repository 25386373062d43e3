/** Members' own accounts, from checking whose they are to their removal. */
import type { HolderCheck } from "../connector.ts";
import type { LinkedAccountRefusal, Outcome } from "../errors.ts";
import type { ExchangeDraft } from "../exchanges.ts";
import type { OperationHandler } from "../operations/resolver.ts";
import type { LinkedAccount, OpenedAccount } from "./linked-account.ts";
import type { Verification } from "./verification.ts";

export interface RegisterAccountRequest {
  merchantId: string;
  memberId: string;
  connector: string;
  /** KFTC, three digits. */
  bankCode: string;
  number: string;
  holder: string;
  details: LinkedAccount["details"];
  exchange?: ExchangeDraft<Outcome<LinkedAccount, LinkedAccountRefusal>>;
}

export interface OfMember {
  merchantId: string;
  memberId: string;
  exchange?: ExchangeDraft<Outcome<LinkedAccount, LinkedAccountRefusal>>;
}

/** A member's registered accounts, with what is stored encrypted of them. */
export interface RegisteredAccounts {
  charge: OpenedAccount | undefined;
  autoCharge: OpenedAccount | undefined;
}

export class LinkedAccounts {
  /** Undefined when there is no such account; `unavailable` when the PG does not say in time. */
  checkHolder(
    _connector: string,
    _claimed: { bankCode: string; number: string; holder: string; birthDate: string },
  ): Promise<HolderCheck | "unavailable" | undefined> {
    throw new Error("not built");
  }

  /**
   * Begins a registration: the member is being called when this answers. What comes of it is read by `registration`. The
   * account takes the place of a registered one when it is registered.
   */
  register(_request: RegisterAccountRequest): Promise<Outcome<LinkedAccount, LinkedAccountRefusal>> {
    throw new Error("not built");
  }

  /** The same for being charged by itself, of the account that is registered. */
  registerForAutoCharge(_of: OfMember): Promise<Outcome<LinkedAccount, LinkedAccountRefusal>> {
    throw new Error("not built");
  }

  /** Removes what is registered, for either purpose, and what is charged by itself. */
  remove(_of: OfMember): Promise<Outcome<LinkedAccount, LinkedAccountRefusal>> {
    throw new Error("not built");
  }

  /** A registration of the merchant's by its own id. */
  registration(_merchantId: string, _id: string): Promise<LinkedAccount | undefined> {
    throw new Error("not built");
  }

  registered(_memberId: string): Promise<RegisteredAccounts> {
    throw new Error("not built");
  }

  /** Sends a won. Refused when there is no such account, and while it is not known whether it arrived. */
  verify(_request: {
    merchantId: string;
    connector: string;
    bankCode: string;
    number: string;
    exchange?: ExchangeDraft<Outcome<Verification, LinkedAccountRefusal>>;
  }): Promise<Outcome<Verification, LinkedAccountRefusal>> {
    throw new Error("not built");
  }

  /** Of calls to members. */
  calls(): OperationHandler {
    throw new Error("not built");
  }

  /** Of registrations at the PG. */
  registrations(): OperationHandler {
    throw new Error("not built");
  }

  verifications(): OperationHandler {
    throw new Error("not built");
  }

  /** An account that was registered elsewhere, as the operator has it; where the member has one already, that one. */
  adopt(_request: Omit<RegisterAccountRequest, "exchange">): Promise<Outcome<LinkedAccount, LinkedAccountRefusal>> {
    throw new Error("not built");
  }
}
