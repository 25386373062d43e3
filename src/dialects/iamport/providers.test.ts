import { describe, expect, it } from "vitest";
import { banks } from "../../core/banks.ts";
import { type ProviderRules, providerRules } from "./providers.ts";

const words = (text: string): string[] => text.trim().split(/\s+/);

const issuing = words(`
  html5_inicis inicis kcp uplus tosspayments nice nice_v2 kicc danal mobilians daou smartro smartro_v2 settle ksnet
  welcome jtnet`);
const notIssuing = words(`
  inicis_unified kcp_billing kcp_quick kakaopay danal_tpay payco paypal paypal_v2 eximbay naverpay naverco smilepay
  paymentwall tosspay settle_acc galaxia kakao blue syrup`);
const all = [...issuing, ...notIssuing];

const banksProper = words("002 003 004 007 011 012 020 023 027 031 032 034 037 039 045 048 071 081 088 089 090 092");
const securities = words("209 218 230 243 247 262 263 266 267 270 278 279 280 287 291");

/** The PGs of which something holds, in the order of the lists above. */
const where = (holds: (rules: ProviderRules) => boolean): string[] => all.filter((name) => holds(providerRules(name)));

describe("issuing", () => {
  it.each(notIssuing)("needs another PG's contract at %s", (provider) => {
    expect(providerRules(provider).issuingBanks.size).toBe(0);
    expect(providerRules(provider).closesAt.size).toBe(0);
    expect(providerRules(provider).refunds).toBeUndefined();
    expect(providerRules(provider).receipts.issue).toBe(false);
  });

  it.each(issuing)("goes to the banks of %s, never to the old 외환", (provider) => {
    const own: Record<string, string[]> = {
      nice_v2: words("003 004 011 020 023 031 032 034 071 081 088 089"),
      welcome: words("003 004 007 031 032 037 039 088 089"),
      settle: [...banksProper, ...securities],
    };
    const codes = [...providerRules(provider).issuingBanks];
    expect(codes.sort()).toEqual(own[provider] ?? banksProper);
  });

  it.each([
    ["html5_inicis", "vbank_holder buyer_name buyer_email"],
    ["inicis", "vbank_holder buyer_name buyer_email"],
    ["nice", "vbank_holder"],
    ["settle", "vbank_holder"],
    ["smartro_v2", "vbank_holder buyer_name buyer_email buyer_tel"],
    ["tosspayments", "buyer_name"],
    ["ksnet", "buyer_name product_type"],
    ["welcome", "buyer_name"],
  ])("at %s demands %s", (provider, fields) => {
    expect(providerRules(provider).requires).toEqual(words(fields));
  });

  it("demands nothing more anywhere else", () => {
    const demanding = "html5_inicis inicis tosspayments nice smartro_v2 settle ksnet welcome";
    expect(where((rules) => rules.requires.length > 0)).toEqual(words(demanding));
  });

  it.each<[string, (rules: ProviderRules) => boolean, string]>([
    ["shows the merchant's name", (rules) => rules.holder === "merchant", "ksnet welcome"],
    ["shows no name", (rules) => rules.holder === "none", "tosspayments"],
    ["takes the API key", (rules) => rules.apiKey, "html5_inicis inicis"],
    ["fixes an account by its number", (rules) => rules.fixedBy === "vbank_num", "smartro_v2 settle"],
    ["fixes an account by a key", (rules) => rules.fixedBy === "vbank_key", "tosspayments"],
    ["has unlimited accounts", (rules) => rules.unlimited, "settle"],
    ["takes taxes", (rules) => rules.taxes, "nice nice_v2 welcome"],
    ["goes by the tax type of the MID", (rules) => rules.taxTypeOfMid, "nice nice_v2"],
    ["wants plain references", (rules) => rules.plainReference, "smartro_v2"],
    ["can be changed", (rules) => rules.changes, "settle"],
    [
      "can be closed",
      (rules) => rules.closesAt.size > 0,
      `html5_inicis inicis kcp uplus tosspayments nice nice_v2 kicc danal mobilians smartro smartro_v2 settle ksnet
       welcome`,
    ],
  ])("%s only where the contract says so", (_, holds, providers) => {
    expect(where(holds)).toEqual(words(providers));
  });

  it("can be undone at every bank, but at mobilians not at 부산, 광주 and 경남", () => {
    for (const provider of issuing.filter((name) => !["daou", "jtnet"].includes(name))) {
      const { issuingBanks, closesAt } = providerRules(provider);
      const open = [...issuingBanks].filter((code) => !closesAt.has(code)).sort();
      expect(open, provider).toEqual(provider === "mobilians" ? ["032", "034", "039"] : []);
    }
    expect(providerRules("welcome").closesAt.has("081")).toBe(true);
  });
});

describe("refunds", () => {
  it.each<[string, (rules: ProviderRules) => boolean, string]>([
    ["are unknown", (rules) => rules.issuingBanks.size > 0 && rules.refunds === undefined, "danal"],
    ["want a telephone", (rules) => rules.refunds?.telRequired === true, "smartro smartro_v2"],
    ["want the part free of tax", (rules) => rules.refunds?.taxFreeRequired === true, "kcp nice kicc welcome"],
    ["take value-added tax", (rules) => rules.refunds?.vat === true, "html5_inicis inicis nice nice_v2 welcome"],
  ])("%s only where the contract says so", (_, holds, providers) => {
    expect(where(holds)).toEqual(words(providers));
  });

  it("are bounded at ksnet alone", () => {
    for (const provider of issuing) {
      const bounds =
        provider === "ksnet"
          ? { partials_max: 9, within_months: 6, quietHours: { from: 23, to: 6 } }
          : { partials_max: null, within_months: null, quietHours: null };
      if (provider !== "danal") expect(providerRules(provider).refunds?.policy, provider).toEqual(bounds);
    }
  });
});

describe("receipts", () => {
  const issue = "html5_inicis inicis kcp tosspayments nice nice_v2 kicc daou smartro smartro_v2 settle ksnet welcome";
  const without = (...names: string[]) => words(issue).filter((name) => !names.includes(name));

  it("are issued and cancelled only where the contract says so", () => {
    expect(where((rules) => rules.receipts.issue)).toEqual(words(issue));
    expect(where((rules) => rules.receipts.external)).toEqual(without("daou"));
    expect(where((rules) => rules.receipts.cancel)).toEqual(without("kicc", "smartro"));
    expect(where((rules) => rules.receipts.cancelExternal)).toEqual(without("kicc", "smartro", "daou"));
  });

  it.each([
    ["kicc", ["identifier_type"], ["identifier_type"]],
    ["settle", ["identifier_type"], ["identifier_type"]],
    ["ksnet", ["product_type", "buyer_name"], ["product_type", "buyer_name"]],
    ["nice_v2", ["identifier_type", "type"], ["identifier_type", "type"]],
    ["smartro_v2", ["type", "buyer_name", "buyer_tel"], ["type", "buyer_name", "buyer_tel"]],
    ["welcome", ["type", "buyer_tel", "corp_reg_no"], ["type", "buyer_tel", "corp_reg_no", "pay_method"]],
    ["daou", ["company_tel", "company_name", "corp_reg_no"], []],
  ])("at %s demand %j, and %j for sales made elsewhere", (provider, requires, requiresExternal) => {
    expect(providerRules(provider).receipts).toMatchObject({ requires, requiresExternal });
  });

  it("demand nothing more anywhere else", () => {
    const demanding = (rules: ProviderRules) => [...rules.receipts.requires, ...rules.receipts.requiresExternal].length;
    expect(where((rules) => demanding(rules) > 0)).toEqual(words("nice_v2 kicc daou smartro_v2 settle ksnet welcome"));
  });
});

describe("a PG that is not known", () => {
  it.each(["", "sandbox", "constructor", "NICE"])("%j is refused nothing and has no receipts", (provider) => {
    const everywhere = new Set(banks.filter((bank) => bank.issuesVirtualAccounts).map((bank) => bank.code));
    const rules = providerRules(provider);
    expect(rules.issuingBanks).toEqual(everywhere);
    expect(rules.closesAt).toEqual(everywhere);
    expect(rules.requires).toEqual([]);
    expect(rules.refunds).toEqual({
      policy: { partials_max: null, within_months: null, quietHours: null },
      telRequired: false,
      taxFreeRequired: false,
      vat: false,
    });
    expect(rules.receipts).toMatchObject({ issue: false, external: false, cancel: false, cancelExternal: false });
  });
});
