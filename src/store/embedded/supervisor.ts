/**
 * Keeps one server running for as long as Naru does.
 *
 *   running    A look every half second, and at once when the lock's connection ends. All is well while the server
 *              lives and our session holds the lock.
 *   repairing  Entered when it is not so. A dead server is started again at the same address, so that clients' pools
 *              find it by themselves; a lost lock is taken again. Back to running when both hold.
 *   given up   Entered when the server has died too often, or somebody else holds the lock. `onDeath` is told once;
 *              nothing is repaired any more.
 *   stopped    Entered by stop() from any mode: it interrupts a repair, ends the server and releases the directory.
 */
import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import { connect, connectionTo, type EmbeddedConnection, ensureDatabase, WRONG_PASSWORD } from "./connect.ts";
import { removeEndpoint } from "./endpoint.ts";
import { EmbeddedError, errorCode, messageOf } from "./error.ts";
import * as limits from "./limits.ts";
import { tryLock } from "./lock.ts";
import { type Ownership, owned } from "./owner.ts";
import { wrongPassword } from "./password.ts";
import { findPostmaster, type Postmaster } from "./postmaster.ts";
import { isAlive } from "./process.ts";
import { halt, launch, type Site } from "./server.ts";

export class Supervisor {
  readonly connection: EmbeddedConnection;
  readonly adopted: boolean;
  readonly home: string;
  readonly #site: Site;
  readonly #ownership: Ownership;
  readonly #onDeath: (error: Error) => void;
  readonly #stopping = new AbortController();
  #server: Postmaster;
  #lock: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #repair: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #givenUp = false;
  #restartsAtMs: number[] = [];

  constructor(
    site: Site,
    ownership: Ownership,
    server: Postmaster,
    adopted: boolean,
    onDeath: (error: Error) => void = () => {},
  ) {
    this.#site = site;
    this.#ownership = ownership;
    this.#server = server;
    this.#onDeath = onDeath;
    this.adopted = adopted;
    this.home = site.place.home;
    this.connection = Object.freeze(connectionTo(server.endpoint, site.password));
  }

  /** Makes the database if needed and takes the lock; from then on watches. Raises EmbeddedError "owned" when another process holds the lock. */
  async begin(): Promise<void> {
    await ensureDatabase(this.connection).catch((error) => {
      throw errorCode(error) === WRONG_PASSWORD ? wrongPassword(this.#site.place.dataDir, error) : error;
    });
    await this.#takeLock();
    this.#timer = setInterval(() => this.#look(), limits.WATCH_EVERY_MS);
    this.#timer.unref();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#timer);
    await this.#repair;
    void this.#lock?.end().catch(() => {}); // not awaited: a server that hangs would never answer
    const { place } = this.#site;
    await halt(this.#site, findPostmaster(place.cluster) ?? this.#server);
    removeEndpoint(this.#server.endpoint, place.account);
    this.#ownership.release();
  }

  #look(): void {
    if (this.#stopping.signal.aborted || this.#repair || this.#givenUp) return;
    if (this.#isRunning() && this.#lock) return;
    this.#repair = this.#doRepair()
      .catch((error) => this.#giveUp(error))
      .finally(() => {
        this.#repair = undefined;
      });
  }

  async #doRepair(): Promise<void> {
    let reachByMs = Date.now() + limits.REACH_LIMIT_MS;
    while (!this.#stopping.signal.aborted) {
      if (!this.#isRunning()) {
        await this.#restart();
        reachByMs = Date.now() + limits.REACH_LIMIT_MS;
        continue;
      }
      try {
        return await this.#takeLock();
      } catch (error) {
        if (error instanceof EmbeddedError || Date.now() > reachByMs) throw error;
        await pause(limits.LOCK_POLL_EVERY_MS); // it may be dead again, or recovering from the crash of one session
      }
    }
  }

  async #restart(): Promise<void> {
    const { place, log } = this.#site;
    const sinceMs = Date.now() - limits.RESTART_WINDOW_MS;
    this.#restartsAtMs = this.#restartsAtMs.filter((atMs) => atMs > sinceMs);
    if (this.#restartsAtMs.length >= limits.RESTARTS_MAX) {
      const often = `${limits.RESTARTS_MAX} times within ${limits.RESTART_WINDOW_MS / 60_000} minutes`;
      const message = `The PostgreSQL server of ${place.home} died again after being restarted ${often}. Look at ${place.logFile}.`;
      throw new EmbeddedError("failed-to-start", message);
    }
    const lastAtMs = this.#restartsAtMs.at(-1) ?? 0;
    await pause(Math.max(0, lastAtMs + limits.RESTART_PAUSE_MS - Date.now()));
    if (this.#stopping.signal.aborted) return;
    this.#restartsAtMs.push(Date.now());
    log.warn({ pid: this.#server.pid, home: place.home }, "the PostgreSQL server died; starting it again");
    try {
      this.#server = await launch(this.#site, this.#stopping.signal, this.#server.endpoint);
      log.info({ pid: this.#server.pid, home: place.home }, "the PostgreSQL server runs again");
    } catch (error) {
      log.warn({ home: place.home, reason: messageOf(error) }, "the PostgreSQL server did not start again");
    }
  }

  async #takeLock(): Promise<void> {
    const { dataDir } = this.#site.place;
    const client = await connect(this.connection);
    client.once("end", () => {
      if (this.#lock !== client) return;
      this.#lock = undefined;
      this.#look();
    });
    const taken = await tryLock(client).catch(async (error) => {
      await client.end().catch(() => {});
      throw error;
    });
    if (!taken) {
      await client.end();
      throw owned(dataDir, undefined);
    }
    this.#lock = client;
  }

  #isRunning(): boolean {
    return isAlive(this.#server.pid, this.#server.startedAt);
  }

  #giveUp(error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    this.#givenUp = true;
    clearInterval(this.#timer);
    this.#site.log.warn({ home: this.home, reason: messageOf(error) }, "giving up on the PostgreSQL server");
    this.#onDeath(error instanceof Error ? error : new Error(messageOf(error)));
  }
}
