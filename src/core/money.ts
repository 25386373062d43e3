/** The one currency of virtual accounts. Amounts are whole units of it. */
export const KRW = "KRW";
