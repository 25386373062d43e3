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

/** A number that is taken is refused; one that was made before is as it was. */
export const makeUser: Command<
  NewUser,
  Map<string, NewUser>,
  { result: Outcome<NewUser, NumberTaken>; made: NewUser | undefined }
> = {
  name: "make-user",

  async load(tx, requests) {
    return new Map((await numberedUsers.findTaken(tx, "0-user", requests)).map((user) => [user.id, user]));
  },

  decide(known, user) {
    const before = known.get(user.id);
    if (before !== undefined) return { result: accepted(before), made: undefined };
    const isTaken = [...known.values()].some((other) => other.number === user.number);
    if (isTaken) return { result: refused({ code: "number-taken", number: user.number }), made: undefined };
    return { result: accepted(user), made: user };
  },

  apply(known, { made }) {
    if (made !== undefined) known.set(made.id, made);
  },

  async save(tx, decisions, createdAt) {
    const all = decisions.flatMap(({ made }) => (made === undefined ? [] : [{ ...made, createdAt }]));
    await users.insert(tx, all);
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
