/** One node, wired: config -> store -> core -> connectors -> dialects -> http. */
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { mountDocs } from "./admin/docs.ts";
import { admin } from "./admin/index.ts";
import { createMetrics } from "./admin/metrics.ts";
import { type Config, ConfigError, isOpenSandbox } from "./config.ts";
import { SandboxBank, sandboxConnector, sandboxInvariants } from "./connectors/sandbox/index.ts";
import { Core } from "./core/index.ts";
import type { Examination, Invariant } from "./core/invariants.ts";
import type { Secrets } from "./core/secrets.ts";
import { openDatabase } from "./database.ts";
import { type Credentials, demoCredentials, refusePublished, seedDemo } from "./demo.ts";
import { iamport } from "./dialects/iamport/index.ts";
import { iamportAnnouncer } from "./dialects/iamport/webhook.ts";
import { httpLimits } from "./http/limits.ts";
import { originGuard } from "./http/origin-guard.ts";
import { createServer } from "./http/server.ts";
import { createWebhookClient } from "./http/webhook-client.ts";
import { checkMasterKey, checkMode, readSecrets } from "./installation.ts";
import { type GroupCommitMetrics, Store, type Where } from "./store/index.ts";
import { version } from "./version.ts";

export interface Node {
  /** Where it listens. */
  url: string;
  credentials: Credentials;
  checkInvariants(): Promise<Examination>;
  /** Finishes what is under way, at most for the grace period, and lets go of the database. */
  stop(): Promise<void>;
}

/** `onDeath` is called when the node cannot go on, because its database is gone for good. */
export async function startNode(config: Config, log: Logger, onDeath: (error: Error) => void): Promise<Node> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const one of closing.splice(0).reverse()) {
      await one().catch((error) => log.warn({ err: error }, "a part of the node did not stop in order"));
    }
  };
  try {
    const secrets = await readSecrets(config);
    const database = await openDatabase(config, log, onDeath);
    closing.push(() => database.close());
    const metrics = createMetrics();
    const store = openStore(database.where, config, metrics.commit);
    closing.push(() => store.close());
    const applied = await store.migrate();
    if (applied.length > 0) log.info({ migrations: applied }, "the database was migrated");
    await checkMasterKey(store.pool, secrets);
    await checkMode(store.pool, config);
    metrics.watch(store.pool);

    const webhooks = createWebhookClient({ loopback: isOpenSandbox(config), allow: config.webhookAllow });
    closing.push(() => webhooks.close());
    const { core, announcer } = createCore(config, store, secrets, log, webhooks.send);
    await refusePublished(config, core);
    const credentials = demoCredentials(config, secrets);
    const bank = new SandboxBank(core, log);
    const sandbox =
      config.mode === "sandbox" ? { core, bank, credentials, bankChecksAmounts: config.bankChecksAmounts } : undefined;
    if (sandbox !== undefined) await seedDemo(core, credentials);

    const server = await createServer({
      log,
      guard: originGuard(config),
      prepare: (root) => mountDocs(root, version),
      dialects: [iamport(core, announcer)],
      admin: admin({ core, config, metrics, sandbox }),
    });
    await core.start();
    closing.push(() => core.stop());
    if (sandbox !== undefined) {
      bank.start();
      closing.push(() => bank.stop());
    }
    await server.listen({ port: config.port, host: config.host }).catch((error) => {
      throw new ConfigError(`cannot listen on ${config.host}:${config.port} (${error.code}); choose another NARU_PORT`);
    });
    // Calls to banks under way may still be answered.
    const closeGrace_ms = Math.max(httpLimits.close_grace_ms, config.callTimeout_ms + 1_000);
    closing.push(() => Promise.race([server.close(), pause(closeGrace_ms, undefined, { ref: false })]));
    const { port } = server.server.address() as AddressInfo;
    const url = config.publicUrl.replace(/:0$/, `:${port}`);
    return { url, credentials, stop: close, checkInvariants: () => core.checkInvariants(invariantsOf(config)) };
  } catch (error) {
    await close();
    throw error;
  }
}

export function openStore(where: Where, config: Config, metrics?: GroupCommitMetrics): Store {
  const limits = { cap: config.batchCap, lanes: config.batchLanes };
  return new Store(where, metrics === undefined ? { limits } : { limits, metrics });
}

/** The core of a configuration, with what dialects and connectors hand in. */
export function createCore(
  config: Config,
  store: Store,
  secrets: Secrets,
  log: Logger,
  send: ConstructorParameters<typeof Core>[0]["send"],
) {
  const announcer = iamportAnnouncer({ announceIssued: config.announceIssued });
  const core = new Core({
    store,
    secrets,
    connectors: config.mode === "sandbox" ? [sandboxConnector(store, secrets)] : [],
    announcers: [announcer],
    send,
    keepExchanges: config.keepExchanges,
    exchangesKept_days: config.exchangesKept_days,
    callTimeout_ms: config.callTimeout_ms,
    log,
  });
  return { core, announcer };
}

export function invariantsOf(config: Config): readonly Invariant[] {
  return config.mode === "sandbox" ? sandboxInvariants : [];
}
