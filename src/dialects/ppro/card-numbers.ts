/** Card numbers where they do not belong: they are refused wherever they come, and never stored. */

const cardFields = new Set(["cvc", "cvc2", "cvv", "cvv2", "securitycode", "pan", "cardnumber"]);

/** Whether there is one at any depth, by the name of a field, or, with `byDigits`, by its digits. */
export function holdsCard(value: unknown, byDigits: boolean): boolean {
  if (typeof value === "string" || typeof value === "number") return byDigits && isCardNumber(String(value));
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(
    ([name, held]) => cardFields.has(name.toLowerCase().replace(/[^a-z0-9]/g, "")) || holdsCard(held, byDigits),
  );
}

/** 13 to 19 digits, perhaps in groups, whose check digit is right (ISO/IEC 7812). */
function isCardNumber(text: string): boolean {
  const digits = text.replace(/[ -]/g, "");
  if (!/^\d{13,19}$/.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const doubled = Number(digit) * (index % 2 === 0 ? 1 : 2);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}
