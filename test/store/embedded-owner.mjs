/**
 * A process of its own that owns an embedded server, to be killed, raced or run as another user by embedded.test.ts.
 * It says in one line of JSON how the start went, and stops the server when its input says so.
 *   node embedded-owner.mjs <path of the compiled room> <options as JSON>
 */
const { startEmbedded } = await import(process.argv[2]);
const log = { info() {}, warn() {} };

try {
  const server = await startEmbedded({ ...JSON.parse(process.argv[3]), log });
  const { connection, adopted, home } = server;
  console.log(JSON.stringify({ connection, adopted, home }));
  process.stdin.once("data", async () => {
    await server.stop();
    process.exit(0);
  });
} catch (error) {
  console.log(JSON.stringify({ code: error.code ?? "unknown", message: error.message }));
  process.exit(1);
}
