/** The ids that clients see, and those of what they ask for. Pure. */

/** As `payments.dialect` has it. */
export const dialect = "kakao-moment";

/** Where users are asked for consent. */
export const authorizePath = "/oauth/business/authorize";

/** No id of a top-up goes over the wire; operators find it by the ad account and a running number. */
export function topUpId(adAccount: number, number: number): string {
  return `${adAccount}-${number}`;
}

/** A Long as headers, paths and loose clients write it; undefined for anything else. */
export function readLong(value: unknown): number | undefined {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && /^\s*\d{1,19}\s*$/.test(text) ? Number(text) : undefined;
}

/** Consent items; the calls here need the first. */
export const scopes = ["moment_management", "moment_create", "moment_delete", "moment_bizform_result_read"] as const;
export const managing = "moment_management";

/** Scopes for which an app must say which resources it means. */
export const scopesOfResources: readonly string[] = ["moment_create"];

const resourceGroups: readonly string[] = ["moment", ...scopes];

/**
 * `resource_ids`, repeated or with commas: `moment:123` or `moment_create:123` for an ad account, `moment:*` for all.
 * The numbers that are named, null for all, undefined for what is no resource.
 */
export function readResources(resources: readonly string[]): number[] | null | undefined {
  const numbers: number[] = [];
  let isAll = resources.length === 0;
  for (const resource of resources.flatMap((one) => one.split(",")).map((one) => one.trim())) {
    const [, group, id] = /^(\w+):(\*|\d{1,15})$/.exec(resource) ?? [];
    if (id === undefined || !resourceGroups.includes(group!)) return undefined;
    if (id === "*") isAll = true;
    else numbers.push(Number(id));
  }
  return isAll ? null : [...new Set(numbers)];
}
