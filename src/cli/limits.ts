/** Every limit of the commands in one place. */
export const cliLimits = {
  /** How long the node may take to answer. */
  answer_timeout_ms: 30_000,
  /** How often `events --follow` asks for more. */
  follow_poll_ms: 400,

  /** Of one `seed-demo`. */
  demo_payments_max: 100_000,
  demo_concurrency_max: 256,
  /** With the number of a payment it stands in 40 characters of an order id. */
  demo_seed_max: 999_999_999,
  /** Kinds of failures that are told apart. */
  demo_failure_kinds_max: 10,
  /** When so many payments failed in a row there is no sense in going on. */
  demo_failures_in_a_row_max: 50,
  /** How long a token is used; well below the half hour that it lives. */
  demo_token_trust_ms: 20 * 60_000,
  /** How often progress is shown: on a terminal, and elsewhere. */
  demo_progress_ms: 100,
  demo_progress_lines_ms: 5_000,
} as const;
