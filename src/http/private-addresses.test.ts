import { describe, expect, it } from "vitest";
import { isPrivateAddress, publicLookup, refusePrivateHost } from "./private-addresses.ts";

describe("an address is private", () => {
  it.each([
    ["127.0.0.1", true],
    ["10.1.2.3", true],
    ["172.31.255.255", true],
    ["192.168.0.1", true],
    ["169.254.169.254", true],
    ["100.64.0.1", true],
    ["0.0.0.0", true],
    ["224.0.0.1", true],
    ["::1", true],
    ["::", true],
    ["fe80::1", true],
    ["fd00::1", true],
    ["::ffff:127.0.0.1", true],
    ["::ffff:10.0.0.1", true],
    ["64:ff9b::7f00:1", true],
    ["8.8.8.8", false],
    ["172.32.0.1", false],
    ["2001:4860:4860::8888", false],
    ["::ffff:8.8.8.8", false],
  ])("%s: %s", (address, expected) => {
    expect(isPrivateAddress(address)).toBe(expected);
  });
});

describe("a webhook's host", () => {
  it.each(["http://127.0.0.1/", "http://[::1]:80/", "http://2130706433/", "http://0x7f.1/", "http://[::ffff:7f00:1]/"])(
    "%s is refused as it stands",
    (url) => {
      expect(() => refusePrivateHost(url)).toThrow("private address");
    },
  );

  it("is refused when its name leads to a private address", async () => {
    const error = await new Promise((resolve) => publicLookup("localhost", { all: true }, (found) => resolve(found)));
    expect(error).toMatchObject({ code: "PRIVATE_ADDRESS" });
  });
});
