/** Who sends charges and agreements, and to what node, for the tests of what they become. */
import type { Tenant } from "../../core/merchants/directory.ts";
import type { Channel, MerchantSettings } from "../../core/merchants/merchant.ts";
import { Secrets } from "../../core/secrets.ts";
import type { Context } from "./context.ts";
import type { AgreementAuthenticationSetting } from "./schemas/index.ts";

export const secrets = new Secrets(Buffer.alloc(32, 1));

const core = { secrets, can: (connector: string) => connector !== "bank" };
/** A node's; `bank` alone cannot charge. */
export const context = (more: Partial<Context> = {}) =>
  ({
    core,
    methods: { sandbox: true, others: ["IDEAL"] },
    authenticateWithin_s: 900,
    open: false,
    sandbox: true,
    ...more,
  }) as unknown as Context;

export const channel = (id: string, provider: string, more: Partial<Channel> = {}): Channel => ({
  id,
  merchantId: "mer_shop",
  connector: "sandbox",
  key: `channel-key-${id}`,
  provider,
  providerMerchantId: `CID-${id}`,
  name: provider,
  isDefault: false,
  settings: {},
  createdAt: new Date(0),
  ...more,
});

export const tenantOf = (channels: Channel[], settings: MerchantSettings = {}): Tenant => ({
  merchant: { id: "mer_shop", name: "나루상점", settings, createdAt: new Date(0) },
  channels,
});
export const tenant = tenantOf([channel("chn_1", "kakaopay")], { webhooksUrl: "https://shop.example/default" });

export const redirect: AgreementAuthenticationSetting = {
  type: "REDIRECT",
  settings: { returnUrl: "https://shop.example/orders/1?a=b" },
};

/** What a read gives, or the error. */
export const taken = <Value>(read: { ok: true; value: Value } | { ok: false; error: unknown }): Value => {
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
};
