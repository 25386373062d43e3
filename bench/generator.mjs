/** The bench's end of a load generator: `load.mjs` in another process, asked and answered over IPC. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("load.mjs", import.meta.url));

/** @param {string} url the node to put under load */
export function startGenerator(url) {
  const child = fork(script, [url], { env: { PATH: process.env.PATH ?? "" } });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const waiting = new Map();
  let asked = 0;
  child.on("message", ({ id, result, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  });
  child.once("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the load generator ended with ${code}`));
  });

  function ask(order, given) {
    return new Promise((resolve, reject) => {
      waiting.set(++asked, { resolve, reject });
      child.send({ id: asked, order, given });
    });
  }

  return {
    run: (kind, clients, seconds) => ask("run", { kind, clients, seconds }),
    prepare: (accounts) => ask("prepare", { accounts }),
    totals: () => ask("totals"),
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
