/** The one currency of virtual accounts. Amounts are whole units of it. */
export const KRW = "KRW";

/** By ISO 4217, the minor digits of currencies that do not have two. What Intl says of them changes with its data. */
const minorDigits: ReadonlyMap<string, number> = new Map([
  ...["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"].map((currency) => [currency, 0] as const),
  ...["RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"].map((currency) => [currency, 0] as const),
  ...["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"].map((currency) => [currency, 3] as const),
  ...["CLF", "UYW"].map((currency) => [currency, 4] as const),
]);

/** How an amount in minor units is written in its currency: as a decimal text, of which no digit is lost in a division. */
export function unitsOf(amount: number | bigint, currency: string): { units: `${number}`; digits: number } {
  const digits = minorDigits.get(currency) ?? 2;
  return { units: `${amount}e-${digits}` as `${number}`, digits };
}
