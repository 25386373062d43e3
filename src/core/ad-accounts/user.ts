/** A person who uses a merchant's ad accounts, and lets apps use them. */
import { type Command, table } from "../../store/index.ts";
import { accepted, type NumberTaken, type Outcome, refused } from "../errors.ts";
import { numbered } from "./numbered.ts";

export interface User {
  id: string;
  merchantId: string;
  /** What clients know them by; unique in the installation. */
  number: number;
  name: string;
  /** They may neither consent nor be acted for. */
  restricted: boolean;
  /** They registered as a business, without which they have nothing to consent about. */
  business: boolean;
  signInHash: string;
  createdAt: Date;
}

export const users = table<User>(
  "users",
  ["id", "merchantId", "number", "name", "restricted", "business", "signInHash", "createdAt"],
  ["id"],
);

export const numberedUsers = numbered(users);

export type NewUser = Omit<User, "createdAt">;

/** A number that is taken is refused. */
export const makeUser: Command<NewUser, Set<number>, { result: Outcome<NewUser, NumberTaken> }> = {
  name: "make-user",

  async load(tx, requests) {
    const numbers = requests.map((request) => request.number);
    return new Set((await numberedUsers.findTaken(tx, "0-user", numbers)).map((user) => user.number));
  },

  decide(taken, user) {
    return { result: taken.has(user.number) ? refused({ code: "number-taken", number: user.number }) : accepted(user) };
  },

  apply(taken, { result }) {
    if (result.ok) taken.add(result.value.number);
  },

  async save(tx, decisions, createdAt) {
    const made = decisions.flatMap(({ result }) => (result.ok ? [{ ...result.value, createdAt }] : []));
    await users.insert(tx, made);
  },
};

export interface ChangeUserRequest {
  userId: string;
  change: Partial<Pick<User, "name" | "restricted" | "business" | "signInHash">>;
}

export const changeUser: Command<ChangeUserRequest, Map<string, User>, { result: User }> = {
  name: "change-user",

  async load(tx, requests) {
    const ids = [...new Set(requests.map((request) => request.userId))];
    await users.lock(tx, ids);
    return new Map((await users.read(tx, ids)).map((user) => [user.id, user]));
  },

  // Users are never removed, and whoever asks has read this one.
  decide: (known, { userId, change }) => ({ result: { ...known.get(userId)!, ...change } }),

  apply: (known, { result }) => void known.set(result.id, result),

  async save(tx, decisions) {
    await users.upsert(tx, [...new Map(decisions.map(({ result }) => [result.id, result])).values()]);
  },
};
