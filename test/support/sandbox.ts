/** The sandbox's bank, wallet and PG as two nodes have them, without a core: what they were ordered and what they told. */
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { readConfig } from "../../src/config.ts";
import { Faults, sandboxConnector, sandboxInvariants } from "../../src/connectors/sandbox/index.ts";
import { wordOfOrders } from "../../src/connectors/sandbox/simulator/order-notices.ts";
import type { Connector, OrderNotice } from "../../src/core/connector.ts";
import { checkInvariants } from "../../src/core/invariants.ts";
import type { Secrets } from "../../src/core/secrets.ts";
import { readSecrets } from "../../src/installation.ts";
import { openStore } from "../../src/main.ts";
import type { Store } from "../../src/store/index.ts";
import { createDatabase, type TestDatabase } from "./database.ts";
import { environment } from "./node.ts";

export const log = pino({ level: "silent" });

export class SandboxOfTwo {
  database!: TestDatabase;
  secrets!: Secrets;
  faults!: Faults;
  stores!: Store[];
  connectors!: Connector[];
  /** What Naru was told, apart from answers. */
  told: OrderNotice[] = [];

  readonly receiveOrderNotice = async (notice: OrderNotice): Promise<boolean> => {
    this.told.push(notice);
    return true;
  };

  async open(): Promise<void> {
    this.database = await createDatabase();
    const config = readConfig(environment(this.database));
    this.secrets = await readSecrets(config);
    this.stores = [openStore({ url: this.database.url }, config), openStore({ url: this.database.url }, config)];
    this.faults = new Faults(this.database.pool, log);
    this.connectors = this.stores.map((store) => {
      const connector = sandboxConnector(store, this.secrets, this.faults);
      connector.deliverTo?.({
        receiveNotice: () => Promise.reject(new Error("nothing was deposited")),
        receiveOrderNotice: this.receiveOrderNotice,
      });
      return connector;
    });
  }

  /** The job that tells of what was found out since. */
  word(inbox: Pick<SandboxOfTwo, "receiveOrderNotice"> = this) {
    return wordOfOrders(this.stores[0]!, this.secrets, inbox, log);
  }

  async close(): Promise<void> {
    await Promise.all(this.stores.map((store) => store.close()));
    await this.database.drop();
  }
}

/** One for a test file; nothing is armed, and nothing told yet, when a test begins. */
export function useSandboxOfTwo(): SandboxOfTwo {
  const sandbox = new SandboxOfTwo();
  beforeAll(() => sandbox.open());
  beforeEach(async () => {
    sandbox.told = [];
    await sandbox.faults.disarmAll();
  });
  afterAll(() => sandbox.close());
  return sandbox;
}

/** The sandbox's invariants that do not hold of sound books once they are damaged so, each once. */
export async function brokenBy(sound: (books: TestDatabase) => Promise<unknown>, damage: string): Promise<string[]> {
  const books = await createDatabase();
  try {
    await sound(books);
    await books.pool.query(damage);
    const { breaches } = await checkInvariants(books.pool, sandboxInvariants);
    return [...new Set(breaches.map((one) => one.invariant))];
  } finally {
    await books.drop();
  }
}
