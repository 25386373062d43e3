/** Encrypted messages: `{"encData": "<JWE>"}`, compact, its key wrapped for the other side's RSA key. */
import type { KeyObject } from "node:crypto";
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader, errors as jose } from "jose";
import type { Fields } from "../../http/body.ts";

const algorithms = {
  keyManagementAlgorithms: ["RSA-OAEP-256", "RSA-OAEP"],
  contentEncryptionAlgorithms: ["A128GCM", "A256GCM"],
};
/** In this order, as clients of the service write it. */
const answerHeader = { enc: "A128GCM", alg: "RSA-OAEP-256" } as const;
/** What a header may say; the last three mean nothing here. Whatever else it says could change how it is read. */
const headerFields: ReadonlySet<string> = new Set(["alg", "enc", "kid", "typ", "cty"]);

/** Whether a body is an encrypted message; whatever else stands in it is then not looked at. */
export function isEncrypted(fields: Fields): boolean {
  return Object.hasOwn(fields, "encData");
}

/** What was encrypted; undefined for what cannot be decrypted, which does not say why. */
export async function decryptMessage(encData: unknown, key: KeyObject): Promise<Uint8Array | undefined> {
  if (typeof encData !== "string" || !isCompact(encData)) return undefined;
  try {
    if (!Object.keys(decodeProtectedHeader(encData)).every((field) => headerFields.has(field))) return undefined;
    const { plaintext } = await compactDecrypt(encData, key, { ...algorithms, maxDecompressedLength: 0 });
    return plaintext;
  } catch (error) {
    // `TypeError`: a header that is none.
    if (error instanceof jose.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Five parts in Base64url, each written in the one way there is. */
function isCompact(text: string): boolean {
  const parts = text.split(".", 6);
  return parts.length === 5 && parts.every((part) => Buffer.from(part, "base64url").toString("base64url") === part);
}

export async function encryptMessage(text: string, key: KeyObject): Promise<{ encData: string }> {
  const message = new CompactEncrypt(Buffer.from(text, "utf8")).setProtectedHeader(answerHeader);
  return { encData: await message.encrypt(key) };
}
