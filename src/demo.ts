/**
 * The demo merchant of sandbox mode. On loopback its credentials are the published ones, so that examples work as
 * pasted; anywhere else they are random to everyone but the holder of the master key, from which they are derived.
 */

import { randomBytes } from "node:crypto";
import { type Config, ConfigError, isOpenSandbox } from "./config.ts";
import { sandbox } from "./connectors/sandbox/index.ts";
import type { Core } from "./core/index.ts";
import type { ChannelSettings } from "./core/merchants/merchant.ts";
import type { Secrets } from "./core/secrets.ts";

export interface Credentials {
  /** `inicisApiKey`: what the channel at Inicis wants as `pg_api_key`. */
  iamport: { impKey: string; impSecret: string; inicisApiKey: string };
}

const published: Credentials = {
  iamport: {
    impKey: "naru_sandbox_key",
    impSecret: "naru_sandbox_secret",
    inicisApiKey: "naru_sandbox_inicis_api_key",
  },
};

export function demoCredentials(config: Config, secrets: Secrets): Credentials {
  if (isOpenSandbox(config)) return published;
  const random = (purpose: string, length: number) => secrets.derive(purpose).toString("hex").slice(0, length);
  return {
    iamport: {
      impKey: random("demo imp_key", 16),
      impSecret: random("demo imp_secret", 64),
      inicisApiKey: random("demo inicis api key", 32),
    },
  };
}

/** One contract with each PG whose rules differ, so that every rule can be met in the sandbox. */
const contracts: readonly {
  suffix: string;
  provider: string;
  providerMerchantId: string;
  settings?: ChannelSettings;
}[] = [
  { suffix: "", provider: "nice", providerMerchantId: "naru00000m", settings: { taxType: "taxable" } },
  { suffix: "-nice-mixed", provider: "nice", providerMerchantId: "narumixed0m", settings: { taxType: "mixed" } },
  { suffix: "-nice_v2", provider: "nice_v2", providerMerchantId: "narunicev2m", settings: { taxType: "taxable" } },
  { suffix: "-html5_inicis", provider: "html5_inicis", providerMerchantId: "naruinicis" },
  { suffix: "-settle", provider: "settle", providerMerchantId: "narusettle0" },
  { suffix: "-tosspayments", provider: "tosspayments", providerMerchantId: "narutoss00" },
  { suffix: "-ksnet", provider: "ksnet", providerMerchantId: "naruksnet00" },
  { suffix: "-smartro_v2", provider: "smartro_v2", providerMerchantId: "narusmartro" },
  { suffix: "-welcome", provider: "welcome", providerMerchantId: "naruwelcome" },
  { suffix: "-kcp", provider: "kcp", providerMerchantId: "narukcp000" },
  { suffix: "-daou", provider: "daou", providerMerchantId: "narudaou00" },
  { suffix: "-danal", provider: "danal", providerMerchantId: "narudanal0" },
  { suffix: "-kicc", provider: "kicc", providerMerchantId: "narukicc00" },
  { suffix: "-smartro", provider: "smartro", providerMerchantId: "narusmarold" },
  { suffix: "-mobilians", provider: "mobilians", providerMerchantId: "narumobil00" },
  { suffix: "-kakaopay", provider: "kakaopay", providerMerchantId: "narukakao00" },
];

/** Makes the channels of one more merchant, and the key that the one at Inicis wants. */
export function newSandboxChannels(secrets: Secrets) {
  return (impKey: string) => {
    const inicisApiKey = randomBytes(16).toString("hex");
    return { inicisApiKey, channels: sandboxChannels(secrets, { impKey, inicisApiKey }) };
  };
}

/** The channels of a merchant of the sandbox, named after its key. */
function sandboxChannels(
  secrets: Secrets,
  { impKey, inicisApiKey }: Pick<Credentials["iamport"], "impKey" | "inicisApiKey">,
) {
  return contracts.map(({ suffix, provider, providerMerchantId, settings = {} }) => ({
    id: `chn_${impKey}${suffix}`,
    connector: sandbox,
    key: `channel-key-${impKey}${suffix}`,
    provider,
    providerMerchantId,
    name: `Sandbox ${providerMerchantId}`,
    isDefault: suffix === "",
    settings: provider === "html5_inicis" ? { apiKeyHash: secrets.hash(inicisApiKey) } : settings,
  }));
}

export function demoMerchantId(impKey: string): string {
  return `mer_${impKey}`;
}

/** Makes the demo merchant, or what is missing of it. Nodes that start together make it once. */
export async function seedDemo(core: Core, credentials: Credentials): Promise<void> {
  const { impKey, impSecret } = credentials.iamport;
  await core.registerMerchant({
    merchant: { id: demoMerchantId(impKey), name: "Naru Sandbox", settings: {} },
    credentials: [{ id: `crd_${impKey}`, dialect: "iamport", key: impKey, secretHash: core.secrets.hash(impSecret) }],
    channels: sandboxChannels(core.secrets, credentials.iamport),
  });
}

/** The published credentials must never work where strangers can reach them. */
export async function refusePublished(config: Config, core: Core): Promise<void> {
  if (isOpenSandbox(config)) return;
  const known = await core.directory.credential("iamport", published.iamport.impKey);
  if (known === undefined) return;
  throw new ConfigError(
    "this database holds the published sandbox credentials, made when this machine alone could reach the node; " +
      "use another database or NARU_DATA_DIR for a node that others can reach",
  );
}
