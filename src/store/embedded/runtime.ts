/**
 * The server never runs from node_modules but from a copy beside its data, for three reasons. The links between the
 * shared libraries are made by an install script of the package, which npm may have blocked. An unprivileged account
 * that runs the server for root may not be able to read the project. And an upgrade of the package must not change
 * files under a running server.
 *
 * A copy is made under a temporary name and renamed, so a kill leaves no half copy under the final name; and since a
 * power cut can truncate files after the rename, each start compares every size with the package.
 */
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join, posix } from "node:path";
import { giveTo, type Ids, underConstruction } from "./files.ts";
import type { Package } from "./platform.ts";

export interface Runtime {
  readonly directory: string;
  readonly version: string;
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
}

type Entry =
  | { kind: "directory"; path: string }
  | { kind: "file"; path: string; bytes: number; mode: number }
  | { kind: "link"; path: string; target: string };

/**
 * What Naru's server never opens: headers, static libraries, translations, and all extensions but a few that help an
 * operator. Each small file costs as much as a megabyte of a large one, so this is a third of the time of the copy.
 */
const NOT_NEEDED = [
  /\.a$/,
  /^(include|doc|man)$/,
  /^share\/(.*\/)?(locale|doc|man)$/,
  /^lib\/(pkgconfig|postgresql\/pgxs)$/,
  /^lib\/lib(ecpg|ecpg_compat|pgtypes)\./,
  /^lib\/postgresql\/(?!(plpgsql|dict_snowball|libpqwalreceiver|pgoutput|utf8_and_.*|amcheck|pg_stat_statements)\.)/,
  /^share\/postgresql\/extension\/(?!(plpgsql|amcheck|pg_stat_statements)(--|\.))/,
];

/** The complete copy of `source` in `home`, made or made again when needed. The files belong to `account`. */
export function ensureRuntime(home: string, source: Package, account: Ids | undefined): Runtime {
  const directory = join(home, `runtime-${source.version}`);
  const entries = entriesOf(source);
  if (!isComplete(directory, entries)) {
    const temporary = underConstruction(directory);
    copy(join(source.directory, "native"), temporary, entries, account);
    rmSync(directory, { recursive: true, force: true });
    renameSync(temporary, directory);
  }
  return runtimeAt(directory, source.version);
}

/** Removes copies of other versions. Only after their server is stopped: it may still load libraries from there. */
export function removeOtherRuntimes(home: string, current: Runtime): void {
  for (const name of readdirSync(home)) {
    const path = join(home, name);
    if (name.startsWith("runtime-") && path !== current.directory) rmSync(path, { recursive: true, force: true });
  }
}

function runtimeAt(directory: string, version: string): Runtime {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const program = (name: string) => join(directory, "bin", name + suffix);
  return { directory, version, initdb: program("initdb"), pgCtl: program("pg_ctl"), postgres: program("postgres") };
}

/** Everything the copy must hold, parents first; links, whether the install script made them or not, come last. */
function entriesOf(source: Package): Entry[] {
  const native = join(source.directory, "native");
  const entries: Entry[] = [{ kind: "directory", path: "" }];
  const links = new Map<string, Entry>();
  const walk = (folder: string): void => {
    for (const item of readdirSync(join(native, folder), { withFileTypes: true })) {
      const path = folder ? `${folder}/${item.name}` : item.name;
      if (NOT_NEEDED.some((pattern) => pattern.test(path))) continue;
      if (item.isDirectory()) {
        entries.push({ kind: "directory", path });
        walk(path);
      } else if (item.isSymbolicLink()) {
        links.set(path, { kind: "link", path, target: readlinkSync(join(native, path)) });
      } else if (path !== "pg-symlinks.json") {
        entries.push({ kind: "file", path, bytes: lstatSync(join(native, path)).size, mode: modeOf(path) });
      }
    }
  };
  walk("");
  for (const link of declaredLinks(native)) {
    if (!NOT_NEEDED.some((pattern) => pattern.test(link.path))) links.set(link.path, link);
  }
  return [...entries, ...links.values()];
}

/** The package's list of links, as relative ones: `native/lib/libpq.so.5` -> `libpq.so.5.18`. */
function declaredLinks(native: string): (Entry & { kind: "link" })[] {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return []; // Windows has none
  const declared = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  return declared.map(({ source, target }) => ({
    kind: "link",
    path: posix.relative("native", target),
    target: posix.relative(posix.dirname(target), source),
  }));
}

/** Modes are decided here, not copied: a package unpacked under a strict umask would be unreadable for the account. */
function modeOf(path: string): number {
  return path.startsWith("bin/") || /\.(so|dylib|dll)(\.|$)/.test(path) ? 0o755 : 0o644;
}

function isComplete(directory: string, entries: Entry[]): boolean {
  return entries.every((entry) => {
    const found = lstatSync(join(directory, entry.path), { throwIfNoEntry: false });
    if (!found) return false;
    if (entry.kind === "directory") return found.isDirectory();
    if (entry.kind === "link") return found.isSymbolicLink();
    const mayRun = process.platform === "win32" || (found.mode & entry.mode) === entry.mode;
    return found.isFile() && found.size === entry.bytes && mayRun;
  });
}

/** Synchronous on purpose: hundreds of small files take far longer through promises. */
function copy(native: string, directory: string, entries: Entry[], account: Ids | undefined): void {
  for (const entry of entries) {
    const target = join(directory, entry.path);
    if (entry.kind === "directory") {
      mkdirSync(target);
      chmodSync(target, 0o755);
    } else if (entry.kind === "file") {
      copyFileSync(join(native, entry.path), target, constants.COPYFILE_FICLONE);
      chmodSync(target, entry.mode);
    } else {
      symlinkSync(entry.target, target);
    }
    giveTo(account, target);
  }
}
