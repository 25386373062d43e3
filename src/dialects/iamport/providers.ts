/**
 * What each PG demands and can do with virtual accounts, their refunds and cash receipts: one table, pure data.
 *
 * A row says only where a PG differs from `lenient`; banks are all but the securities firms unless it says otherwise.
 * PGs that PortOne lets issue by its payment window alone (kcp, uplus, danal, kicc, smartro, mobilians, daou, jtnet)
 * issue here too, so that whatever is read, closed and refunded at them can be tried.
 */
import { banks } from "../../core/banks.ts";
import type { RefundPolicy } from "../../core/refunds/refund.ts";

export interface ProviderRules {
  /** KFTC codes of banks at which it issues; empty: it has no virtual accounts, another PG's contract is needed. */
  issuingBanks: ReadonlySet<string>;
  /** Fields of `POST /vbanks` it demands beyond everyone's. */
  requires: readonly ("vbank_holder" | "buyer_name" | "buyer_email" | "buyer_tel" | "product_type")[];
  /** Whose name the account shows: the one asked for, the merchant's, or none in answers. */
  holder: "requested" | "merchant" | "none";
  /** Demands `pg_api_key` on issuing and closing. */
  apiKey: boolean;
  /** How a fixed account is asked for; undefined: it has none. */
  fixedBy: "vbank_num" | "vbank_key" | undefined;
  /** Takes `fixed_unlimited_vbank`. */
  unlimited: boolean;
  /** Takes `tax_free` and `vat_amount` when issuing; elsewhere they are ignored. */
  taxes: boolean;
  /** `tax_free` is demanded or refused by the tax type of the MID. */
  taxTypeOfMid: boolean;
  /** The largest share of the amount that `vat_amount` may be; undefined: any. */
  vatShare_max: number | undefined;
  /** Takes `escrow_password`, with a fixed account. */
  escrow: boolean;
  /** `merchant_uid` may hold letters and digits only. */
  plainReference: boolean;
  /** `PUT /vbanks` works. */
  changes: boolean;
  /** KFTC codes of banks at which `DELETE /vbanks` works; empty: nowhere. */
  closesAt: ReadonlySet<string>;
  /** undefined: it refunds no virtual accounts. */
  refunds: RefundRules | undefined;
  receipts: ReceiptRules;
}

export interface RefundRules {
  policy: RefundPolicy;
  /** Demands `refund_tel`. */
  telRequired: boolean;
  /** Demands `tax_free` when the payment had a part free of tax; elsewhere it counts as 0. */
  taxFreeRequired: boolean;
  /** Takes `vat_amount`, and demands it when it was given at payment. */
  vat: boolean;
}

/** Cash receipts: for its own payments, and `external` for sales made elsewhere. */
export interface ReceiptRules {
  issue: boolean;
  external: boolean;
  cancel: boolean;
  cancelExternal: boolean;
  /** Issues for the number of a cash receipt card. */
  taxCard: boolean;
  /** Fields it demands beyond everyone's. */
  requires: readonly string[];
  requiresExternal: readonly string[];
}

const codes = (list: string): ReadonlySet<string> => new Set(list.split(" "));

const nowhere: ReadonlySet<string> = new Set();
const everywhere: ReadonlySet<string> = new Set(
  banks.filter((bank) => bank.issuesVirtualAccounts).map((bank) => bank.code),
);
/** Without securities firms, whose codes begin at 200: only settle ever named them. */
const banksProper: ReadonlySet<string> = new Set([...everywhere].filter((code) => code < "200"));

const refunds: RefundRules = {
  policy: { partials_max: null, within_months: null, quietHours: null },
  telRequired: false,
  taxFreeRequired: false,
  vat: false,
};

const noReceipts: ReceiptRules = {
  issue: false,
  external: false,
  cancel: false,
  cancelExternal: false,
  taxCard: true,
  requires: [],
  requiresExternal: [],
};

const receipts = (...requires: string[]): ReceiptRules => ({
  issue: true,
  external: true,
  cancel: true,
  cancelExternal: true,
  taxCard: true,
  requires,
  requiresExternal: requires,
});

/** Of a PG that no row names. */
const lenient: ProviderRules = {
  issuingBanks: everywhere,
  requires: [],
  holder: "requested",
  apiKey: false,
  fixedBy: undefined,
  unlimited: false,
  taxes: false,
  taxTypeOfMid: false,
  vatShare_max: undefined,
  escrow: false,
  plainReference: false,
  changes: false,
  closesAt: everywhere,
  refunds,
  receipts: noReceipts,
};

type Row = Partial<ProviderRules>;

const inicis: Row = {
  requires: ["vbank_holder", "buyer_name", "buyer_email"],
  apiKey: true,
  refunds: { ...refunds, vat: true },
  receipts: receipts(),
};

const withVirtualAccounts: Readonly<Record<string, Row>> = {
  html5_inicis: inicis,
  inicis,
  kcp: { refunds: { ...refunds, taxFreeRequired: true }, receipts: receipts() },
  uplus: {},
  tosspayments: { requires: ["buyer_name"], holder: "none", fixedBy: "vbank_key", receipts: receipts() },
  nice: {
    requires: ["vbank_holder"],
    taxes: true,
    taxTypeOfMid: true,
    refunds: { ...refunds, taxFreeRequired: true, vat: true },
    receipts: receipts(),
  },
  nice_v2: {
    issuingBanks: codes("003 004 011 020 023 031 032 034 071 081 088 089"),
    taxes: true,
    taxTypeOfMid: true,
    refunds: { ...refunds, vat: true },
    receipts: { ...receipts("identifier_type", "type"), taxCard: false },
  },
  kicc: {
    refunds: { ...refunds, taxFreeRequired: true },
    receipts: { ...receipts("identifier_type"), cancel: false, cancelExternal: false },
  },
  danal: { refunds: undefined },
  mobilians: { closesAt: new Set([...banksProper].filter((code) => !["032", "034", "039"].includes(code))) },
  daou: {
    closesAt: nowhere,
    receipts: { ...noReceipts, issue: true, cancel: true, requires: ["company_tel", "company_name", "corp_reg_no"] },
  },
  smartro: {
    refunds: { ...refunds, telRequired: true },
    receipts: { ...receipts(), cancel: false, cancelExternal: false },
  },
  smartro_v2: {
    requires: ["vbank_holder", "buyer_name", "buyer_email", "buyer_tel"],
    fixedBy: "vbank_num",
    plainReference: true,
    refunds: { ...refunds, telRequired: true },
    receipts: receipts("type", "buyer_name", "buyer_tel"),
  },
  settle: {
    issuingBanks: everywhere,
    requires: ["vbank_holder"],
    fixedBy: "vbank_num",
    unlimited: true,
    escrow: true,
    changes: true,
    receipts: receipts("identifier_type"),
  },
  ksnet: {
    requires: ["buyer_name", "product_type"],
    holder: "merchant",
    refunds: { ...refunds, policy: { partials_max: 9, within_months: 6, quietHours: { from: 23, to: 6 } } },
    receipts: receipts("product_type", "buyer_name"),
  },
  welcome: {
    // 광주 (034), 우리 (020) and 하나 (081) ended on 2024-12-27; what was issued there before can still be closed.
    issuingBanks: codes("003 004 007 031 032 037 039 088 089"),
    requires: ["buyer_name"],
    holder: "merchant",
    taxes: true,
    vatShare_max: 0.1,
    refunds: { ...refunds, taxFreeRequired: true, vat: true },
    receipts: {
      ...receipts("type", "buyer_tel", "corp_reg_no"),
      requiresExternal: ["type", "buyer_tel", "corp_reg_no", "pay_method"],
    },
  },
  jtnet: { closesAt: nowhere },
};

/** Wallets, recurring and quick payments, and PGs abroad. */
const withoutVirtualAccounts = `
  inicis_unified kcp_billing kcp_quick kakaopay danal_tpay payco paypal paypal_v2 eximbay naverpay naverco smilepay
  paymentwall tosspay settle_acc galaxia kakao blue syrup`;

const rules: ReadonlyMap<string, ProviderRules> = new Map([
  ...Object.entries(withVirtualAccounts).map(
    ([provider, row]) => [provider, { ...lenient, issuingBanks: banksProper, ...row }] as const,
  ),
  ...withoutVirtualAccounts
    .trim()
    .split(/\s+/)
    .map(
      (provider) => [provider, { ...lenient, issuingBanks: nowhere, closesAt: nowhere, refunds: undefined }] as const,
    ),
]);

/** The rules of a PG, named as in `pg_provider`. One that is not known is refused nothing, and issues no receipts. */
export function providerRules(provider: string): ProviderRules {
  return rules.get(provider) ?? lenient;
}
