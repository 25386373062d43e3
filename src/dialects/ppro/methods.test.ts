import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../core/limits.ts";
import { type Method, type MethodOptions, methodOf } from "./methods.ts";

const sandbox: MethodOptions = { sandbox: true, others: [] };
const live: MethodOptions = { sandbox: false, others: ["*"] };

const day_s = 24 * 60 * 60;
const mock = (paymentDescriptor?: string, autoCapture?: boolean) =>
  methodOf(sandbox, { paymentMethod: "MOCK", paymentDescriptor, autoCapture })!;

describe("KAKAOPAY", () => {
  const kakaopay: Method = {
    rules: {
      currencies: ["KRW"],
      countries: ["KR"],
      amount_min: 50,
      amount_max: 2_000_000,
      asks: ["redirect"],
      separateCapture: false,
      refund_within_days: 365,
    },
    settles: { after_s: day_s, as: "received" },
    confirms_s: null,
  };

  it.each([sandbox, live, { sandbox: false, others: [] }])("is as its page has it, with %j", (options) => {
    expect(methodOf(options, { paymentMethod: "KAKAOPAY" })).toEqual(kakaopay);
  });

  it.each([true, false])("captures what is authorized, with autoCapture %s too", (autoCapture) => {
    expect(methodOf(sandbox, { paymentMethod: "KAKAOPAY", autoCapture })).toEqual(kakaopay);
  });

  it("is not steered by its descriptor", () => {
    const paymentDescriptor = "requiresAuthentication=false;requiresCapture=true;providerConfirmation=true";
    expect(methodOf(sandbox, { paymentMethod: "KAKAOPAY", paymentDescriptor })).toEqual(kakaopay);
  });

  it.each(["kakaopay", "KakaoPay", "KAKAOPAY ", "KAKAO_PAY", ""])("is not %j", (paymentMethod) => {
    expect(methodOf(sandbox, { paymentMethod })).toBeNull();
  });
});

describe("another method", () => {
  it.each<[string, MethodOptions, string, boolean]>([
    ["that is named", { sandbox: true, others: ["IDEAL", "BLIK"] }, "BLIK", true],
    ["that is not named", { sandbox: true, others: ["IDEAL"] }, "BLIK", false],
    ["where any will do", { sandbox: true, others: ["*"] }, "ALIPAY", true],
    ["in live mode", { sandbox: false, others: ["IDEAL", "*"] }, "IDEAL", false],
    ["of a name that objects have", { sandbox: true, others: [] }, "constructor", false],
  ])("%s", (_name, options, paymentMethod, isKnown) => {
    expect(methodOf(options, { paymentMethod }) !== null).toBe(isKnown);
  });

  it("redirects, takes any currency and country, and captures apart if it is told to", () => {
    const options = { sandbox: true, others: ["IDEAL"] };
    const rules = {
      currencies: null,
      countries: null,
      amount_min: 1,
      amount_max: limits.amount_max,
      asks: ["redirect"],
      refund_within_days: null,
    };
    for (const [autoCapture, separateCapture] of [
      [undefined, false],
      [true, false],
      [false, true],
    ] as const) {
      expect(methodOf(options, { paymentMethod: "IDEAL", autoCapture })!.rules).toEqual({ ...rules, separateCapture });
    }
  });
});

describe("MOCK", () => {
  it("is none in live mode", () => {
    expect(methodOf(live, { paymentMethod: "MOCK" })).toBeNull();
  });

  it("asks nobody and takes what it is asked for, if its descriptor says nothing", () => {
    for (const text of [undefined, "", "Order description", ";;;", "="]) {
      expect(mock(text)).toEqual({
        rules: {
          currencies: null,
          countries: null,
          amount_min: 1,
          amount_max: limits.amount_max,
          asks: [],
          separateCapture: false,
          refund_within_days: null,
        },
        settles: { after_s: day_s, as: "received" },
        confirms_s: null,
      });
    }
  });

  it.each<[string, Method["rules"]["asks"]]>([
    ["requiresAuthentication=true", ["redirect"]],
    ["requiresAuthentication=false", []],
    ["requiresAuthentication=true;authenticationType=SCAN_CODE", ["scan-code"]],
    ["requiresAuthentication=true;authenticationType=REDIRECT,SCAN_CODE", ["redirect", "scan-code"]],
    ["requiresAuthentication=true;authenticationType=MULTI_FACTOR,REDIRECT", ["multi-factor", "redirect"]],
    [" requiresAuthentication = true ; authenticationType = SCAN_CODE , REDIRECT ", ["scan-code", "redirect"]],
    ["authenticationType=SCAN_CODE;requiresAuthentication=true", ["scan-code"]],
    ["authenticationType=SCAN_CODE", []],
    ["requiresAuthentication=true;authenticationType=", ["redirect"]],
    ["requiresAuthentication=true;authenticationType=PIGEON", ["redirect"]],
    ["requiresAuthentication=true;authenticationType=PIGEON,SCAN_CODE", ["scan-code"]],
    ["requiresAuthentication=true;authenticationType=REDIRECT,REDIRECT", ["redirect"]],
    ["requiresAuthentication=true;authenticationType=redirect,scan_code", ["redirect"]],
    ["requiresAuthentication=true;authenticationType=constructor", ["redirect"]],
    ["requiresAuthentication=true;authenticationType=__proto__,toString,SCAN_CODE", ["scan-code"]],
    ["requiresAuthentication=TRUE", []],
    ["requiresAuthentication=1", []],
    ["requiresAuthentication", []],
    ["requiresAuthentication=true=false", ["redirect"]],
    ["requiresAuthentication=false;requiresAuthentication=true", ["redirect"]],
    ["RequiresAuthentication=true", []],
  ])("%j asks by %j", (text, asks) => {
    expect(mock(text).rules.asks).toEqual(asks);
  });

  it.each<[string | undefined, boolean | undefined, boolean]>([
    ["requiresCapture=true", undefined, true],
    ["requiresCapture=true", false, true],
    ["requiresCapture=true", true, false],
    ["requiresCapture=false", false, false],
    [undefined, false, false],
    [undefined, undefined, false],
  ])("%j with autoCapture %s: capturing is a step of its own is %s", (text, autoCapture, isApart) => {
    expect(mock(text, autoCapture).rules.separateCapture).toBe(isApart);
  });

  it.each<[string, number | null]>([
    ["providerConfirmation=true", 10],
    ["providerConfirmation=true;providerConfirmationDelay=3s", 3],
    ["providerConfirmation=true;providerConfirmationDelay=0s", 0],
    ["providerConfirmation=true;providerConfirmationDelay=999999999s", limits.wallet_confirm_max_s],
    ["providerConfirmation=true;providerConfirmationDelay=9999999999s", 10],
    ["providerConfirmation=true;providerConfirmationDelay=-1s", 10],
    ["providerConfirmation=true;providerConfirmationDelay=1.5s", 10],
    ["providerConfirmation=true;providerConfirmationDelay=3", 10],
    ["providerConfirmation=true;providerConfirmationDelay=1m", 10],
    ["providerConfirmation=true;providerConfirmationDelay=٣s", 10],
    ["providerConfirmation=false;providerConfirmationDelay=3s", null],
    ["providerConfirmationDelay=3s", null],
  ])("%j decides after %s s", (text, confirms_s) => {
    expect(mock(text).confirms_s).toBe(confirms_s);
  });

  it.each<[string, Method["settles"]]>([
    ["fundsEventType=Received;fundsEventScheduleDelay=10s", { after_s: 10, as: "received" }],
    ["fundsEventType=Missing", { after_s: day_s, as: "missing" }],
    ["fundsEventType=MISSING;fundsEventScheduleDelay=0s", { after_s: 0, as: "missing" }],
    ["fundsEventType=NotExpected", { after_s: day_s, as: "not-expected" }],
    ["fundsEventType=NOT_EXPECTED", { after_s: day_s, as: "not-expected" }],
    ["fundsEventType=Waiting", { after_s: day_s, as: "received" }],
    ["fundsEventType=constructor", { after_s: day_s, as: "received" }],
    ["fundsEventScheduleDelay=999999999s", { after_s: limits.settlement_max_s, as: "received" }],
    ["fundsEventScheduleDelay=soon", { after_s: day_s, as: "received" }],
  ])("%j settles as %j", (text, settles) => {
    expect(mock(text).settles).toEqual(settles);
  });

  it("says several things at once", () => {
    const method = mock("requiresAuthentication=true;providerConfirmation=true;requiresCapture=true");
    expect(method).toMatchObject({ rules: { asks: ["redirect"], separateCapture: true }, confirms_s: 10 });
  });

  it("is a method that the core knows, whatever its descriptor says", () => {
    const keys = fc.constantFrom(
      "requiresAuthentication",
      "authenticationType",
      "providerConfirmation",
      "providerConfirmationDelay",
      "requiresCapture",
      "fundsEventType",
      "fundsEventScheduleDelay",
      "__proto__",
    );
    const values = fc.oneof(fc.constantFrom("true", "REDIRECT", "constructor", "5s", "-5s", "1e9s"), fc.string());
    const pairs = fc.array(fc.tuple(keys, values).map((pair) => pair.join("="))).map((all) => all.join(";"));
    fc.assert(
      fc.property(fc.oneof(pairs, fc.string({ maxLength: 512 })), fc.option(fc.boolean()), (text, autoCapture) => {
        const { rules, settles, confirms_s } = mock(text, autoCapture ?? undefined);
        expect(new Set(rules.asks).size).toBe(rules.asks.length);
        for (const type of rules.asks) expect(["redirect", "scan-code", "multi-factor"]).toContain(type);
        expect(["received", "missing", "not-expected"]).toContain(settles.as);
        for (const [seconds, max] of [
          [settles.after_s, limits.settlement_max_s],
          [confirms_s ?? 0, limits.wallet_confirm_max_s],
        ] as const) {
          expect(Number.isInteger(seconds) && seconds >= 0 && seconds <= max).toBe(true);
        }
      }),
    );
  });
});
