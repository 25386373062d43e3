/**
 * The demo merchant of sandbox mode. On loopback its credentials are the published ones, so that examples work as
 * pasted; anywhere else they are random to everyone but the holder of the master key, from which they are derived.
 */

import { randomBytes } from "node:crypto";
import { type Config, ConfigError, isOpenSandbox } from "./config.ts";
import { type KnownPerson, knownPeople, sandbox } from "./connectors/sandbox/index.ts";
import type { AdAccount } from "./core/ad-accounts/ad-account.ts";
import { newAdAccount } from "./core/ad-accounts/decide.ts";
import type { NewUser } from "./core/ad-accounts/user.ts";
import type { Outcome } from "./core/errors.ts";
import type { Core, NumberCounter } from "./core/index.ts";
import { defaultServiceId } from "./core/members/card.ts";
import { findByLogin } from "./core/members/list.ts";
import { type ChannelSettings, sealProject } from "./core/merchants/merchant.ts";
import type { Secrets } from "./core/secrets.ts";
import { newApp } from "./dialects/kakao-moment/auth.ts";
import type { Account } from "./dialects/ppro/accounts.ts";
import { nameOfKey } from "./dialects/ppro/auth.ts";
import { id_length } from "./dialects/ppro/identifiers.ts";

export interface Credentials {
  /** `inicisApiKey`: what the channel at Inicis wants as `pg_api_key`. */
  iamport: { impKey: string; impSecret: string; inicisApiKey: string };
  /** A business token and the ad account it is for; the app it was given to, and who gave it. */
  kakaoMoment: {
    businessToken: string;
    adAccountId: number;
    restApiKey: string;
    clientSecret: string;
    redirectUri: string;
    userId: number;
    signInCode: string;
  };
  ppro: { apiKey: string; merchantId: string; webhookSigningSecret: string };
  /** Keys as PEM, of SPKI and PKCS #8; empty until they are read from the database, which has had them since its first node. */
  konaplate: {
    aspId: string;
    accessKey: string;
    secretKey: string;
    cryptoKeyId: string;
    serverPublicKey: string;
    clientPrivateKey: string;
  };
}

/** Where a developer's own server would take the code. */
const redirectUri = "http://localhost:3000/callback";
const adAccountId = 12_345;
const userId = 1_001;

/** What every project of Konaplate's public sandbox has. */
const aspId = "000170000000000";
/** `userId` of the first published member; the others follow. */
const firstMember = 50_000_104_652;
/** The one published card whose number and PAR are both known. */
const publishedCard = { number: "9491339401250765", par: "Q180BEA3B2F1BBD8410336D66A4", expiry: "3108" };
const publishedTerms = ["29184", "29186", "29187", "29188", "601151", "601152", "604150", "606153"];

const published: Omit<Credentials, "konaplate"> = {
  iamport: {
    impKey: "naru_sandbox_key",
    impSecret: "naru_sandbox_secret",
    inicisApiKey: "naru_sandbox_inicis_api_key",
  },
  kakaoMoment: {
    businessToken: "naru_sandbox_business_token",
    adAccountId,
    restApiKey: "naru_sandbox_rest_api_key",
    clientSecret: "naru_sandbox_client_secret",
    redirectUri,
    userId,
    signInCode: "naru_sandbox_sign_in_code",
  },
  ppro: {
    apiKey: "key_sandbox_naru00000000000000000",
    merchantId: "merch_naru00000000000000000",
    webhookSigningSecret: "naru_sandbox_signing_secret",
  },
};

export function demoCredentials(config: Config, secrets: Secrets): Credentials {
  const random = (purpose: string, length: number) => secrets.derive(purpose).toString("hex").slice(0, length);
  const credentials = isOpenSandbox(config) ? published : derivedCredentials(random);
  // Of that demo merchant alone: a database may have two, which were made when different people could reach the node.
  const project = (what: string, length: number) => random(`demo ${what} ${credentials.iamport.impKey}`, length);
  const name = project("konaplate access key", 39);
  return {
    ...credentials,
    konaplate: {
      aspId,
      accessKey: `${name.slice(0, 7)}-${name.slice(7)}`,
      secretKey: project("konaplate secret key", 64),
      cryptoKeyId: project("konaplate crypto key", 32),
      serverPublicKey: "",
      clientPrivateKey: "",
    },
  };
}

function derivedCredentials(random: (purpose: string, length: number) => string): Omit<Credentials, "konaplate"> {
  return {
    iamport: {
      impKey: random("demo imp_key", 16),
      impSecret: random("demo imp_secret", 64),
      inicisApiKey: random("demo inicis api key", 32),
    },
    kakaoMoment: {
      businessToken: random("demo business token", 43),
      adAccountId,
      restApiKey: random("demo rest api key", 32),
      clientSecret: random("demo client secret", 32),
      redirectUri,
      userId,
      signInCode: random("demo sign-in code", 32),
    },
    ppro: {
      apiKey: `key_sandbox_${random("demo ppro api key", id_length)}`,
      merchantId: `merch_${random("demo ppro merchant id", id_length)}`,
      webhookSigningSecret: random("demo ppro signing secret", 64),
    },
  };
}

/** One contract with each PG whose rules differ, so that every rule can be met in the sandbox. */
const contracts: readonly {
  suffix: string;
  provider: string;
  providerMerchantId: string;
  settings?: ChannelSettings;
}[] = [
  { suffix: "", provider: "nice", providerMerchantId: "naru00000m", settings: { taxType: "taxable" } },
  { suffix: "-nice-mixed", provider: "nice", providerMerchantId: "narumixed0m", settings: { taxType: "mixed" } },
  { suffix: "-nice_v2", provider: "nice_v2", providerMerchantId: "narunicev2m", settings: { taxType: "taxable" } },
  { suffix: "-html5_inicis", provider: "html5_inicis", providerMerchantId: "naruinicis" },
  { suffix: "-settle", provider: "settle", providerMerchantId: "narusettle0" },
  { suffix: "-tosspayments", provider: "tosspayments", providerMerchantId: "narutoss00" },
  { suffix: "-ksnet", provider: "ksnet", providerMerchantId: "naruksnet00" },
  { suffix: "-smartro_v2", provider: "smartro_v2", providerMerchantId: "narusmartro" },
  { suffix: "-welcome", provider: "welcome", providerMerchantId: "naruwelcome" },
  { suffix: "-kcp", provider: "kcp", providerMerchantId: "narukcp000" },
  { suffix: "-daou", provider: "daou", providerMerchantId: "narudaou00" },
  { suffix: "-danal", provider: "danal", providerMerchantId: "narudanal0" },
  { suffix: "-kicc", provider: "kicc", providerMerchantId: "narukicc00" },
  { suffix: "-smartro", provider: "smartro", providerMerchantId: "narusmarold" },
  { suffix: "-mobilians", provider: "mobilians", providerMerchantId: "narumobil00" },
  { suffix: "-kakaopay", provider: "kakaopay", providerMerchantId: "narukakao00" },
];

/** Makes the channels of one more merchant, and the key that the one at Inicis wants. */
export function newSandboxChannels(secrets: Secrets) {
  return (impKey: string) => {
    const inicisApiKey = randomBytes(16).toString("hex");
    return { inicisApiKey, channels: sandboxChannels(secrets, { impKey, inicisApiKey }) };
  };
}

/** The channels of a merchant of the sandbox, named after its key. */
function sandboxChannels(
  secrets: Secrets,
  { impKey, inicisApiKey }: Pick<Credentials["iamport"], "impKey" | "inicisApiKey">,
) {
  return contracts.map(({ suffix, provider, providerMerchantId, settings = {} }) => ({
    id: `chn_${impKey}${suffix}`,
    connector: sandbox,
    key: `channel-key-${impKey}${suffix}`,
    provider,
    providerMerchantId,
    name: `Sandbox ${providerMerchantId}`,
    isDefault: suffix === "",
    settings: provider === "html5_inicis" ? { apiKeyHash: secrets.hash(inicisApiKey) } : settings,
  }));
}

function demoMerchantId(impKey: string): string {
  return `mer_${impKey}`;
}

/** The demo merchant and its own keys, which the node makes again when it starts. */
export function demoKeys({ iamport, kakaoMoment, ppro, konaplate }: Credentials) {
  const keys = [iamport.impKey, kakaoMoment.restApiKey, nameOfKey(ppro.apiKey)!, konaplate.accessKey];
  return { merchantId: demoMerchantId(iamport.impKey), keys, cryptoKeyId: konaplate.cryptoKeyId };
}

/** What Konaplate's clients know the demo merchant by. */
export function demoAspIds({ iamport, konaplate }: Credentials): ReadonlyMap<string, string> {
  return new Map([[demoMerchantId(iamport.impKey), konaplate.aspId]]);
}

/** What PPRO's clients know the demo merchant by. */
export function demoAccounts({ iamport, ppro }: Credentials): ReadonlyMap<string, Account> {
  const { merchantId, webhookSigningSecret } = ppro;
  return new Map([[demoMerchantId(iamport.impKey), { merchantId, webhookSigningSecret }]]);
}

/**
 * Makes the demo merchant, or what is missing of it. Nodes that start together make it once. Answers the credentials with
 * the numbers that it has, which are others where a former demo merchant of the same database has those.
 */
export async function seedDemo(core: Core, credentials: Credentials): Promise<Credentials> {
  const { iamport, kakaoMoment, ppro, konaplate } = credentials;
  const { impKey, impSecret } = iamport;
  const merchantId = demoMerchantId(impKey);
  const credentialId = `crd_${kakaoMoment.restApiKey}`;
  const projectId = `crd_${konaplate.accessKey}`;
  await core.registerMerchant({
    merchant: { id: merchantId, name: "Naru Sandbox", settings: {} },
    credentials: [
      { id: `crd_${impKey}`, dialect: "iamport", key: impKey, secretHash: core.secrets.hash(impSecret), settings: {} },
      {
        id: credentialId,
        dialect: "kakao-moment",
        key: kakaoMoment.restApiKey,
        secretHash: core.secrets.hash(kakaoMoment.clientSecret),
        settings: { app: newApp(0, "Naru Sandbox App", [kakaoMoment.redirectUri]) },
      },
      {
        id: `crd_${nameOfKey(ppro.apiKey)!}`,
        dialect: "ppro",
        key: nameOfKey(ppro.apiKey)!,
        secretHash: core.secrets.hash(ppro.apiKey),
        settings: {},
      },
      {
        id: projectId,
        dialect: "konaplate",
        key: konaplate.accessKey,
        secretHash: core.secrets.hash(konaplate.secretKey),
        settings: sealProject(core.secrets, { key: konaplate.accessKey, merchantId }, konaplate.secretKey),
      },
    ],
    channels: sandboxChannels(core.secrets, iamport),
  });
  const [people, cryptoKey] = await Promise.all([
    seedUsers(core, merchantId, kakaoMoment.signInCode),
    seedCryptoKey(core, { merchantId, credentialId: projectId, id: konaplate.cryptoKeyId }),
    seedMembers(core, merchantId),
  ]);
  const [adAccount] = await seedAdAccounts(core, merchantId, people);
  const [user] = people;
  const id = core.secrets.hash(kakaoMoment.businessToken);
  const scopes = ["moment_management"];
  await core.grantUserToken({ id, merchantId, credentialId, userId: user.id, scopes, adAccounts: null });
  return {
    iamport,
    kakaoMoment: { ...kakaoMoment, userId: user.number, adAccountId: adAccount!.number },
    ppro,
    konaplate: { ...konaplate, ...cryptoKey },
  };
}

/** Made at the first start, for every later one. */
async function seedCryptoKey(core: Core, wanted: { merchantId: string; credentialId: string; id: string }) {
  const made = await core.cryptoKeys.make({ ...wanted, keepClientPrivate: true });
  if (!made.ok) throw new Error(`the demo's crypto key was refused: ${made.refusal.code}`);
  const { key, clientPrivateKey } = made.value;
  return { serverPublicKey: key.serverPublic, clientPrivateKey: clientPrivateKey! };
}

/**
 * Konaplate's published people as members, each with a card and an account that is registered. One whose account was
 * removed since stays without; one whose registration a node's end cut off is registered at the next start.
 */
async function seedMembers(core: Core, merchantId: string): Promise<void> {
  const { pool } = core.store;
  const people = knownPeople.map((person, index) => ({
    person,
    loginId: `kona${String(index + 1).padStart(2, "0")}`,
    number: String(firstMember + index),
    ...(index === 0 ? { card: publishedCard } : {}),
  }));
  const find = () =>
    findByLogin(
      pool,
      core.secrets,
      merchantId,
      people.map(({ loginId }) => loginId),
    );
  const known = await find();
  const missing = people.filter(({ loginId }) => !known.has(loginId));
  await Promise.all(missing.map((one) => seedMember(core, merchantId, one)));
  const all = missing.length === 0 ? known : await find();
  const unlinked = people.filter(({ loginId }) => all.get(loginId)?.linked === false);
  await Promise.all(
    unlinked.map(async ({ person, loginId }) => {
      const adopted = await core.linkedAccounts.adopt({
        merchantId,
        memberId: all.get(loginId)!.id,
        connector: sandbox,
        bankCode: person.bankCode,
        number: person.number,
        holder: person.name,
        birthDate: person.birthDate,
        details: person.published,
      });
      if (!adopted.ok) throw new Error(`the demo's account of ${loginId} was refused: ${adopted.refusal.code}`);
    }),
  );
}

/** With their published number and card, or with others where a former demo merchant's member has those. */
async function seedMember(
  core: Core,
  merchantId: string,
  { person: { name, birthDate }, loginId, ...published }: SeededMember,
): Promise<void> {
  const person = { loginId, name, birthDate, nationality: "Korean", gender: "Male" };
  const unknown = { mobileNumber: null, ci: null, email: null, address: null };
  const wanted = {
    merchantId,
    person: { ...person, ...unknown },
    password: null,
    joinChannel: "OPENAPI",
    terms: publishedTerms,
    serviceId: defaultServiceId,
  };
  const made = await core.members.register({ ...wanted, ...published });
  if (made.ok || made.refusal.code === "member-exists") return;
  const others = made.refusal.code === "number-taken" ? await core.members.register(wanted) : made;
  if (others.ok || others.refusal.code === "member-exists") return;
  throw new Error(`the demo's member ${loginId} was refused: ${others.refusal.code}`);
}

interface SeededMember {
  person: KnownPerson;
  loginId: string;
  number: string;
  card?: typeof publishedCard;
}

/** Made with its number, or with another where that is taken. */
async function madeWith<Row>(
  core: Core,
  counter: NumberCounter,
  preferred: number,
  make: (number: number) => Promise<Outcome<Row, unknown>>,
): Promise<Row> {
  for (let number = preferred; ; number = await core.newNumber(counter)) {
    const made = await make(number);
    if (made.ok) return made.value;
  }
}

function seedUsers(core: Core, merchantId: string, signInCode: string): Promise<[NewUser, NewUser]> {
  const signInHash = core.secrets.hash(signInCode);
  const make = (index: number, name: string) =>
    madeWith(core, "user", userId + index, (number) => {
      const id = `usr_${merchantId}_${index}`;
      return core.makeUser({ id, merchantId, number, name, restricted: false, business: true, signInHash });
    });
  return Promise.all([make(0, "김나루"), make(1, "이나루")]);
}

/** One of the first user, one that both share and is off, one of the second alone. */
function seedAdAccounts(core: Core, merchantId: string, [first, second]: [NewUser, NewUser]): Promise<AdAccount[]> {
  const company = { businessRegistrationNumber: "123-45-67890", name: "나루상점" };
  const wanted: Pick<AdAccount, "name" | "state" | "members">[] = [
    { name: "나루 광고계정", state: "on", members: { [first.id]: "master" } },
    { name: "나루 공동 광고계정", state: "off", members: { [first.id]: "member", [second.id]: "master" } },
    { name: "이나루의 광고계정", state: "on", members: { [second.id]: "master" } },
  ];
  return Promise.all(
    wanted.map((one, index) => {
      const id = `ada_${merchantId}_${index}`;
      const make = (number: number) => core.makeAdAccount(newAdAccount({ ...one, id, merchantId, number }, company));
      return madeWith(core, "ad-account", adAccountId + index, make);
    }),
  );
}

/** The published credentials must never work where strangers can reach them. */
export async function refusePublished(config: Config, core: Core): Promise<void> {
  if (isOpenSandbox(config)) return;
  const known = await core.directory.credential("iamport", published.iamport.impKey);
  if (known === undefined) return;
  throw new ConfigError(
    "this database holds the published sandbox credentials, made when this machine alone could reach the node; " +
      "use another database or NARU_DATA_DIR for a node that others can reach",
  );
}
