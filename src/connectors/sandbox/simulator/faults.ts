/**
 * Faults an operator arms. Each strikes the next so many calls, whichever node makes them, or every call with a chance:
 * whether the n-th call is struck depends on seed, fault and n alone, and n is counted in the database.
 *
 * Nothing is asked of the database while nothing is armed. A node keeps a view of what is armed, polls it, and trusts
 * it for `view_trust_ms` from the moment it asked; an older view is read anew before it is used. So an arming that is
 * answered that much later than it was committed is felt by every call that begins after the answer, on every node.
 */
import { createHash, randomInt } from "node:crypto";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { type JobLog, Repeating } from "../../../core/jobs.ts";
import { isAlive } from "../../../core/nodes.ts";
import { createPool, type Pool, type Statement, type Where } from "../../../store/index.ts";

export const faultLimits = {
  count_max: 1_000_000,
  seed_max: 2 ** 32 - 1,
  delay_min_s: 0.1,
  delay_max_s: 600,
  /** A struck commit holds its locks; who waits for one of them gives up after `poolLimits.lock_timeout_ms`. */
  commit_delay_max_s: 5,
  /** Asking goes by connections of its own, so that a commit which asks waits for nobody's locks, and not for long. */
  connections: 2,
  answer_timeout_ms: 2_000,
  poll_ms: 200,
  view_trust_ms: 500,
  /** A timer may fire a little early. */
  timer_slack_ms: 10,
};

interface FaultKind {
  name: string;
  about: string;
  /** How long, unless it is armed with another delay; only for faults that take a time. */
  delay_s?: number;
  delay_max_s?: number;
  /** What it may say, the usual first; only for faults that answer with an error. */
  codes?: readonly string[];
}

/** Kakao's common codes; those of consent that depend on nothing in the sandbox. */
const kakaoCodes = "-603 -1 -2 -3 -4 -5 -6 -7 -8 -9 -10 -11 -12 -101 -401 -402 -813 -903 -9798".split(" ");
const kakaoConsentCodes = "KOE003 KOE005 KOE008 KOE025 KOE026 KOE027 KOE101 KOE123 KOE124 KOE125 KOE232 KOE233".split(
  " ",
);

export const faults = [
  { name: "refund-timeout-before", about: "the order to pay a refund out is lost, and no answer comes" },
  { name: "refund-timeout-after", about: "the refund is paid out, and no answer comes" },
  { name: "refund-refused", about: "the bank or wallet refuses to pay a refund out" },
  { name: "refund-notice-first", about: "the refund is paid out, and the notice of it comes before the answer" },
  { name: "receipt-timeout-before", about: "the order for a cash receipt is lost, and no answer comes" },
  { name: "receipt-timeout-after", about: "the cash receipt is made or cancelled, and no answer comes" },
  { name: "receipt-refused", about: "the order for a cash receipt is refused" },
  { name: "wallet-timeout-before", about: "the order to authorize a payment is lost, and no answer comes" },
  { name: "wallet-timeout-after", about: "the wallet authorizes or declines a payment, and no answer comes" },
  { name: "wallet-refused", about: "the wallet declines a payment, whatever the shopper did" },
  { name: "ars-wrong", about: "the member types a wrong code on the telephone, or does not agree" },
  { name: "ars-unanswered", about: "the member does not answer the telephone, by business time", delay_s: 10 },
  {
    name: "ars-held",
    about: "the telephone rings until an operator answers for the member, or the delay is over by business time",
    delay_s: 60,
  },
  {
    name: "registration-refused",
    about: "the PG refuses to register a member's account",
    codes: ["lifetime-account", "restricted-account", "refused"],
  },
  { name: "registration-timeout-before", about: "the order to register an account is lost, and no answer comes" },
  { name: "registration-timeout-after", about: "the PG registers or refuses an account, and no answer comes" },
  { name: "withdrawal-refused", about: "the PG refuses to draw on a member's account" },
  { name: "withdrawal-timeout-before", about: "the order to draw on an account is lost, and no answer comes" },
  { name: "withdrawal-timeout-after", about: "the PG draws on an account or declines, and no answer comes" },
  {
    name: "withdrawal-late",
    about: "the PG finds out later whether it drew on an account, by business time, and tells of it then",
    delay_s: 60,
  },
  { name: "verification-timeout-before", about: "the order to send a won is lost, and no answer comes" },
  { name: "verification-timeout-after", about: "the won is sent, and no answer comes" },
  { name: "holder-timeout", about: "whose an account is remains unanswered" },
  { name: "notice-duplicated", about: "three copies of a transaction's notice come at the same moment" },
  { name: "notice-late", about: "a transaction's notice comes later, by business time", delay_s: 60 },
  {
    name: "notice-out-of-order",
    about: "a transaction's notice comes after that of the next one, or when the delay is over by business time",
    delay_s: 60,
  },
  { name: "notice-lost", about: "a transaction's notice never comes, and is found by asking the bank" },
  { name: "webhook-500", about: "the shop is called, and its answer counts as a 500" },
  { name: "webhook-slow", about: "the shop is called, and its answer comes late", delay_s: 20 },
  { name: "webhook-unanswered", about: "the shop is called, and its answer is lost", delay_s: 30 },
  { name: "token-expired", about: "a call finds that its access token has expired, for good" },
  { name: "kakao-moment-error", about: "a Kakao Moment call is answered with the error of a code", codes: kakaoCodes },
  {
    name: "kakao-consent-error",
    about: "a call of Kakao's consent is answered with the error of a code",
    codes: kakaoConsentCodes,
  },
  {
    name: "database-slow",
    about: "a commit takes long, with its locks held",
    delay_s: 2,
    delay_max_s: faultLimits.commit_delay_max_s,
  },
] as const satisfies readonly FaultKind[];
export type Fault = (typeof faults)[number]["name"];

const kinds: ReadonlyMap<string, FaultKind> = new Map(faults.map((kind) => [kind.name, kind]));

/** A fault as an operator may arm it, or why not. */
export type Arming = { fault: Fault; delay_s: number | null; code: string | null } & (
  | { count: number; chance: null; seed: null }
  | { count: null; chance: number; seed: number }
);
export interface ArmingRequest {
  fault: string;
  count?: number;
  chance?: number;
  seed?: number;
  delay_s?: number;
  code?: string;
}

/** Pure but for the random seed of a chance that names none. */
export function readArming(wanted: ArmingRequest): Arming | { wrong: string } {
  const { count, chance, seed, delay_s, code } = wanted;
  const kind = kinds.get(wanted.fault);
  if (kind === undefined) return { wrong: unknownFault(wanted.fault) };
  const fault = kind.name as Fault;
  if (count !== undefined && chance !== undefined) return { wrong: "give either count or chance" };
  if (seed !== undefined && chance === undefined) return { wrong: "a seed goes with a chance" };
  if (delay_s !== undefined && kind.delay_s === undefined) return { wrong: `${fault} has no delay_s` };
  const longest_s = kind.delay_max_s ?? faultLimits.delay_max_s;
  if (delay_s !== undefined && delay_s > longest_s) return { wrong: `delay_s of ${fault} may be ${longest_s}` };
  const { codes = [] } = kind;
  if (code !== undefined && !codes.includes(code)) {
    return { wrong: codes.length === 0 ? `${fault} has no code` : `code of ${fault} may be ${codes.join(", ")}` };
  }
  const what = { fault, delay_s: delay_s ?? kind.delay_s ?? null, code: code ?? codes[0] ?? null };
  return chance === undefined
    ? { ...what, count: count ?? 1, chance: null, seed: null }
    : { ...what, count: null, chance, seed: seed ?? randomInt(faultLimits.seed_max + 1) };
}

export function isFault(name: string): name is Fault {
  return kinds.has(name);
}

export function unknownFault(name: string): string {
  return `there is no fault ${name}; there are ${[...kinds.keys()].join(", ")}`;
}

/** Whether the `call`-th call, counted from 1, is struck. */
export function isStruck(fault: Fault, seed: number, chance: number, call: number): boolean {
  const digest = createHash("sha256").update(`${seed} ${fault} ${call}`).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48 < chance;
}

export interface ArmedFault {
  fault: Fault;
  about: string;
  /** Calls that it still strikes; null when it strikes by chance. */
  remaining: number | null;
  chance: number | null;
  seed: number | null;
  delay_s: number | null;
  code: string | null;
  /** Since it was armed: calls that were made, and those of them that it struck. */
  calls: number;
  struck: number;
}

/** What a struck call has to know. */
export interface Strike {
  /** 0 for a fault without a delay. */
  delay_s: number;
  /** Null for one that does not answer with an error. */
  code: string | null;
}

const ARM: Statement = {
  name: "arm-fault",
  text: `INSERT INTO sandbox_faults (fault, remaining, chance, seed, delay_s, code, calls, struck)
    VALUES ($1, $2, $3, $4, $5, $6, 0, 0)
    ON CONFLICT (fault) DO UPDATE SET remaining = excluded.remaining, chance = excluded.chance, seed = excluded.seed,
      delay_s = excluded.delay_s, code = excluded.code, calls = 0, struck = 0`,
};
const ARMED = "WHERE remaining > 0 OR chance IS NOT NULL";
const VIEW: Statement = { name: "view-faults", text: `SELECT fault FROM sandbox_faults ${ARMED}` };
/** Counts a call. One that is struck by count is known to be; of a chance the seed decides. */
const TAKE: Statement = {
  name: "take-fault",
  text: `UPDATE sandbox_faults SET calls = calls + 1, remaining = remaining - 1, struck = struck + (chance IS NULL)::int
    WHERE fault = $1 AND (remaining > 0 OR chance IS NOT NULL) RETURNING calls, chance, seed, delay_s, code`,
};
const STRUCK: Statement = {
  name: "count-struck-call",
  text: "UPDATE sandbox_faults SET struck = struck + 1 WHERE fault = $1 AND seed = $2 AND calls >= $3",
};
const LIVE_NODES: Statement = {
  name: "count-live-nodes",
  text: `SELECT count(*) AS count FROM nodes n WHERE ${isAlive("n")}`,
};

export class Faults {
  readonly #pool: Pool;
  readonly #log: JobLog;
  readonly #polling: Repeating;
  #view: { armed: ReadonlySet<string>; asOf_ms: number } = { armed: new Set(), asOf_ms: Number.NEGATIVE_INFINITY };
  #reading: Promise<void> | undefined;

  constructor(pool: Pool, log: JobLog) {
    this.#pool = pool;
    this.#log = log;
    this.#polling = new Repeating("faults", faultLimits.poll_ms, () => this.#poll(), log);
  }

  static open(where: Where, log: JobLog): Faults {
    const { connections, answer_timeout_ms } = faultLimits;
    const patience = { connectionTimeoutMillis: answer_timeout_ms, query_timeout: answer_timeout_ms };
    return new Faults(createPool(where, connections, patience), log);
  }

  /** Keeps the view fresh, so that no call has to wait for it; and tells of what was armed before and goes on. */
  async start(): Promise<void> {
    const armed = (await this.armed()).map((one) => one.fault);
    if (armed.length > 0) this.#log.warn({ faults: armed }, `faults are armed: ${armed.join(", ")}`);
    this.#polling.start();
  }

  /** For one that was opened. */
  async close(): Promise<void> {
    await this.#polling.stop();
    await this.#pool.end();
  }

  /** Until it is used up or disarmed; every call on every node that begins after this was answered feels it. */
  async arm({ fault, count, chance, seed, delay_s, code }: Arming): Promise<void> {
    if (count === 0) return this.disarm(fault);
    await this.#pool.query(ARM, [fault, count, chance, seed, delay_s, code]);
    await this.#spread();
  }

  async disarm(fault: Fault): Promise<void> {
    await this.#pool.query("DELETE FROM sandbox_faults WHERE fault = $1", [fault]);
    await this.#spread();
  }

  async disarmAll(): Promise<void> {
    await this.#pool.query("DELETE FROM sandbox_faults");
    await this.#spread();
  }

  async armed(): Promise<ArmedFault[]> {
    const found = await this.#pool.query<Omit<ArmedFault, "about">>(
      `SELECT fault, remaining, chance, seed, delay_s, code, calls, struck FROM sandbox_faults ${ARMED} ORDER BY fault`,
    );
    return found.rows.map(({ fault, ...row }) => ({ fault, about: kinds.get(fault)?.about ?? "", ...row }));
  }

  /** Whether this call is to go wrong so. While the database cannot be asked, no call is. */
  async take(fault: Fault): Promise<Strike | undefined> {
    try {
      if (!(await this.#isArmed(fault))) return undefined;
      return await this.#take(fault);
    } catch {
      return undefined;
    }
  }

  async #take(fault: Fault): Promise<Strike | undefined> {
    const taken = await this.#pool.query<Pick<ArmedFault, "calls" | "chance" | "seed" | "delay_s" | "code">>(TAKE, [
      fault,
    ]);
    const call = taken.rows[0];
    if (call === undefined) return undefined;
    if (call.chance !== null) {
      if (!isStruck(fault, call.seed!, call.chance, call.calls)) return undefined;
      await this.#pool.query(STRUCK, [fault, call.seed, call.calls]);
    }
    return { delay_s: call.delay_s ?? 0, code: call.code };
  }

  async #isArmed(fault: Fault): Promise<boolean> {
    const needed_ms = performance.now() - faultLimits.view_trust_ms;
    // Twice at most: a reading that begins after this call is new enough.
    while (this.#view.asOf_ms < needed_ms) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    return this.#view.armed.has(fault);
  }

  async #read(): Promise<void> {
    const asOf_ms = performance.now();
    const { rows } = await this.#pool.query<{ fault: string }>(VIEW);
    if (asOf_ms >= this.#view.asOf_ms) this.#view = { armed: new Set(rows.map((row) => row.fault)), asOf_ms };
  }

  /** A failure is nothing to tell of: a view that was not read is not trusted. */
  async #poll(): Promise<boolean> {
    await this.#read().catch(() => {});
    return false;
  }

  /** Returns when no node trusts a view from before. */
  async #spread(): Promise<void> {
    await this.#read();
    const nodes = (await this.#pool.query<{ count: number }>(LIVE_NODES)).rows[0]!.count;
    if (nodes > 1) await pause(faultLimits.view_trust_ms + faultLimits.timer_slack_ms);
  }
}

/** Before a commit: waits as `database-slow` will have it. It asks the database on another connection, by no command. */
export async function slowCommit(faults: Pick<Faults, "take">): Promise<void> {
  const strike = await faults.take("database-slow");
  if (strike !== undefined) await pause(strike.delay_s * 1000);
}

/** What a caller sees of a bank that does not answer: nothing, until the caller gives up. */
export async function neverAnswer(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, "abort");
  throw new Error("the sandbox bank did not answer");
}
