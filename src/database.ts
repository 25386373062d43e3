/** Where the database is: the one named by `DATABASE_URL`, or the embedded server of the data directory. */
import type { Config } from "./config.ts";
import { type EmbeddedLog, findRunning, startEmbedded } from "./store/embedded/index.ts";
import type { Where } from "./store/index.ts";

export interface Database {
  where: Where;
  close(): Promise<void>;
}

const nothingToClose = async () => {};

/** For a node: takes the data directory for itself. `onDeath` is called when the embedded server cannot be kept up. */
export async function openDatabase(
  config: Config,
  log: EmbeddedLog,
  onDeath: (error: Error) => void,
): Promise<Database> {
  if (config.databaseUrl !== undefined) return { where: { url: config.databaseUrl }, close: nothingToClose };
  const server = await startEmbedded({ dataDir: config.dataDir, log, onDeath });
  return { where: server.connection, close: () => server.stop() };
}

/** For a command beside a node: uses the server that is running, and starts one for as long as needed if none is. */
export async function visitDatabase(config: Config, log: EmbeddedLog): Promise<Database> {
  if (config.databaseUrl === undefined) {
    const running = await findRunning(config.dataDir);
    if (running !== undefined) return { where: running, close: nothingToClose };
  }
  return openDatabase(config, log, () => {});
}
