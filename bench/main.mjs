/**
 * `npm run bench`: what group commit is worth. Two nodes of the same code, one with group commit and one that commits
 * every request by itself, each on a fresh embedded database. They take turns (A B B A in every cell), so that a machine
 * that slows down or speeds up does so for both. Ends with a doctor's visit to both; any wrong answer or broken
 * invariant fails the bench.
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { arch, cpus, platform, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { findRunning } from "../dist/store/embedded/index.js";
import { version } from "../dist/version.js";
import { startGenerator } from "./generator.mjs";
import { startNode } from "./node.mjs";
import { cellRow, figures, heading } from "./table.mjs";

const { values: options } = parseArgs({ options: { seconds: { type: "string", default: "5" } } });
const seconds = Number(options.seconds);
const clientCounts = [1, 64, 256];
const configurations = [
  { name: "group commit", cap: 256, lanes: 2 },
  { name: "one by one", cap: 1, lanes: 16 },
];
const commandOf = { issues: "issue-virtual-account", deposits: "receive-notice", charges: "make-charge" };
const warmUp = { clients: 64, seconds: 2 };

/** Undone last to first, once, however the bench ends. */
const undo = [];
let undoing;
const cleanUp = () => {
  undoing ??= (async () => {
    for (const step of undo.reverse()) await step().catch((error) => console.error(error.message));
  })();
  return undoing;
};
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
  process.on(signal, () => void cleanUp().then(() => process.exit(code)));
}

try {
  if (!(seconds > 0 && seconds <= 60)) throw new Error("--seconds takes a number up to 60");
  const passed = await bench();
  await cleanUp();
  process.exitCode = passed ? 0 : 1;
} catch (error) {
  const interrupted = undoing !== undefined;
  await cleanUp();
  if (!interrupted) {
    console.error(error.message);
    process.exit(1);
  }
}

async function bench() {
  const root = await mkdtemp(join(tmpdir(), "naru-bench-"));
  undo.push(() => rm(root, { recursive: true, force: true }));
  await chmod(root, 0o711); // root's PostgreSQL runs as an account that must be able to enter
  const subjects = [];
  for (const [index, configuration] of configurations.entries()) {
    const dataDir = join(root, String(index));
    const node = await startNode({ ...configuration, dataDir, onStart: (stop) => undo.push(stop) });
    const load = startGenerator(node.url);
    undo.push(load.stop);
    const database = new pg.Client(await findRunning(dataDir));
    database.on("error", () => {}); // it ends with its node
    await database.connect();
    undo.push(() => database.end());
    subjects.push({ ...configuration, node, load, database });
  }
  print(await preamble(subjects[0].database));

  for (const { load } of subjects) {
    await check(load.run("issues", warmUp.clients, warmUp.seconds));
    await check(load.run("deposits", warmUp.clients, warmUp.seconds));
    await check(load.run("charges", warmUp.clients, warmUp.seconds));
  }
  print(heading());
  const cells = [];
  for (const kind of ["issues", "deposits", "charges"]) {
    for (const clients of clientCounts) {
      if (kind === "deposits") {
        await stockUp(
          subjects,
          cells.find((one) => one.clients === clients),
        );
      }
      const measured = await cell(subjects, kind, clients);
      print(cellRow(measured));
      cells.push(measured);
    }
  }
  print(remarks(cells));
  return visit(subjects);
}

/**
 * One line of the table: both nodes, A B B A, each round half as long as the cell. PostgreSQL's statistics are brought up
 * to date first, as autovacuum does within a minute: on a table it knows nothing of, it reads every row for each commit,
 * which would flatter group commit.
 */
async function cell([a, b], kind, clients) {
  for (const { database } of [a, b]) await database.query("ANALYZE");
  const rounds = new Map([a, b].map((subject) => [subject, []]));
  for (const subject of [a, b, b, a]) {
    const before = await batches(subject.node.url, commandOf[kind]);
    const round = await check(subject.load.run(kind, clients, seconds / 2));
    const after = await batches(subject.node.url, commandOf[kind]);
    const requests = after.requests - before.requests;
    rounds.get(subject).push({ ...round, requests, commits: after.commits - before.commits });
  }
  const measured = [a, b].flatMap((subject) => rounds.get(subject));
  return {
    kind,
    clients,
    grouped: figures(rounds.get(a)),
    single: figures(rounds.get(b)),
    cores: Math.max(...measured.map((round) => round.cores)),
    exhausted: measured.some((round) => round.exhausted),
  };
}

/** Accounts for a cell of deposits: twice as many as the cell of issues with as many clients would have given. */
async function stockUp([a, b], { clients, grouped, single }) {
  const needed = ({ rate }) => Math.ceil(2 * rate * seconds) + clients;
  await check(a.load.prepare(needed(grouped)));
  await check(b.load.prepare(needed(single)));
}

async function check(asked) {
  const answer = await asked;
  if (answer.wrong.length > 0)
    throw new Error(`wrong answers, so there is nothing to measure:\n${answer.wrong.join("\n")}`);
  return answer;
}

/** Batches of a command that the node has committed, and the requests in them. */
async function batches(url, command) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name) => Number(new RegExp(`^${name}\\{command="${command}"\\} (\\S+)`, "m").exec(text)?.[1] ?? 0);
  return { commits: value("naru_batches_total"), requests: value("naru_batch_requests_sum") };
}

async function preamble(database) {
  const show = async (name) => (await database.query(`SHOW ${name}`)).rows[0][name];
  const [server, fsync, synchronous] = [
    await show("server_version"),
    await show("fsync"),
    await show("synchronous_commit"),
  ];
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `Naru ${version}: group commit against the same code with one request per commit

machine    ${processors.length} cores (${processors[0]?.model.trim() ?? "unknown"}), ${memory}, ${platform()} ${arch()}, Node.js ${process.versions.node}
           a node keeps one core busy at most; PostgreSQL and the load generator share the others
database   PostgreSQL ${server}, embedded, one per node; fsync ${fsync}, synchronous_commit ${synchronous}
compared   group commit: up to ${configurations[0].cap} requests in a commit, ${configurations[0].lanes} commits of a kind in flight
           one by one:   ${configurations[1].cap} request in a commit, ${configurations[1].lanes} in flight, an ordinary pool of connections
load       over HTTP on loopback, each client one request at a time; one merchant, every deposit to a
           fresh account; ${seconds} s per cell, in turns A B B A, after a warm-up,
           with PostgreSQL's statistics up to date
`;
}

function remarks(cells) {
  const cores = Math.max(...cells.map((one) => one.cores)).toFixed(2);
  const short = cells.filter((one) => one.exhausted).map((one) => `${one.kind} at ${one.clients}`);
  return [
    "",
    "A deposit is two commits, the sandbox bank's own record and Naru's books; an issue is one; a charge with a key is four.",
    `"a commit": requests in one commit of the books, on average. The load generator took ${cores} cores at most.`,
    ...(short.length === 0 ? [] : [`Ended early for want of accounts: ${short.join(", ")}.`]),
    "",
  ].join("\n");
}

/** The doctor's visit, and whether the books hold what was acknowledged. True when all is well. */
async function visit(subjects) {
  let well = true;
  for (const { name, node, load } of subjects) {
    const { clean, checked, output } = await node.doctor();
    const { deposited } = await load.totals();
    const { accounts } = await (await fetch(`${node.url}/naru/v1/ledger/accounts`)).json();
    const owed = accounts.filter(({ id }) => id.startsWith("merchant:")).reduce((sum, { balance }) => sum + balance, 0);
    const agrees = owed === deposited;
    well &&= clean && agrees;
    print(`doctor, ${name}: ${clean ? `clean, ${checked} invariants hold` : `NOT CLEAN\n${output}`}`);
    print(
      `${" ".repeat(10 + name.length)}${agrees ? "the merchant's balance is" : `the merchant's balance is ${owed}, NOT`} what was acknowledged, ${deposited.toLocaleString("en-US")} won`,
    );
  }
  return well;
}

function print(text) {
  process.stdout.write(`${text}\n`);
}
