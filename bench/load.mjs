/**
 * The load on one node, in a process of its own: a closed loop of clients, each with its own connection and one request
 * at a time, the next sent when the answer has come and was found right. Accounts that were issued are kept as stock
 * for deposits; each takes one deposit.
 *
 * A round lasts a given time. Requests under way when it ends are awaited and checked, and not counted.
 */
import { Client } from "undici";

const [url] = process.argv.slice(2);
const bankCode = "088";
const amount = 10_000;
const preparing_clients = 128;
const wrong_max = 5;

/** @type {string[]} Accounts that wait for their deposit. */
const stock = [];
let orders = 0;
let deposited = 0;
let token;

const kinds = {
  issues: {
    request: () => ({
      path: "/vbanks",
      headers: { authorization: token, "content-type": "application/json" },
      body: {
        merchant_uid: `bench-${process.pid}-${++orders}`,
        amount,
        name: "만년필",
        buyer_name: "홍길동",
        vbank_code: bankCode,
        vbank_due: Math.floor(Date.now() / 1000) + 86_400,
        vbank_holder: "나루상점",
      },
    }),
    accept(status, answer, { merchant_uid }) {
      const payment = answer.response;
      if (status !== 200 || answer.code !== 0 || payment.merchant_uid !== merchant_uid || payment.amount !== amount) {
        return false;
      }
      stock.push(payment.vbank_num);
      return true;
    },
  },
  deposits: {
    request() {
      const accountNumber = stock.pop();
      return (
        accountNumber && {
          path: "/naru/v1/sandbox/deposits",
          headers: { "content-type": "application/json" },
          body: { accountNumber, bankCode, amount, depositorName: "홍길동", noticeId: `bench-${accountNumber}` },
        }
      );
    },
    accept(status, answer, { accountNumber, noticeId }) {
      const right =
        status === 200 &&
        answer.outcome === "matched" &&
        answer.duplicate === false &&
        answer.amount === amount &&
        answer.accountNumber === accountNumber &&
        answer.noticeId === noticeId;
      if (right) deposited += amount;
      return right;
    },
  },
  charges: {
    request: () => ({
      path: "/v1/payment-charges",
      headers: {
        authorization: "Bearer key_sandbox_naru00000000000000000",
        "merchant-id": "merch_naru00000000000000000",
        "content-type": "application/json",
        "request-idempotency-key": `bench-${process.pid}-${++orders}`,
      },
      body: {
        // Of the sandbox's methods the one that asks nobody.
        paymentMethod: "MOCK",
        paymentDescriptor: "만년필",
        merchantPaymentChargeReference: `bench-${process.pid}-${orders}`,
        amount: { value: amount, currency: "KRW" },
        consumer: { name: "홍길동", country: "KR" },
      },
    }),
    accept(status, answer, { merchantPaymentChargeReference }) {
      const [capture] = answer.captures ?? [];
      const right =
        status === 200 &&
        answer.status === "CAPTURED" &&
        capture.amount === amount &&
        answer.authorizations[0].merchantPaymentChargeReference === merchantPaymentChargeReference;
      if (right) deposited += amount;
      return right;
    },
  },
};

/** @param {{ kind: "issues" | "deposits" | "charges", clients: number, seconds: number, until?: () => boolean }} round */
async function run({ kind, clients, seconds, until = () => false }) {
  const { request, accept } = kinds[kind];
  const connections = Array.from({ length: clients }, () => new Client(url));
  await Promise.all(connections.map((connection) => call(connection, { path: "/health", method: "GET" })));
  const latencies_ms = [];
  const wrong = [];
  let exhausted_at;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const deadline = start + seconds * 1_000;
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() < deadline && wrong.length < wrong_max && !until()) {
        const next = request();
        if (next === undefined) {
          exhausted_at ??= performance.now();
          return;
        }
        const sent = performance.now();
        const { status, answer } = await call(connection, { ...next, method: "POST", body: JSON.stringify(next.body) });
        const received = performance.now();
        if (!accept(status, answer, next.body)) wrong.push(`${kind}: ${status} ${JSON.stringify(answer)}`);
        else if (received <= deadline) latencies_ms.push(received - sent);
      }
    }),
  );
  const used = process.cpuUsage(cpu);
  const seconds_run = (performance.now() - start) / 1_000;
  await Promise.all(connections.map((connection) => connection.close()));
  return {
    latencies_ms,
    wrong,
    // A round that ran out of accounts ended early; with the last ones under way it was no longer under full load.
    seconds: ((exhausted_at ?? deadline) - start) / 1_000,
    exhausted: exhausted_at !== undefined,
    cores: (used.user + used.system) / 1e6 / seconds_run,
  };
}

async function call(connection, { path, method, headers, body }) {
  try {
    const response = await connection.request({ path, method, headers, body });
    return { status: response.statusCode, answer: await response.body.json() };
  } catch (error) {
    return { status: 0, answer: { error: String(error) } };
  }
}

const orderly = {
  run,
  /** Issues until there are that many accounts in stock. */
  async prepare({ accounts }) {
    const enough = () => stock.length >= accounts;
    const { wrong } = await run({ kind: "issues", clients: preparing_clients, seconds: 120, until: enough });
    return { wrong };
  },
  /** What was acknowledged, to be compared with the books. */
  totals: async () => ({ deposited }),
};

async function signIn() {
  const connection = new Client(url);
  const credentials = { imp_key: "naru_sandbox_key", imp_secret: "naru_sandbox_secret" };
  const { answer } = await call(connection, {
    path: "/users/getToken",
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(credentials),
  });
  await connection.close();
  return answer.response.access_token;
}

process.on("disconnect", () => process.exit());
// The bench decides when it is over.
process.on("SIGINT", () => {});
process.on("message", async ({ id, order, given }) => {
  try {
    token ??= await signIn();
    process.send({ id, result: await orderly[order](given) });
  } catch (error) {
    process.send({ id, error: error.stack });
  }
});
