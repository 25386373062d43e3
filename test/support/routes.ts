/** Every route that a node mounts, hidden ones too, so that what must hold for all of them leaves none out. */
import { pino } from "pino";
import { mountDocs } from "../../src/admin/docs.ts";
import { admin } from "../../src/admin/index.ts";
import { createMetrics } from "../../src/admin/metrics.ts";
import { readConfig } from "../../src/config.ts";
import { Faults, SandboxBank } from "../../src/connectors/sandbox/index.ts";
import { demoCredentials } from "../../src/demo.ts";
import { createServer } from "../../src/http/server.ts";
import { readSecrets } from "../../src/installation.ts";
import { createCore, openStore } from "../../src/main.ts";
import { environment } from "./node.ts";

export interface Route {
  method: string;
  /** With `:name` for what varies, and perhaps `*` in the end. */
  url: string;
  /** Method and URL. */
  name: string;
  /** A read for operators alone. */
  operator: boolean;
}

export interface Routes {
  /** Naru's own, the API reference included. */
  own: Route[];
  iamport: Route[];
  kakaoMoment: Route[];
  /** Each under both of its addresses. */
  konaplate: Route[];
  /** With the page on which shoppers agree, which wants no key. */
  ppro: Route[];
  /** The name of the route that serves a call; undefined if none does. */
  routeOf(method: string, path: string): Promise<string | undefined>;
}

/** As a sandbox node mounts them. There is no database behind them, and none is asked. */
export async function mountedRoutes(): Promise<Routes> {
  const url = "postgres://nobody@localhost/none";
  const config = readConfig(environment({ url }));
  const log = pino({ level: "silent" });
  const secrets = await readSecrets(config);
  const store = openStore({ url }, config);
  const faults = new Faults(store.pool, log);
  const { core, dialects } = createCore(config, store, secrets, log, () => Promise.reject(), faults);
  const bank = new SandboxBank(core, faults, log);
  const sandbox = { core, bank, faults, credentials: demoCredentials(config, secrets), bankChecksAmounts: true };
  const merchants = { dialects, newChannels: undefined, demo: undefined };
  const mounted: Route[] = [];
  const naru = admin({ core, config, metrics: createMetrics(), merchants, sandbox });
  const server = await createServer({
    log,
    guard: () => undefined,
    async prepare(root) {
      root.addHook("onRoute", ({ method, url, config }) => {
        const operator = config?.operator === true;
        for (const one of [method].flat()) mounted.push({ method: one, url, name: `${one} ${url}`, operator });
      });
      root.addHook("onRequest", async (request, reply) => reply.send({ route: request.routeOptions.url ?? null }));
      await mountDocs(root, "0.0.0");
    },
    dialects,
    admin: naru,
  });
  await server.ready();
  const ownerOf = (url: string) => [naru, ...dialects].find((one) => one.owns(url))?.name;
  const of = (name: string) => mounted.filter(({ url }) => ownerOf(url) === name);
  return {
    own: mounted.filter(({ url }) => naru.owns(url)),
    iamport: of("iamport"),
    kakaoMoment: of("kakao-moment"),
    konaplate: of("konaplate"),
    ppro: of("ppro"),
    async routeOf(method, path) {
      const { route } = (await server.inject({ method: method as "GET", url: path })).json();
      return route === null ? undefined : `${method} ${route}`;
    },
  };
}

/** An address that a route serves. */
export function addressOf({ url }: Route, values: Record<string, string> = {}): string {
  return url.replace("*", "x").replace(/:(\w+)/g, (_, name) => encodeURIComponent(values[name] ?? "x"));
}
