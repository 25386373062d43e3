/** Identifiers as this dialect spells them. Each follows from our own, so that nothing has to be looked up to show it. */
import { createHash, createHmac } from "node:crypto";
import { isSameSecret, type Secrets } from "../../core/secrets.ts";

export const dialect = "ppro";

export type IdPrefix =
  | "charge"
  | "authz"
  | "capture"
  | "refund"
  | "void"
  | "discard"
  | "agr"
  | "instr"
  | "ahist"
  | "rev"
  | "merch";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
export const id_length = 21;

/** 21 letters and digits that follow from the text: 125 bits of its digest. */
export function shortHash(text: string): string {
  let number = BigInt(`0x${createHash("sha256").update(text).digest("hex")}`);
  return Array.from({ length: id_length }, () => {
    const digit = alphabet[Number(number % 62n)]!;
    number /= 62n;
    return digit;
  }).join("");
}

/** By what clients know a row of ours. */
export function wireId(prefix: IdPrefix, id: string): string {
  return `${prefix}_${shortHash(id)}`;
}

export const checkoutPath = "/checkout";

/**
 * The address at which a shopper agrees: the id of a charge or agreement with a code that only this installation can
 * make, so that nothing is stored of it and nothing can be guessed.
 */
export class CheckoutAddresses {
  readonly #key: Buffer;
  #publicUrl: string;

  constructor(secrets: Secrets, publicUrl: string) {
    this.#key = secrets.derive("ppro checkout");
    this.#publicUrl = publicUrl;
  }

  /** Where the node is found, if that is known only once it listens. */
  foundAt(publicUrl: string): void {
    this.#publicUrl = publicUrl;
  }

  urlOf(id: string): string {
    return `${this.#publicUrl}${checkoutPath}/${id}.${this.#codeOf(id)}`;
  }

  /** The id that a token stands for; undefined for one that was not made here. */
  read(token: string): string | undefined {
    const [id = "", code = "", ...more] = token.split(".");
    return isSameSecret(code, this.#codeOf(id)) && more.length === 0 ? id : undefined;
  }

  /** 160 bits. */
  #codeOf(id: string): string {
    return createHmac("sha256", this.#key).update(id).digest().subarray(0, 20).toString("base64url");
  }
}
