/**
 * One embedded PostgreSQL for the whole run, with a migrated database from which each test file clones its own. Started
 * once before any test by vitest; its address reaches the tests as `inject("postgres")`.
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { type EmbeddedConnection, startEmbedded } from "../../src/store/embedded/index.ts";
import { createPool, migrate } from "../../src/store/index.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgres: EmbeddedConnection;
  }
}

export const template = "naru_template";

/** For the nodes of all files that run at once. */
const connections = 300;

const silent = { info() {}, warn() {} };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), "naru-test-"));
  await chmod(dataDir, 0o755);
  const server = await startEmbedded({ dataDir, log: silent, connections });
  const root = createPool(server.connection, 1);
  await root.query(`CREATE DATABASE ${template}`);
  await root.end();
  const pool = createPool({ ...server.connection, database: template }, 1);
  await migrate(pool);
  await pool.end();
  project.provide("postgres", server.connection);
  return async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}
