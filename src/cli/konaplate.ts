import { readFile } from "node:fs/promises";
import { Command } from "commander";
import type { MerchantView } from "../core/merchants/read.ts";
import { Columns, localTime, note, printJson, printLine, printLines, type Wire } from "./format.ts";
import { callNode, NodeError } from "./node-client.ts";
import { example, findMerchantPath, type OfMerchant, ofMerchant, oneOf } from "./options.ts";

interface CryptoKey {
  cryptoKeyId: string;
  serverPublicKey: string;
  clientPublicKey: string | null;
  clientPrivateKey?: string;
  createdAt: string;
}

interface Listed {
  cryptoKeys: CryptoKey[];
}

interface KeysOptions extends OfMerchant {
  accessKey?: string;
  clientPublicKey?: string;
  clearAnswers?: boolean;
  remove?: string;
}

export const konaplate = new Command("konaplate")
  .description("Konaplate's projects: the keys of their encrypted messages")
  .addHelpText(...example("naru konaplate keys", "naru konaplate keys list"));

ofMerchant(konaplate.command("keys").description("make a crypto key, list them, take one away"))
  .argument("[list]", "shows those that there are instead", oneOf(["list"]))
  .option("--access-key <key>", "the project; needed if the merchant has several")
  .option("--client-public-key <file>", "PEM of your own key, or its certificate; default: the node makes the pair")
  .option("--clear-answers", "the client has no key of its own: answers to it are not encrypted")
  .option("--remove <id>", "takes this one away instead")
  .addHelpText(
    ...example(
      "naru konaplate keys",
      "naru konaplate keys --merchant mer_shop-1 --client-public-key client.pem",
      "naru konaplate keys list",
      "naru konaplate keys --remove 0123456789abcdef0123456789abcdef",
    ),
  )
  .action(async (list: string | undefined, options: KeysOptions) => {
    const { merchant, accessKey, clientPublicKey: file, clearAnswers, remove } = options;
    if ([list, file, clearAnswers, remove].filter((one) => one !== undefined).length > 1) {
      throw new NodeError("list, --client-public-key, --clear-answers and --remove are each for themselves");
    }
    const path = await findKeysPath(merchant, accessKey);
    if (list !== undefined) return printKeys(await callNode<Listed>("GET", path));
    if (remove !== undefined) {
      return printKeys(await callNode<Listed>("DELETE", `${path}/${encodeURIComponent(remove)}`));
    }
    const clientPublicKey = file === undefined ? undefined : await readPem(file);
    const made = await callNode<CryptoKey>("POST", path, { clientPublicKey, clearAnswers });
    printJson(made);
    if (made.clientPrivateKey !== undefined) {
      note("the client's private key is not kept: this is the only time it is shown");
    }
  });

/** Where the crypto keys of a merchant's project are: of the one that is named, or the only one. */
async function findKeysPath(merchant: string | undefined, accessKey: string | undefined): Promise<string> {
  const path = await findMerchantPath(merchant);
  const of = (key: string) => `${path}/credentials/${encodeURIComponent(key)}/crypto-keys`;
  if (accessKey !== undefined) return of(accessKey);
  const { id, credentials } = await callNode<Wire<MerchantView>>("GET", path);
  const [only, ...others] = credentials.filter(({ dialect }) => dialect === "konaplate");
  if (only === undefined) {
    throw new NodeError(`the merchant has no access key; see \`naru merchants add-key ${id} --dialect konaplate\``);
  }
  if (others.length === 0) return of(only.key);
  throw new NodeError("the merchant has several access keys: give one by --access-key, as `naru merchants` lists them");
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new NodeError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function printKeys({ cryptoKeys }: Listed): void {
  if (cryptoKeys.length === 0) {
    printLine("no crypto keys");
    return;
  }
  const rows = cryptoKeys.map(({ cryptoKeyId, createdAt }) => [cryptoKeyId, localTime(createdAt)]);
  printLines(new Columns([{ title: "crypto key" }, { title: "made" }]).table(rows));
}
