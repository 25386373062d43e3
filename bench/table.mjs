/** Figures as a person reads them: one line per cell of the bench, in columns that stand still. */

const columns = [
  { title: "", width: 9 },
  { title: "clients", width: 7 },
  { title: "per s", width: 9, group: "group commit" },
  { title: "p50 ms", width: 8, group: "group commit" },
  { title: "p99 ms", width: 8, group: "group commit" },
  { title: "a commit", width: 9, group: "group commit" },
  { title: "per s", width: 10, group: "one by one" },
  { title: "p50 ms", width: 8, group: "one by one" },
  { title: "p99 ms", width: 8, group: "one by one" },
  { title: "ratio", width: 8 },
];

export function heading() {
  const groups = columns.reduce((line, { width, group }, index) => {
    const isFirst = group !== undefined && columns[index - 1].group !== group;
    if (!isFirst) return line.padEnd(line.length);
    const left = columns.slice(0, index).reduce((sum, column) => sum + column.width, 0);
    return `${line.padEnd(left + width - 5)}${group}`;
  }, "");
  return `${groups}\n${row(columns.map(({ title }) => title))}`;
}

/** @param {{ kind: string, clients: number, grouped: Figures, single: Figures }} cell */
export function cellRow({ kind, clients, grouped, single }) {
  return row([
    kind,
    String(clients),
    rate(grouped.rate),
    latency(grouped.p50_ms),
    latency(grouped.p99_ms),
    grouped.perCommit.toFixed(grouped.perCommit < 10 ? 1 : 0),
    rate(single.rate),
    latency(single.p50_ms),
    latency(single.p99_ms),
    `${(grouped.rate / single.rate).toFixed(1)} x`,
  ]);
}

/**
 * @typedef {{ rate: number, p50_ms: number, p99_ms: number, perCommit: number }} Figures
 * @param {{ latencies_ms: number[], seconds: number, requests: number, commits: number }[]} rounds
 * @returns {Figures}
 */
export function figures(rounds) {
  const sorted = Float64Array.from(rounds.flatMap((round) => round.latencies_ms)).sort();
  const sum = (field) => rounds.reduce((total, round) => total + round[field], 0);
  const percentile = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return {
    rate: sorted.length / sum("seconds"),
    p50_ms: percentile(0.5),
    p99_ms: percentile(0.99),
    perCommit: sum("requests") / sum("commits"),
  };
}

function row(cells) {
  return cells
    .map((cell, index) => (index === 0 ? cell.padEnd(columns[0].width) : cell.padStart(columns[index].width)))
    .join("");
}

function rate(perSecond) {
  return Math.round(perSecond).toLocaleString("en-US");
}

function latency(duration_ms) {
  return duration_ms.toFixed(duration_ms < 100 ? 1 : 0);
}
