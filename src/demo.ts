/**
 * The demo merchant of sandbox mode. On loopback its credentials are the published ones, so that examples work as
 * pasted; anywhere else they are random to everyone but the holder of the master key, from which they are derived.
 */

import { type Config, ConfigError, isOpenSandbox } from "./config.ts";
import { sandbox } from "./connectors/sandbox/index.ts";
import type { Core } from "./core/index.ts";
import type { Secrets } from "./core/secrets.ts";

export interface Credentials {
  iamport: { impKey: string; impSecret: string };
}

const published: Credentials = {
  iamport: { impKey: "naru_sandbox_key", impSecret: "naru_sandbox_secret" },
};

export function demoCredentials(config: Config, secrets: Secrets): Credentials {
  if (isOpenSandbox(config)) return published;
  const random = (purpose: string, length: number) => secrets.derive(purpose).toString("hex").slice(0, length);
  return {
    iamport: { impKey: random("demo imp_key", 16), impSecret: random("demo imp_secret", 64) },
  };
}

/** Makes the demo merchant if it is not there. Nodes that start together make it once. */
export async function seedDemo(core: Core, credentials: Credentials): Promise<void> {
  const { impKey, impSecret } = credentials.iamport;
  await core.registerMerchant({
    merchant: { id: `mer_${impKey}`, name: "Naru Sandbox", settings: {} },
    credentials: [{ id: `crd_${impKey}`, dialect: "iamport", key: impKey, secretHash: core.secrets.hash(impSecret) }],
    channels: [
      {
        id: `chn_${impKey}`,
        connector: sandbox,
        key: `channel-key-${impKey}`,
        provider: "nice",
        providerMerchantId: "naru00000m",
        name: "Sandbox virtual accounts",
        isDefault: true,
      },
    ],
  });
}

/** The published credentials must never work where strangers can reach them. */
export async function refusePublished(config: Config, core: Core): Promise<void> {
  if (isOpenSandbox(config)) return;
  const known = await core.directory.credential("iamport", published.iamport.impKey);
  if (known === undefined) return;
  throw new ConfigError(
    "this database holds the published sandbox credentials, made when the node listened on loopback only; " +
      "use another database or NARU_DATA_DIR for a node that others can reach",
  );
}
