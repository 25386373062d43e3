import { describe, expect, it } from "vitest";
import { deepFreeze, issuedAt, merchantId } from "../../core/fixtures.fixture.ts";
import type { Channel } from "../../core/merchants/merchant.ts";
import { selectChannel } from "./channel.ts";

function channel(id: string, provider: string, providerMerchantId: string, isDefault = false): Channel {
  const key = `channel-key-${id}`;
  return {
    id,
    merchantId,
    connector: "sandbox",
    key,
    provider,
    providerMerchantId,
    name: id,
    isDefault,
    settings: {},
    createdAt: issuedAt,
  };
}

const channels = deepFreeze([
  channel("settle", "settle", "MID1"),
  channel("nice", "nice", "MID1", true),
  channel("nice-2", "nice", "MID2"),
  channel("dotted", "inicis", "MID.3"),
]);

describe("which channel serves a request", () => {
  it.each([
    ["none is named", {}, "nice"],
    ["the key names one", { channel_key: "channel-key-settle" }, "settle"],
    ["the key is unknown", { channel_key: "channel-key-nobody" }, "nice"],
    ["the key differs in case", { channel_key: "CHANNEL-KEY-settle" }, "nice"],
    ["key and pg disagree, the key decides", { channel_key: "channel-key-settle", pg: "nice.MID2" }, "settle"],
    ["the key is unknown, pg is asked", { channel_key: "channel-key-nobody", pg: "settle" }, "settle"],
    ["pg names a PG", { pg: "settle" }, "settle"],
    ["pg names a PG and the merchant id there", { pg: "nice.MID2" }, "nice-2"],
    ["pg names a merchant id that holds a dot", { pg: "inicis.MID.3" }, "dotted"],
    ["pg ends with a dot", { pg: "settle." }, "settle"],
    ["pg names a merchant id the PG does not know", { pg: "settle.MID9" }, "nice"],
    ["pg is unknown", { pg: "jtnet" }, "nice"],
    ["pg is empty", { pg: "" }, "nice"],
    ["pg is a merchant id alone", { pg: ".MID2" }, "nice"],
  ])("%s", (_name, wanted, id) => {
    expect(selectChannel(channels, wanted)?.id).toBe(id);
  });

  it("is the first where none is the default", () => {
    const equals = channels.map((one) => ({ ...one, isDefault: false }));
    expect(selectChannel(equals, {})?.id).toBe("settle");
  });

  it("is none where there is none", () => {
    expect(selectChannel([], { pg: "nice" })).toBeUndefined();
  });
});
