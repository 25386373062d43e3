-- The books and what surrounds them. Conventions of every table:
--   * ids are made by the process, lower-case and time-ordered, and compare bytewise (COLLATE "C");
--   * amounts are whole won (or the currency's minor unit) in bigint; times are timestamptz;
--   * every row of a tenant carries merchant_id;
--   * hot tables have no foreign keys (a check locks the parent row); `naru doctor` looks for orphans instead;
--   * no triggers and no sequences, so that the same schema serves PostgreSQL-compatible distributed engines.

-- One row per batch that committed: how a lost reply to COMMIT is settled (src/store/group-commit.ts).
CREATE TABLE batches (
  id           text COLLATE "C" PRIMARY KEY,
  committed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX batches_by_age ON batches (committed_at);

-- What may not exist yet is locked through a claim: a merchant's reference, a bank's notice key.
CREATE TABLE claims (
  scope text COLLATE "C" NOT NULL,
  key   text COLLATE "C" NOT NULL,
  PRIMARY KEY (scope, key)
);

-- Blocks of numbers leased to nodes, from which wire ids are made (src/store/counters.ts).
CREATE TABLE counters (
  name text COLLATE "C" PRIMARY KEY,
  next bigint NOT NULL
);

-- Facts of the installation as a whole: the sandbox clock's offset, the fingerprint of the master key.
CREATE TABLE installation (
  name  text COLLATE "C" PRIMARY KEY,
  value jsonb NOT NULL
);

-- Nodes that are alive; work leased to a node whose heartbeat stopped is taken by another.
CREATE TABLE nodes (
  id           text COLLATE "C" PRIMARY KEY,
  heartbeat_at timestamptz NOT NULL
);

CREATE TABLE merchants (
  id         text COLLATE "C" PRIMARY KEY,
  name       text NOT NULL,
  settings   jsonb NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE TABLE credentials (
  id          text COLLATE "C" PRIMARY KEY,
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  dialect     text COLLATE "C" NOT NULL,
  key         text COLLATE "C" NOT NULL,
  secret_hash text NOT NULL,
  created_at  timestamptz NOT NULL,
  UNIQUE (dialect, key)
);

CREATE TABLE channels (
  id          text COLLATE "C" PRIMARY KEY,
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  connector   text COLLATE "C" NOT NULL,
  key         text COLLATE "C" NOT NULL UNIQUE,
  provider    text COLLATE "C" NOT NULL,
  provider_merchant_id text COLLATE "C" NOT NULL,
  name        text NOT NULL,
  is_default  boolean NOT NULL,
  created_at  timestamptz NOT NULL
);
CREATE INDEX channels_by_merchant ON channels (merchant_id);

-- One live access token per credential; readable again, hence encrypted, and found by its keyed hash.
CREATE TABLE access_tokens (
  credential_id   text COLLATE "C" PRIMARY KEY REFERENCES credentials (id),
  merchant_id     text COLLATE "C" NOT NULL,
  token_hash      text COLLATE "C" NOT NULL UNIQUE,
  token_encrypted text NOT NULL,
  expires_at      timestamptz NOT NULL
);

CREATE TABLE payments (
  id                   text COLLATE "C" PRIMARY KEY,
  merchant_id          text COLLATE "C" NOT NULL,
  dialect              text COLLATE "C" NOT NULL,
  wire_id              text COLLATE "C" NOT NULL,
  reference            text COLLATE "C" NOT NULL,
  method               text COLLATE "C" NOT NULL,
  state                text COLLATE "C" NOT NULL,
  amount               bigint NOT NULL CHECK (amount >= 0),
  paid_amount          bigint NOT NULL CHECK (paid_amount >= 0),
  refunded_amount      bigint NOT NULL CHECK (refunded_amount >= 0),
  currency             text COLLATE "C" NOT NULL,
  beneficiary          text COLLATE "C" NOT NULL,
  connector            text COLLATE "C" NOT NULL,
  channel_id           text COLLATE "C" NOT NULL,
  provider             text COLLATE "C" NOT NULL,
  provider_merchant_id text COLLATE "C" NOT NULL,
  provider_transaction text COLLATE "C" NOT NULL,
  name                 text,
  buyer                jsonb NOT NULL,
  custom_data          text,
  notice_urls          text[] NOT NULL,
  notice_resend        boolean NOT NULL,
  user_agent           text,
  created_at           timestamptz NOT NULL,
  paid_at              timestamptz,
  expired_at           timestamptz,
  closed_at            timestamptz,
  failed_at            timestamptz,
  cancelled_at         timestamptz,
  reversed_at          timestamptz,
  fail_reason          text,
  cancel_reason        text,
  updated_at           timestamptz NOT NULL,
  event_seq            integer NOT NULL,
  UNIQUE (wire_id, dialect)
) WITH (fillfactor = 80);
CREATE INDEX payments_by_reference ON payments (reference, merchant_id);

CREATE TABLE virtual_accounts (
  id          text COLLATE "C" PRIMARY KEY,
  merchant_id text COLLATE "C" NOT NULL,
  payment_id  text COLLATE "C" NOT NULL,
  connector   text COLLATE "C" NOT NULL,
  bank_code   text COLLATE "C" NOT NULL,
  number      text COLLATE "C" NOT NULL,
  holder      text,
  kind        text COLLATE "C" NOT NULL,
  amount      bigint,
  due_at      timestamptz,
  state       text COLLATE "C" NOT NULL,
  issued_at   timestamptz NOT NULL,
  ended_at    timestamptz
);
-- Banks give numbers out again, so a number is unique only while an account on it is open.
CREATE UNIQUE INDEX virtual_accounts_open ON virtual_accounts (connector, bank_code, number) WHERE state = 'open';
CREATE INDEX virtual_accounts_by_number ON virtual_accounts (connector, number, issued_at DESC);
CREATE INDEX virtual_accounts_by_payment ON virtual_accounts (payment_id);
CREATE INDEX virtual_accounts_due ON virtual_accounts (due_at) WHERE state = 'open';

-- Numbers a bank has lent us, and from when each may be given out (again).
CREATE TABLE pool_numbers (
  connector      text COLLATE "C" NOT NULL,
  bank_code      text COLLATE "C" NOT NULL,
  number         text COLLATE "C" NOT NULL,
  available_from timestamptz,
  PRIMARY KEY (connector, bank_code, number)
);
CREATE INDEX pool_numbers_free ON pool_numbers (connector, bank_code, available_from);

-- How far into a bank's range the pool has been drawn.
CREATE TABLE pools (
  connector   text COLLATE "C" NOT NULL,
  bank_code   text COLLATE "C" NOT NULL,
  next_serial bigint NOT NULL,
  PRIMARY KEY (connector, bank_code)
);

-- What banks told us: credits and their reversals. The same key with the same content is one row for ever.
CREATE TABLE deposits (
  id                   text COLLATE "C" PRIMARY KEY,
  connector            text COLLATE "C" NOT NULL,
  provider_merchant_id text COLLATE "C" NOT NULL,
  transaction_id       text COLLATE "C" NOT NULL,
  kind                 text COLLATE "C" NOT NULL,
  content_hash         text COLLATE "C" NOT NULL,
  bank_code            text COLLATE "C" NOT NULL,
  number               text COLLATE "C" NOT NULL,
  amount               bigint NOT NULL CHECK (amount > 0),
  currency             text COLLATE "C" NOT NULL,
  depositor_name       text,
  occurred_at          timestamptz NOT NULL,
  received_at          timestamptz NOT NULL,
  state                text COLLATE "C" NOT NULL,
  reason               text COLLATE "C",
  booked               boolean NOT NULL,
  merchant_id          text COLLATE "C",
  payment_id           text COLLATE "C",
  virtual_account_id   text COLLATE "C",
  updated_at           timestamptz NOT NULL,
  event_seq            integer NOT NULL,
  UNIQUE (connector, provider_merchant_id, transaction_id, kind, content_hash)
);
CREATE INDEX deposits_by_payment ON deposits (payment_id);
CREATE INDEX deposits_suspended ON deposits (id) WHERE state = 'suspended';

-- Double entry: one row moves one amount from one account to another, so it cannot be unbalanced.
CREATE TABLE transfers (
  id             text COLLATE "C" PRIMARY KEY,
  journal_id     text COLLATE "C" NOT NULL,
  debit_account  text COLLATE "C" NOT NULL,
  credit_account text COLLATE "C" NOT NULL,
  amount         bigint NOT NULL CHECK (amount > 0),
  currency       text COLLATE "C" NOT NULL,
  code           text COLLATE "C" NOT NULL,
  merchant_id    text COLLATE "C",
  payment_id     text COLLATE "C",
  deposit_id     text COLLATE "C",
  at             timestamptz NOT NULL,
  CHECK (debit_account <> credit_account)
);
CREATE INDEX transfers_by_payment ON transfers (payment_id);
CREATE INDEX transfers_by_deposit ON transfers (deposit_id);

CREATE TABLE ledger_accounts (
  id       text COLLATE "C" NOT NULL,
  currency text COLLATE "C" NOT NULL,
  kind     text COLLATE "C" NOT NULL,
  debit    bigint NOT NULL,
  credit   bigint NOT NULL,
  PRIMARY KEY (id, currency)
) WITH (fillfactor = 50);

-- One row per change of state. xact lets a follower read only what can no longer be overtaken by a slow commit.
CREATE TABLE events (
  id           text COLLATE "C" PRIMARY KEY,
  merchant_id  text COLLATE "C",
  subject_type text COLLATE "C" NOT NULL,
  subject_id   text COLLATE "C" NOT NULL,
  subject_seq  integer NOT NULL,
  payment_id   text COLLATE "C",
  type         text COLLATE "C" NOT NULL,
  data         jsonb NOT NULL,
  at           timestamptz NOT NULL,
  xact         xid8 NOT NULL DEFAULT pg_current_xact_id(),
  UNIQUE (subject_id, subject_seq)
);
CREATE INDEX events_in_order ON events (xact, id);
CREATE INDEX events_by_payment ON events (payment_id);

-- One event to one URL; the bytes are frozen with the event.
CREATE TABLE deliveries (
  id              text COLLATE "C" PRIMARY KEY,
  merchant_id     text COLLATE "C" NOT NULL,
  event_id        text COLLATE "C" NOT NULL,
  payment_id      text COLLATE "C" NOT NULL,
  subject_id      text COLLATE "C" NOT NULL,
  subject_seq     integer NOT NULL,
  url             text NOT NULL,
  headers         jsonb NOT NULL,
  body            text NOT NULL,
  retry_delays_s  integer[] NOT NULL,
  retry_status    integer NOT NULL,
  state           text COLLATE "C" NOT NULL,
  attempts        integer NOT NULL,
  next_attempt_at timestamptz NOT NULL,
  lease_node      text COLLATE "C",
  lease_id        text COLLATE "C",
  created_at      timestamptz NOT NULL,
  finished_at     timestamptz
);
CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE state = 'pending';
CREATE INDEX deliveries_before ON deliveries (subject_id, url, subject_seq) WHERE state = 'pending';
CREATE INDEX deliveries_by_payment ON deliveries (payment_id);
CREATE INDEX deliveries_by_event ON deliveries (event_id);

CREATE TABLE delivery_attempts (
  delivery_id text COLLATE "C" NOT NULL,
  attempt     integer NOT NULL,
  started_at  timestamptz NOT NULL,
  duration_ms integer NOT NULL,
  status      integer,
  error       text,
  answer      text,
  PRIMARY KEY (delivery_id, attempt)
);

-- What a state-changing call asked and was answered, personal data masked, written with the change itself.
CREATE TABLE exchanges (
  id          text COLLATE "C" PRIMARY KEY,
  merchant_id text COLLATE "C" NOT NULL,
  payment_id  text COLLATE "C" NOT NULL,
  dialect     text COLLATE "C" NOT NULL,
  method      text NOT NULL,
  path        text NOT NULL,
  request     jsonb NOT NULL,
  status      integer NOT NULL,
  answer      jsonb NOT NULL,
  at          timestamptz NOT NULL
);
CREATE INDEX exchanges_by_payment ON exchanges (payment_id);
CREATE INDEX exchanges_by_age ON exchanges (at);
