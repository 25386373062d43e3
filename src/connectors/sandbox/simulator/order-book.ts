/**
 * Orders that the sandbox's bank, wallet and PG remember: each is carried out once per key and never after its time,
 * and can be asked about. Who asks about one that is being carried out waits until it has been.
 */
import type { Order } from "../../../core/connector.ts";
import type { OperationAnswer } from "../../../core/operations/operation.ts";
import {
  type Claim,
  claim,
  type Queryable,
  readRealNow,
  type Statement,
  type Store,
  type Table,
} from "../../../store/index.ts";

/** One kind of order. `Wanted`: what is ordered; `Row`: what is remembered of it. */
export interface OrderKind<Wanted, Row extends { key: string }> {
  readonly rows: Table<Row>;
  /** Orders that bear on each other, for kinds where one decides over another. */
  readonly kinship?: {
    /** Orders with a name in common are carried out one after another. */
    names(wanted: Wanted): string[];
    /** Those of before that bear on these. */
    read(tx: Queryable, wanted: readonly Wanted[]): Promise<Row[]>;
  };
  /** Carries out what is new. Pure; `known` are the orders that bear on it, by their keys. */
  carryOut(wanted: Wanted, known: ReadonlyMap<string, Row>, now: Date): Row;
  /** What is said of it, now or whenever it is asked about. Pure. */
  answer(row: Row, now: Date): OperationAnswer;
}

interface BookRequest<Wanted> {
  key: string;
  /** Undefined: only asked about. */
  order: { validUntil: Date; wanted: Wanted } | undefined;
}

interface BookState<Row> {
  known: Map<string, Row>;
  realNow: Date;
}

interface BookDecision<Row> {
  result: OperationAnswer;
  made: Row | undefined;
}

export function orderBook<Wanted, Row extends { key: string }>(store: Store, kind: OrderKind<Wanted, Row>) {
  const { rows, kinship } = kind;
  const read: Statement = {
    name: `read-${rows.name}`,
    text: `SELECT ${rows.select("t")} FROM ${rows.name} t WHERE key = ANY($1)`,
  };
  const command = store.command<BookRequest<Wanted>, BookState<Row>, BookDecision<Row>>({
    name: `${rows.name}-order`,

    async load(tx, requests) {
      const keys = [...new Set(requests.map((request) => request.key))];
      const wanted = requests.flatMap(({ order }) => (order === undefined ? [] : [order.wanted]));
      const names = wanted.flatMap((one) => kinship?.names(one) ?? []);
      await claim(tx, [...keys, ...names].map(orderClaim));
      const own = (await tx.query<Row>(read, [keys])).rows;
      const kin = (await kinship?.read(tx, wanted)) ?? [];
      return { known: new Map([...own, ...kin].map((row) => [row.key, row])), realNow: await readRealNow(tx) };
    },

    decide({ known, realNow }, { key, order }, now) {
      const row = known.get(key);
      if (row !== undefined) return { result: kind.answer(row, now), made: undefined };
      if (order === undefined) return { result: { outcome: "absent" }, made: undefined };
      if (realNow > order.validUntil) return { result: tooLate, made: undefined };
      const made = kind.carryOut(order.wanted, known, now);
      return { result: kind.answer(made, now), made };
    },

    apply({ known }, { made }) {
      if (made !== undefined) known.set(made.key, made);
    },

    async save(tx, decisions) {
      await rows.insert(
        tx,
        decisions.map((decision) => decision.made).filter((made) => made !== undefined),
      );
    },
  });
  return {
    ask: (key: string) => command.submit({ key, order: undefined }),
    carryOut: ({ key, validUntil }: Order, wanted: Wanted) => command.submit({ key, order: { validUntil, wanted } }),
  };
}

/** Whoever carries out, changes or asks about an order holds this. */
export function orderClaim(key: string): Claim {
  return { scope: "sandbox-bank", key };
}

const tooLate: OperationAnswer = { outcome: "failed", code: "too-late", message: "요청의 유효시간이 지났습니다." };
