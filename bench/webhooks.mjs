/**
 * `npm run bench:webhooks`: what receivers that never answer cost those that do. One node, a hundred receivers, the same
 * load in every round; in turns none, one and a third of the receivers are deaf. The figures are of those that answer:
 * from a shop's having its answer to the webhook's arrival. Ends with a doctor's visit.
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startNode } from "./node.mjs";

const receivers_count = 100;
const perReceiver = 10;
const clients = 8;
const conditions = [0, 1, 33];
const patience_ms = 60_000;

const undo = [];
try {
  process.exitCode = (await bench()) ? 0 : 1;
} finally {
  for (const step of undo.reverse()) await step();
}

async function bench() {
  const dataDir = await mkdtemp(join(tmpdir(), "naru-bench-"));
  undo.push(() => rm(dataDir, { recursive: true, force: true }));
  await chmod(dataDir, 0o711);
  const node = await startNode({ dataDir, cap: 256, lanes: 2, onStart: (stop) => undo.push(stop) });
  const receivers = await Promise.all(Array.from({ length: receivers_count }, startReceiver));
  undo.push(() => Promise.all(receivers.map((one) => one.close())));
  const token = await tokenOf(node.url);

  await round(node.url, token, receivers, 0);
  const delays_ms = new Map(conditions.map((deaf) => [deaf, []]));
  for (const deaf of [...conditions, ...conditions.toReversed()]) {
    delays_ms.get(deaf).push(...(await round(node.url, token, receivers, deaf)));
  }

  const control = figures(delays_ms.get(0));
  print(
    `webhooks to ${receivers_count} receivers, ${perReceiver} to each in a round, ${clients} clients issuing; two rounds each\n`,
  );
  print("never answer   p50 ms   p99 ms   max ms   ratio of p50   ratio of p99");
  for (const deaf of conditions) {
    const { p50, p99, max } = figures(delays_ms.get(deaf));
    const cells = [p50, p99, max].map((value) => value.toFixed(1).padStart(9)).join("");
    print(
      `${String(deaf).padEnd(12)}${cells}${`${(p50 / control.p50).toFixed(2)} x`.padStart(15)}${`${(p99 / control.p99).toFixed(2)} x`.padStart(15)}`,
    );
  }
  const { clean, checked, output } = await node.doctor();
  print(`\ndoctor: ${clean ? `clean, ${checked} invariants hold` : `NOT CLEAN\n${output}`}`);
  return clean;
}

/** Issues accounts, each announced to one receiver, and gives the delays of those that answer. */
async function round(url, token, receivers, deaf) {
  for (const [index, receiver] of receivers.entries()) receiver.begin(index < deaf);
  const issuedAt = new Map();
  const orders = Array.from({ length: receivers.length * perReceiver }, (_, index) => index);
  const issue = async () => {
    for (let index = orders.shift(); index !== undefined; index = orders.shift()) {
      const order = `${Date.now()}-${process.pid}-${index}`;
      await post(`${url}/vbanks`, token, {
        merchant_uid: order,
        amount: 10_000,
        vbank_code: "088",
        vbank_due: Math.floor(Date.now() / 1000) + 86_400,
        vbank_holder: "나루상점",
        notice_url: receivers[index % receivers.length].url,
      });
      issuedAt.set(order, performance.now());
    }
  };
  await Promise.all(Array.from({ length: clients }, issue));
  const answering = receivers.slice(deaf);
  for (
    const end = Date.now() + patience_ms;
    answering.some((one) => one.arrivals.length < perReceiver);
    await pause(50)
  ) {
    if (Date.now() > end) throw new Error(`webhooks did not arrive within ${patience_ms} ms`);
  }
  const delays = answering.flatMap(({ arrivals }) =>
    arrivals.map(({ order, at }) => Math.max(0, at - issuedAt.get(order))),
  );
  for (const receiver of receivers) receiver.release();
  await settled(url);
  return delays;
}

/** What deaf receivers held is over before the next round begins. */
async function settled(url) {
  for (const end = Date.now() + patience_ms; ; await pause(100)) {
    const text = await (await fetch(`${url}/metrics`)).text();
    if (/^naru_deliveries_pending 0$/m.test(text)) return;
    if (Date.now() > end) throw new Error("deliveries are still pending");
  }
}

async function startReceiver() {
  let isDeaf = false;
  let held = [];
  const receiver = {
    arrivals: [],
    begin(deaf) {
      isDeaf = deaf;
      receiver.arrivals = [];
    },
    release() {
      isDeaf = false;
      for (const response of held) response.end();
      held = [];
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer(async (request, response) => {
    const at = performance.now();
    let body = "";
    for await (const chunk of request) body += chunk;
    receiver.arrivals.push({ order: JSON.parse(body).merchant_uid, at });
    if (isDeaf) held.push(response);
    else response.end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(receiver, { url: `http://127.0.0.1:${server.address().port}/` });
}

async function tokenOf(url) {
  const credentials = { imp_key: "naru_sandbox_key", imp_secret: "naru_sandbox_secret" };
  return (await post(`${url}/users/getToken`, undefined, credentials)).access_token;
}

async function post(url, token, body) {
  const headers = { "content-type": "application/json", ...(token === undefined ? {} : { authorization: token }) };
  const answer = await (await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).json();
  if (answer.code !== 0) throw new Error(`${url}: ${answer.message}`);
  return answer.response;
}

function figures(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const percentile = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: percentile(0.5), p99: percentile(0.99), max: sorted.at(-1) };
}

function pause(duration_ms) {
  return new Promise((resolve) => setTimeout(resolve, duration_ms));
}

function print(text) {
  process.stdout.write(`${text}\n`);
}
