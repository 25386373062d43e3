/**
 * What a database would hold after a sequence of decisions: folds those of commands over a working state as a batch does.
 * All rows are frozen, so that a rule which changes what it was given fails.
 */
import { type Changes, type CoreCommand, WorkingState } from "./command.ts";
import type { NewEvent } from "./events/event.ts";
import { deepFreeze, realTime } from "./fixtures.fixture.ts";
import type { NewTransfer } from "./ledger/ledger.ts";

export class DecidedBooks {
  readonly state = new WorkingState();
  readonly transfers: NewTransfer[] = [];
  readonly events: NewEvent[] = [];
  /** Business time. */
  now: Date;

  constructor(now: Date) {
    this.now = now;
    this.state.realNow = realTime;
  }

  /** Credit less debit of an account that starts with nothing. */
  balance(id: string): number {
    const moved = this.transfers.map(
      (one) => (one.creditAccount === id ? one.amount : 0) - (one.debitAccount === id ? one.amount : 0),
    );
    return moved.reduce((sum, amount) => sum + amount, 0);
  }

  protected do<Request, Result>(command: CoreCommand<Request, Result>, request: Request): Result {
    const { result, changes } = command.decide(this.state, deepFreeze(request), this.now);
    this.keep(changes);
    return result;
  }

  protected keep(changes: Changes): void {
    deepFreeze(changes);
    this.state.apply(changes);
    this.transfers.push(...(changes.transfers ?? []));
    this.events.push(...(changes.events ?? []));
  }
}
