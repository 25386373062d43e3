/**
 * Every limit of the core in one place. What a dialect limits by its own contract (field lengths, paging) stands in its
 * schemas; what the HTTP shell limits stands in `src/http/limits.ts`; group commit's stand beside it.
 */
export const limits = {
  /** The largest amount of one payment or deposit, in whole won. A million such payments still sum below 2^53. */
  amount_max: 9_000_000_000,
  /** How long a virtual account may stay open. */
  due_max_days: 366,
  /** How long a number rests after its account was due before it is given to someone else. */
  number_rest_days: 30,
  /** A bank's clock may lag ours by this much when a number's former holder is told from its present one. */
  bank_clock_skew_ms: 60_000,
  /** Former holders of a number that are considered for a late notice. */
  number_holders_considered: 5,
  /** Numbers drawn from a bank's range at once when the pool runs low. */
  pool_block: 2_000,

  /** How long after an order's time is over the PG is asked what became of it. */
  operation_ask_after_ms: 1_000,
  /** A PG's clock and ours may differ by this much when "never heard of it" is taken as final. */
  operation_clock_skew_ms: 5_000,
  /** An outcome that stays unknown is asked for again after 2, 4, 8 … seconds, at most this. */
  operation_ask_interval_max_s: 600,
  operations_asked_at_once: 32,
  operation_poll_ms: 1_000,

  /** Captures, voids, discards and refunds of one charge, those that were refused included. */
  charge_operations_max: 200,
  /** From so many on, one that is refused is not kept: those that are in order still have room. */
  charge_refusals_max: 100,
  /** How long a shopper may be given to agree. */
  authenticate_max_s: 7 * 24 * 60 * 60,
  /** Charges and agreements whose time has come that one sweep takes, and how often it looks. */
  charges_swept: 256,
  charge_sweep_interval_ms: 500,
  /** How long the sandbox's wallet may be told to take to decide, and to settle. */
  wallet_confirm_max_s: 24 * 3_600,
  settlement_max_s: 366 * 24 * 3_600,

  /** How often a member's numbers are drawn again when an operator has chosen those that were drawn. */
  member_draws_max: 100,
  /** How long a code is good for that a member is to type on the telephone. */
  ars_code_s: 300,
  /**
   * The most that a member's prepaid balance may be charged to, in whole won. What others deposit, and what a bank did not pay
   * out, comes whatever the balance.
   */
  member_balance_max: 2_000_000,
  /** How long a one-time token stands for its card; for a cash machine or a credit card longer. */
  one_time_token_s: 30,
  one_time_token_long_s: 300,
  one_time_tokens_kept_hours: 24,
  /** Ids of linked accounts have five characters, so few are drawn from a merchant's counter at once. */
  account_id_block: 100,
  /** What is sent to an account to see whether it takes it, in whole won. */
  verification_amount: 1,
  /** How often balances are looked at that are charged when they are low; again when nothing changed; and after a failure. */
  auto_charge_interval_ms: 1_000,
  auto_charge_batch: 64,
  auto_charge_look_again_s: 600,
  auto_charge_retry_s: 3_600,
  /** Crypto keys of one project: one more than is used, so that they can be changed one after the other. */
  crypto_keys_max: 2,
  /** A client's public key or certificate, as PEM. */
  public_key_length: 16_384,
  /** How far the time of a signed request may be allowed to be from now, where that is looked at. */
  request_window_max_s: 24 * 60 * 60,

  /** Accounts that one sweep expires in one transaction. */
  expiry_batch: 256,
  expiry_interval_ms: 1_000,

  /** How often a bank is asked for transactions whose notice was not acknowledged, and how many it names at once. */
  deposit_query_interval_ms: 5_000,
  deposits_queried: 200,

  /** Attempts that a node makes at once. */
  deliveries_in_flight: 128,
  /** An attempt that has taken longer than this is slow: it no longer counts among those. */
  delivery_patience_ms: 500,
  /** All attempts of a node that were not answered yet, slow ones too. */
  deliveries_unanswered: 1_024,
  /** Of both, those for one merchant. */
  deliveries_in_flight_per_merchant: 96,
  deliveries_unanswered_per_merchant: 512,
  /** Unanswered attempts to one receiver; and to one that gave no answer the last time. */
  deliveries_per_receiver: 8,
  deliveries_per_silent_receiver: 2,
  /** Receivers that a node remembers as silent. */
  silent_receivers: 1_000,
  delivery_poll_ms: 500,
  /** When looking for due deliveries takes longer than this, as long a rest follows, at most a second. */
  delivery_look_ms: 20,
  /** How long a node that ends waits for attempts under way. */
  delivery_stop_grace_ms: 5_000,
  /** A first attempt waits for the one before it (same subject, same URL) until that is this old. */
  delivery_predecessor_wait_s: 60,
  /** Bytes kept of a receiver's answer. */
  delivery_answer_kept_bytes: 2_048,
  /** URLs that one payment's notices go to; the length of each, and of its host, as they are called (in ASCII). */
  notice_urls_max: 10,
  notice_url_length: 2_048,
  notice_host_length: 253,
  receiver_length: 500,
  /** Headers that a merchant may have added to webhooks, and the length of each. */
  webhook_headers_max: 10,
  webhook_header_length: 500,

  /** Times outside these are nobody's; the sandbox clock stops at the last. */
  time_first: "2000-01-01T00:00:00Z",
  time_last: "2200-01-01T00:00:00Z",

  heartbeat_ms: 1_000,
  /** A node whose heartbeat is older is dead: its leases are void. */
  node_dead_after_s: 5,

  /** How long a committed batch's fence is kept; far longer than a lost COMMIT takes to settle. */
  batches_kept_hours: 24,
  /** Of a node that is dead. */
  nodes_kept_hours: 1,
  prune_interval_ms: 10 * 60_000,
  prune_batch: 10_000,

  /** How long a node trusts what it read about merchants, channels and access tokens. */
  directory_trust_ms: 5_000,
  directory_entries: 10_000,

  /** How long a user's consent waits to be exchanged for a token. */
  authorization_code_s: 600,
  /** How long codes and tokens are kept that are worth nothing any more, and turns that were taken. */
  consents_kept_hours: 24,
  call_turns_kept_hours: 1,
  /** Live tokens of one app for one user; an older one ends when it is one too many. */
  user_tokens_max: 20,
  /** Where users may be sent back to, per app; and the length of each. */
  redirect_uris_max: 20,
  redirect_uri_length: 2_048,

  /** Numbers of users and ad accounts that an operator may choose; those that Naru gives begin after it. */
  chosen_number_max: 999_999,
  ad_account_name_length: 80,
  ad_account_members_max: 100,
  user_name_length: 40,

  merchant_name_length: 80,
  /** An operator's choice of a merchant's id, `mer_` included. */
  merchant_id_length: 64,
  /** Credentials of one merchant, so that old ones are removed and not forgotten. */
  merchant_credentials_max: 20,

  /** How long, by business time, a call that counts once is known by its key; and, by real time, until it is removed. */
  idempotency_key_hours: 24,
  idempotent_calls_kept_hours: 25,

  page_default: 50,
  page_max: 500,
} as const;

export const hour_ms = 60 * 60 * 1000;
export const day_ms = 24 * hour_ms;
