/** Every limit of the HTTP edge, inbound and outbound, in one place. */
export const httpLimits = {
  /** A request's body. The largest legitimate one holds 10,000 characters of custom data, each as nine of a form. */
  body_bytes: 262_144,
  /** The same for who has no token yet. */
  token_body_bytes: 16_384,
  /** A form that carries what came in an address, and some fields more. */
  form_bytes: 131_072,
  /** Address and headers. A hundred order ids of forty Korean characters take 40 kB. */
  header_bytes: 65_536,
  /** Objects and arrays within each other. */
  json_depth: 32,
  /** One path parameter, decoded. */
  parameter_length: 256,
  /** From the first byte of a request to its last. */
  request_timeout_ms: 30_000,
  keep_alive_timeout_ms: 65_000,
  /** How long a node that ends waits for answers under way. */
  close_grace_ms: 10_000,

  /** Webhooks: connecting. How long the answer may take is the dialect's rule. */
  webhook_connect_timeout_ms: 10_000,
  /** Within that, finding the receiver's name: the first try, at one server; a second round waits twice as long. */
  webhook_name_try_ms: 1_500,
  webhook_name_tries: 2,
  /** All tries at all servers. */
  webhook_name_timeout_ms: 6_000,
  /** The headers of a receiver's answer. */
  webhook_header_bytes: 16_384,
  /** How long what follows the headers is read for the log. */
  webhook_body_wait_ms: 1_000,
} as const;
