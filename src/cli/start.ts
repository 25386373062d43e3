import { Command } from "commander";
import { type Config, readConfig } from "../config.ts";
import type { Node } from "../main.ts";
import { createLogger } from "./logger.ts";
import { example } from "./options.ts";

export const start = new Command("start")
  .description("start a node")
  .addHelpText(...example("NARU_PORT=4200 naru start"))
  .action(async () => {
    // The node is loaded here, so that other commands need not wait for it.
    const { startNode } = await import("../main.ts");
    const config = readConfig(process.env);
    const log = createLogger(config.logLevel);
    // A signal may come while the node starts: then it stops as soon as it can be stopped.
    const signalled = new Promise<string>((resolve) => {
      process.once("SIGINT", resolve);
      process.once("SIGTERM", resolve);
    });
    const node = await startNode(config, log, (error) => {
      log.fatal({ err: error }, "the embedded database is gone");
      process.exit(1);
    });
    void signalled.then(async (signal) => {
      log.info({ signal }, "stopping");
      await node.stop();
      process.exit(0);
    });
    process.stdout.write(
      config.mode === "sandbox" ? sandboxGreeting(node, config) : `Naru listens on ${node.url} (live)\n`,
    );
  });

/**
 * Where the node listens, the demo credentials, and lines to paste that take payments through, begin a top-up, and read a
 * member's account.
 */
export function sandboxGreeting(
  node: Pick<Node, "url" | "credentials">,
  { konaplateClear }: Pick<Config, "konaplateClear">,
): string {
  const { impKey, impSecret } = node.credentials.iamport;
  const { businessToken, adAccountId } = node.credentials.kakaoMoment;
  const { apiKey, merchantId } = node.credentials.ppro;
  const { aspId, accessKey } = node.credentials.konaplate;
  const { url } = node;
  return `
Naru listens on ${url} (sandbox)   API reference: ${url}/docs

  I'mport        imp_key ${impKey}   imp_secret ${impSecret}
  Kakao Moment   business token ${businessToken}   ad account ${adAccountId}
  PPRO           API key ${apiKey}   Merchant-Id ${merchantId}
  Konaplate      ASP id ${aspId}   access key ${accessKey}   the rest by naru credentials

Issue a virtual account, deposit, read the payment back:

  TOKEN=$(curl -s ${url}/users/getToken -d imp_key=${impKey} -d imp_secret=${impSecret} | grep -oE '[0-9a-f]{40}'); ISSUED=$(curl -s ${url}/vbanks -H "Authorization: $TOKEN" -d merchant_uid=order-$(date +%s) -d amount=10000 -d vbank_code=088 -d vbank_due=$(($(date +%s) + 86400)) -d vbank_holder=Naru); echo "$ISSUED"

  curl -s ${url}/naru/v1/sandbox/deposits -H 'Content-Type: application/json' -d "{\\"accountNumber\\":\\"$(echo "$ISSUED" | sed -E 's/.*"vbank_num":"([0-9]+)".*/\\1/')\\"}"; echo

  curl -s -H "Authorization: $TOKEN" ${url}/payments/$(echo "$ISSUED" | grep -oE 'imp_[0-9]{12}'); echo

Issue one that tops up the ad account:

  curl -s ${url}/openapi/v4/billing/virtualAccount -H "Authorization: Bearer ${businessToken}" -H "adAccountId: ${adAccountId}" -d '{"adAccountId": ${adAccountId}, "amount": 1000000, "bankCode": "88"}'; echo

Charge a shopper by KakaoPay; open its requestUrl, or pay as its page does:

  CHARGE=$(curl -s ${url}/v1/payment-charges -H "Authorization: Bearer ${apiKey}" -H "Merchant-Id: ${merchantId}" -H 'Content-Type: application/json' -d '{"paymentMethod":"KAKAOPAY","paymentDescriptor":"Order description","amount":{"value":15000,"currency":"KRW"},"consumer":{"name":"John Smith","country":"KR"},"authenticationSettings":[{"type":"REDIRECT","settings":{"returnUrl":"https://www.webshop.com/order-results-page"}}]}'); echo "$CHARGE"

  curl -s "$(echo "$CHARGE" | sed -E 's/.*"requestUrl":"([^"]+)".*/\\1/')" -d decision=pay -o /dev/null -w '%{http_code} %{redirect_url}\\n'
${konaplateClear ? konaplateLine(node) : ""}
`;
}

/** Of a node that takes it in clear, since a shell cannot encrypt it. */
function konaplateLine({ url, credentials }: Pick<Node, "url" | "credentials">): string {
  const { aspId, accessKey, secretKey } = credentials.konaplate;
  return `
Read which account of their own a Konaplate member registered; a sandbox takes it in clear:

  BODY='{"userId":50000104652}'; NOW=$(date -u +%Y%m%d%H%M%S); curl -s ${url}/api/v1/bankaccounts/info -H 'Content-Type: application/json' -H "X-KM-User-AspId: ${aspId}" -H "X-KM-Access-Key: ${accessKey}" -H "X-KM-Correlation-Id: \${NOW#??}-$(openssl rand -hex 4 | cut -c1-7)" -H "X-KM-Tran-Time: $NOW" -H "X-KM-Time-Zone: UTC" -H "X-KM-Tran-Token: KMV1:\${NOW}000:$(printf %s "$BODY" | openssl dgst -sha256 -hmac ${secretKey} -binary | openssl base64)" -d "$BODY"; echo
`;
}
