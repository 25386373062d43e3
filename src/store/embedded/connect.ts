/** Connections of this room's own: to see whether a server is ours, to create the database, to hold the lock. */
import pg from "pg";
import { DATABASE, USER } from "./cluster.ts";
import type { Endpoint } from "./endpoint.ts";
import { errorCode } from "./error.ts";
import { CONNECT_LIMIT_MS, QUERY_LIMIT_MS } from "./limits.ts";

export interface EmbeddedConnection {
  /** The socket's directory, or 127.0.0.1. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

const DUPLICATE_DATABASE = "42P04";
export const WRONG_PASSWORD = "28P01";

export function connectionTo({ host, port }: Endpoint, password: string): EmbeddedConnection {
  return { host, port, user: USER, password, database: DATABASE };
}

export async function connect(connection: EmbeddedConnection, database = connection.database): Promise<pg.Client> {
  const client = new pg.Client({
    ...connection,
    database,
    ssl: false,
    application_name: "naru owner",
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    query_timeout: QUERY_LIMIT_MS,
  });
  client.on("error", () => {}); // a lost connection is noticed where it matters, by "end"
  await client.connect();
  return client;
}

/** Creates Naru's database when it does not exist yet; a kill in between is made good by the next start. */
export async function ensureDatabase(connection: EmbeddedConnection): Promise<void> {
  const client = await connect(connection, "postgres");
  try {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [connection.database]);
    if (rowCount) return;
    await client.query(`CREATE DATABASE ${DATABASE} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`);
  } catch (error) {
    if (errorCode(error) !== DUPLICATE_DATABASE) throw error; // made by another at this moment
  } finally {
    await client.end();
  }
}
