/**
 * How the server is run. The command line wins over postgresql.conf, so nobody turns durability off by accident, and a
 * server left behind can be compared with what this release would have started.
 */
import type { Endpoint } from "./endpoint.ts";

const SETTINGS: Record<string, string> = {
  // An answer is sent after a commit; a commit is on disk.
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",

  shared_buffers: "128MB",
  max_wal_size: "2GB",
  min_wal_size: "128MB",
  // Short transactions: compiling a plan costs more than running it.
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  unix_socket_permissions: "0700",

  // Statements, parameters and error texts carry people's names and account numbers ("invalid input: …"), so none of
  // them reaches the log: errors go to the client, who knows how to keep them. The log tells of the server itself.
  log_min_messages: "log",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
  log_parameter_max_length: "0",
  log_parameter_max_length_on_error: "0",
  log_statement: "none",
  log_min_duration_statement: "-1",
  log_checkpoints: "off",
};

/** The words after the program's name. */
export function serverArguments(cluster: string, endpoint: Endpoint, connections: number): string[] {
  const settings = { ...SETTINGS, max_connections: String(connections), ...listening(endpoint) };
  return ["-D", cluster, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

function listening({ host, port }: Endpoint): Record<string, string> {
  const isSocket = host.startsWith("/");
  return {
    port: String(port),
    listen_addresses: isSocket ? "" : host,
    unix_socket_directories: isSocket ? host : "",
  };
}
