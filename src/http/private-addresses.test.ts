import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { describe, expect, it } from "vitest";
import { readTarget } from "./hosts.ts";
import { reachOf, type TargetPolicy, targetGuard } from "./private-addresses.ts";

describe("an address", () => {
  it.each([
    ["127.0.0.1", "loopback"],
    ["127.255.255.254", "loopback"],
    ["::1", "loopback"],
    ["0:0:0:0:0:0:0:1", "loopback"],
    ["::ffff:127.0.0.1", "loopback"],
    ["::ffff:7f00:1", "loopback"],
    ["8.8.8.8", "public"],
    ["172.32.0.1", "public"],
    ["100.128.0.1", "public"],
    ["168.63.129.17", "public"],
    ["192.0.1.1", "public"],
    ["223.255.255.255", "public"],
    ["2001:4860:4860::8888", "public"],
    ["2600::1", "public"],
    ["::ffff:8.8.8.8", "public"],
    ["64:ff9b::808:808", "public"],
  ])("%s is %s", (address, reach) => {
    expect(reachOf(address)).toBe(reach);
  });

  it.each([
    ["this network", "0.0.0.0", "0.1.2.3"],
    ["private", "10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"],
    ["carrier-grade", "100.64.0.1", "100.127.255.255"],
    ["link-local", "169.254.0.1", "169.254.255.255", "fe80::1", "febf::1", "fe80::1%lo"],
    ["cloud metadata", "169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"],
    ["protocol assignments", "192.0.0.1", "192.88.99.1", "2001::1", "2001:1ff::1"],
    ["documentation", "192.0.2.1", "198.51.100.1", "203.0.113.255", "2001:db8::1", "3fff::1"],
    ["benchmarks", "198.18.0.1", "198.19.255.255", "2001:2::1"],
    ["multicast", "224.0.0.1", "239.255.255.255", "ff02::1"],
    ["reserved", "240.0.0.1", "255.255.255.255", "::", "100::1", "4000::1", "fec0::1"],
    ["unique local", "fc00::1", "fdff::1"],
    ["mapped", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::ffff:0:1", "::ffff:0.0.0.0"],
    ["compatible", "::127.0.0.1", "::10.0.0.1", "::8.8.8.8", "::2"],
    ["translated by NAT64", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::", "64:ff9b::1", "64:ff9b:1::808:808"],
    ["tunnelled by 6to4", "2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1"],
    ["tunnelled by Teredo", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    ["none at all", "", "localhost", "256.0.0.1"],
  ])("that is %s is private", (_, ...addresses) => {
    expect(addresses.map((address) => [address, reachOf(address)])).toEqual(
      addresses.map((address) => [address, "private"]),
    );
  });
});

const strict: TargetPolicy = { loopback: false, allow: [] };
const sandbox: TargetPolicy = { loopback: true, allow: [] };

function allowing(...targets: string[]): TargetPolicy {
  return { loopback: false, allow: targets.map((target) => readTarget(target)!) };
}

describe("a URL that names an address", () => {
  const mayCall = (policy: TargetPolicy, url: string): boolean => {
    try {
      targetGuard(policy).checkHost(url);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: "PRIVATE_ADDRESS" });
      return false;
    }
  };

  it.each([
    "http://127.0.0.1/",
    "http://127.0.0.1./",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0X7F000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://[::1]:80/",
    "http://[0000::0001]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://１２７.0.0.1/",
    "https://user@127.0.0.1/",
  ])("%s is loopback: for open sandboxes alone", (url) => {
    expect([mayCall(strict, url), mayCall(sandbox, url)]).toEqual([false, true]);
  });

  it.each([
    "http://10.0.0.1/",
    "http://167772161/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/latest/meta-data",
    "http://192.168.1/",
    "http://0/",
    "http://[fd00:ec2::254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::7f00:1]/",
  ])("%s is not for open sandboxes either", (url) => {
    expect([mayCall(strict, url), mayCall(sandbox, url)]).toEqual([false, false]);
  });

  it("may be called if it is public", () => {
    expect(mayCall(strict, "http://134744072/")).toBe(true);
    expect(mayCall(strict, "https://[2001:4860:4860::8888]/")).toBe(true);
  });

  it("may be called if it is listed, alone or by its network", () => {
    const policy = allowing("10.1.0.0/16", "192.168.0.7", "fd00:1::/32", "[::1]");
    const urls = {
      "http://10.1.2.3/": true,
      "http://[::ffff:10.1.2.3]/": true,
      "http://10.2.0.1/": false,
      "http://192.168.0.7/": true,
      "http://192.168.0.8/": false,
      "http://[fd00:1::9]/": true,
      "http://[fd00:2::9]/": false,
      "http://[::1]/": true,
      "http://127.0.0.1/": false,
      "http://[64:ff9b::a01:203]/": false,
    };
    for (const [url, may] of Object.entries(urls)) expect([url, mayCall(policy, url)]).toEqual([url, may]);
  });
});

describe("a name", () => {
  /** What a name that leads to these addresses is resolved to, or why not. */
  function resolved(policy: TargetPolicy, name: string, ...addresses: string[]): Promise<unknown> {
    const found = addresses.map((address): LookupAddress => ({ address, family: address.includes(":") ? 6 : 4 }));
    const resolve: LookupFunction = (_hostname, _options, callback) => callback(null, found);
    return new Promise((settle) => {
      targetGuard(policy, resolve).lookup(name, { all: true }, (error, given) => settle(error?.message ?? given));
    });
  }
  const at = (address: string) => [expect.objectContaining({ address })];

  it("leads where all its addresses may be called", async () => {
    expect(await resolved(strict, "shop.example", "8.8.8.8")).toEqual(at("8.8.8.8"));
    expect(await resolved(strict, "shop.example", "8.8.8.8", "10.0.0.1")).toContain("10.0.0.1, a private address");
    expect(await resolved(strict, "shop.example", "127.0.0.1")).toContain("private address");
    expect(await resolved(strict, "shop.example", "fe80::1%lo")).toContain("private address");
    expect(await resolved(strict, "shop.example")).toContain("no address");
    expect(await resolved(sandbox, "localhost", "::1")).toEqual(at("::1"));
    expect(await resolved(sandbox, "shop.example", "169.254.169.254")).toContain("private address");
  });

  it("that is listed leads anywhere", async () => {
    const policy = allowing("Shop.Internal", "10.0.0.0/8");
    expect(await resolved(policy, "shop.internal", "192.168.0.1")).toEqual(at("192.168.0.1"));
    expect(await resolved(policy, "shop.internal.", "192.168.0.1")).toEqual(at("192.168.0.1"));
    expect(await resolved(policy, "other.internal", "10.0.0.1")).toEqual(at("10.0.0.1"));
    expect(await resolved(policy, "other.internal", "192.168.0.1")).toContain("private address");
    expect(await resolved(policy, "evil.shop.internal", "192.168.0.1")).toContain("private address");
  });

  it("is resolved by the system if it is listed, and by name servers if not", async () => {
    // At port 9 of this machine nobody answers for names.
    const error = (policy: TargetPolicy, name: string) =>
      new Promise((settle) => targetGuard(policy, undefined, ["127.0.0.1:9"]).lookup(name, { all: true }, settle));
    expect(await error(strict, "localhost")).toMatchObject({ code: "PRIVATE_ADDRESS" });
    expect(await error(allowing("localhost"), "localhost")).toBe(null);
    expect(await error(allowing("nobody.invalid"), "nobody.invalid")).toMatchObject({ syscall: "getaddrinfo" });
    expect(await error(allowing("nobody.invalid"), "not.nobody.invalid")).toMatchObject({
      code: expect.stringMatching(/^(ECONNREFUSED|ETIMEOUT)$/),
      message: expect.stringContaining("not.nobody.invalid"),
    });
  });
});
