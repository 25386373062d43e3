/** Keys of encrypted messages, as operators give them to a project and take them away. Private halves are shown once. */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { Core } from "../core/index.ts";
import { type CryptoKey, readPublicKey } from "../core/merchants/crypto-keys.ts";
import { type Credential, merchants, readCredentialsOf } from "../core/merchants/merchant.ts";
import { MalformedBody } from "../http/body.ts";
import { fail, unknownMerchant } from "./errors.ts";
import { reader } from "./requests.ts";
import { CryptoKeyRequest } from "./schemas.ts";

const readNew = reader(CryptoKeyRequest);

type OfCredential = { Params: { id: string; key: string } };
type OfKey = { Params: OfCredential["Params"] & { cryptoKeyId: string } };

/** In a scope of its own, below a credential's address. `demoKeyId`: the one that the node makes when it starts. */
export async function mountCryptoKeys(
  server: FastifyInstance,
  core: Core,
  demoKeyId: string | undefined,
): Promise<void> {
  const { pool } = core.store;
  const tags = ["Naru"];

  server.get<OfCredential>(
    "/",
    { schema: { tags, summary: "A project's keys of encrypted messages, the oldest first" } },
    async (request, reply) => {
      const credential = await findCredential(request.params, reply);
      if (credential === undefined) return reply;
      return { cryptoKeys: (await core.cryptoKeys.list(credential.id)).map(present) };
    },
  );

  server.post<OfCredential>(
    "/",
    {
      schema: {
        tags,
        summary: "Give a project one more key of encrypted messages",
        description:
          "Clients encrypt under serverPublicKey and are answered under their own key. Without one of theirs Naru makes " +
          "the pair: the answer then holds clientPrivateKey, which is never shown again. With clearAnswers there is none.",
        body: CryptoKeyRequest,
      },
    },
    async (request, reply) => {
      const { clientPublicKey, clearAnswers = false } = readNew(request.body);
      if (clientPublicKey !== undefined && clearAnswers) {
        throw new MalformedBody("clientPublicKey and clearAnswers are each for themselves");
      }
      if (clientPublicKey !== undefined && readPublicKey(clientPublicKey) === undefined) {
        throw new MalformedBody(
          "clientPublicKey must be PEM of an RSA public key, or of its certificate, of 2048 bits",
        );
      }
      const credential = await findCredential(request.params, reply);
      if (credential === undefined) return reply;
      const given = clearAnswers ? { clientPublicKey: null } : clientPublicKey === undefined ? {} : { clientPublicKey };
      const { merchantId, id: credentialId } = credential;
      const made = await core.cryptoKeys.make({ merchantId, credentialId, ...given });
      if (made.ok) {
        const { key, clientPrivateKey } = made.value;
        const shown = clientPrivateKey === null ? {} : { clientPrivateKey };
        return reply.code(201).send({ ...present(key), ...shown });
      }
      const { refusal } = made;
      if (refusal.code === "credential-unknown") return unknownKey(reply, request.params.key);
      return fail(reply, 409, refusal.code, `a project may have ${refusal.max} crypto keys; remove one first`);
    },
  );

  server.delete<OfKey>(
    "/:cryptoKeyId",
    { schema: { tags, summary: "Take a key of encrypted messages away" } },
    async (request, reply) => {
      const credential = await findCredential(request.params, reply);
      if (credential === undefined) return reply;
      const { merchantId, id: credentialId } = credential;
      const { cryptoKeyId: id } = request.params;
      if (id === demoKeyId) {
        return fail(reply, 409, "demo-crypto-key", "the demo's own crypto key cannot be removed");
      }
      if (!(await core.cryptoKeys.remove({ merchantId, credentialId, id }))) {
        return fail(reply, 404, "crypto-key-unknown", `the project has no crypto key ${id}`);
      }
      return { cryptoKeys: (await core.cryptoKeys.list(credentialId)).map(present) };
    },
  );

  /** The project of this access key; where there is none, that is answered. */
  async function findCredential(
    { id, key }: OfCredential["Params"],
    reply: FastifyReply,
  ): Promise<Credential | undefined> {
    if ((await merchants.read(pool, [id])).length === 0) {
      unknownMerchant(reply, id);
      return undefined;
    }
    const found = (await readCredentialsOf(pool, [id])).find((one) => one.key === key);
    if (found?.settings.project !== undefined) return found;
    unknownKey(reply, key);
    return undefined;
  }
}

function unknownKey(reply: FastifyReply, key: string) {
  return fail(reply, 404, "credential-unknown", `the merchant has no access key ${key} of konaplate`);
}

function present({ id, serverPublic, clientPublic, createdAt }: CryptoKey) {
  return { cryptoKeyId: id, serverPublicKey: serverPublic, clientPublicKey: clientPublic, createdAt };
}
