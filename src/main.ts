/** One node, wired: config -> store -> core -> connectors -> dialects -> http. */
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { mountDocs } from "./admin/docs.ts";
import { admin } from "./admin/index.ts";
import { createMetrics } from "./admin/metrics.ts";
import { type Config, ConfigError, isOpenSandbox } from "./config.ts";
import {
  Faults,
  isFault,
  misbehavingReceivers,
  SandboxBank,
  sandboxConnector,
  sandboxInvariants,
  slowCommit,
} from "./connectors/sandbox/index.ts";
import { Core } from "./core/index.ts";
import type { Examination, Invariant } from "./core/invariants.ts";
import { openHeaders } from "./core/merchants/merchant.ts";
import type { Secrets } from "./core/secrets.ts";
import { openDatabase } from "./database.ts";
import {
  type Credentials,
  demoAccounts,
  demoAspIds,
  demoCredentials,
  demoKeys,
  newSandboxChannels,
  refusePublished,
  seedDemo,
} from "./demo.ts";
import { iamport } from "./dialects/iamport/index.ts";
import { iamportAnnouncer } from "./dialects/iamport/webhook.ts";
import { kakaoMoment } from "./dialects/kakao-moment/index.ts";
import { kakaoMomentAnnouncer } from "./dialects/kakao-moment/webhook.ts";
import { aspIdsOf } from "./dialects/konaplate/accounts.ts";
import { konaplate } from "./dialects/konaplate/index.ts";
import { konaplateAnnouncer } from "./dialects/konaplate/webhook.ts";
import { accountsOf } from "./dialects/ppro/accounts.ts";
import { CheckoutAddresses } from "./dialects/ppro/identifiers.ts";
import { ppro } from "./dialects/ppro/index.ts";
import { RateLimiter, rateLimits } from "./dialects/ppro/rate-limits.ts";
import { pproAnnouncer } from "./dialects/ppro/webhook.ts";
import type { Dialect } from "./http/dialect.ts";
import { httpLimits } from "./http/limits.ts";
import { originGuard } from "./http/origin-guard.ts";
import { createServer } from "./http/server.ts";
import { createWebhookClient } from "./http/webhook-client.ts";
import { checkMasterKey, checkMode, readSecrets } from "./installation.ts";
import { Store, type StoreOptions, type Where } from "./store/index.ts";
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
    let faults: Faults | undefined;
    const beforeCommit = async () => {
      if (faults !== undefined) await slowCommit(faults);
    };
    const sandboxOnly = config.mode === "sandbox" ? { beforeCommit } : {};
    const store = openStore(database.where, config, { metrics: metrics.commit, ...sandboxOnly });
    closing.push(() => store.close());
    const applied = await store.migrate();
    if (applied.length > 0) log.info({ migrations: applied }, "the database was migrated");
    await checkMasterKey(store.pool, secrets);
    await checkMode(store.pool, config);
    metrics.watch(store.pool);

    const webhooks = createWebhookClient({ loopback: isOpenSandbox(config), allow: config.webhookAllow });
    closing.push(() => webhooks.close());
    if (config.mode === "sandbox") {
      const opened = Faults.open(database.where, log);
      closing.push(() => opened.close());
      await opened.start();
      faults = opened;
    }
    const send = faults === undefined ? webhooks.send : misbehavingReceivers(webhooks.send, faults);
    const { core, dialects, checkout } = createCore(config, store, secrets, log, send, faults);
    await refusePublished(config, core);
    const wanted = demoCredentials(config, secrets);
    const credentials = faults === undefined ? wanted : await seedDemo(core, wanted);
    const sandbox = faults && {
      core,
      bank: new SandboxBank(core, faults, log),
      faults,
      credentials,
      bankChecksAmounts: config.bankChecksAmounts,
    };
    const merchants = {
      dialects,
      newChannels: sandbox && newSandboxChannels(secrets),
      demo: sandbox && demoKeys(credentials),
    };

    const server = await createServer({
      log,
      guard: originGuard(config),
      prepare: (root) => mountDocs(root, version),
      dialects,
      admin: admin({ core, config, metrics, merchants, sandbox }),
    });
    await core.start();
    closing.push(() => core.stop());
    if (sandbox !== undefined) {
      sandbox.bank.start();
      closing.push(() => sandbox.bank.stop());
    }
    await server.listen({ port: config.port, host: config.host }).catch((error) => {
      throw new ConfigError(`cannot listen on ${config.host}:${config.port} (${error.code}); choose another NARU_PORT`);
    });
    // Calls to banks under way may still be answered.
    const closeGrace_ms = Math.max(httpLimits.close_grace_ms, config.callTimeout_ms + 1_000);
    closing.push(() => Promise.race([server.close(), pause(closeGrace_ms, undefined, { ref: false })]));
    const { port } = server.server.address() as AddressInfo;
    const url = config.publicUrl.replace(/:0$/, `:${port}`);
    checkout.foundAt(url);
    return { url, credentials, stop: close, checkInvariants: () => core.checkInvariants(invariantsOf(config)) };
  } catch (error) {
    await close();
    throw error;
  }
}

export function openStore(where: Where, config: Config, options: Omit<StoreOptions, "limits"> = {}): Store {
  return new Store(where, { limits: { cap: config.batchCap, lanes: config.batchLanes }, ...options });
}

/**
 * The core of a configuration, with what dialects and connectors hand in, and the dialects upon it. `faults`: those of a
 * sandbox.
 */
export function createCore(
  config: Config,
  store: Store,
  secrets: Secrets,
  log: Logger,
  send: ConstructorParameters<typeof Core>[0]["send"],
  faults: Faults | undefined = config.mode === "sandbox" ? new Faults(store.pool, log) : undefined,
) {
  const checkout = new CheckoutAddresses(secrets, config.publicUrl);
  const demo = demoCredentials(config, secrets);
  const accounts = accountsOf(secrets, demoAccounts(demo));
  const headersOf = async (merchantId: string) => {
    const [merchant] = await core.directory.merchants(store.pool, [merchantId]);
    return merchant === undefined ? {} : openHeaders(secrets, merchant);
  };
  const core: Core = new Core({
    store,
    secrets,
    connectors: faults === undefined ? [] : [sandboxConnector(store, secrets, faults)],
    announcers: [
      iamportAnnouncer({ announceIssued: config.announceIssued }),
      kakaoMomentAnnouncer,
      konaplateAnnouncer,
      pproAnnouncer({ accounts, checkout, headersOf }),
    ],
    send,
    keepExchanges: config.keepExchanges,
    exchangesKept_days: config.exchangesKept_days,
    callTimeout_ms: config.callTimeout_ms,
    faults: faults && {
      tokenExpires: async () => (await faults.take("token-expired")) !== undefined,
      answersWith: async (family) => (isFault(family) && (await faults.take(family))?.code) || undefined,
    },
    log,
  });
  // The last has whatever path nobody else has.
  const sandbox = config.mode === "sandbox";
  const open = isOpenSandbox(config);
  const perSecond = config.pproRate_per_s ?? (sandbox ? rateLimits.sandbox_per_s : rateLimits.live_per_s);
  const dialects: Dialect[] = [
    kakaoMoment(core, { open, sandbox, topUpDue_days: config.topUpDue_days }),
    ppro({
      core,
      accounts,
      checkout,
      limiter: new RateLimiter({ perSecond }),
      methods: { sandbox, others: config.sandboxMethods },
      authenticateWithin_s: config.authenticateWithin_s,
      open,
      sandbox,
    }),
    konaplate({
      core,
      aspIdOf: aspIdsOf(demoAspIds(demo)),
      window_s: config.konaplateWindow_s,
      takesClear: config.konaplateClear,
    }),
    iamport(core),
  ];
  return { core, dialects, checkout };
}

export function invariantsOf(config: Config): readonly Invariant[] {
  return config.mode === "sandbox" ? sandboxInvariants : [];
}
