-- Members with prepaid cards, their own bank accounts, what is drawn from those; keys of encrypted messages.

-- People who have a prepaid balance with a merchant: that of the ledger account `member:{number}`. Who they are is encrypted;
-- what is looked for or compared has a keyed hash beside it.
CREATE TABLE members (
  id                  text COLLATE "C" PRIMARY KEY,
  merchant_id         text COLLATE "C" NOT NULL,
  -- Up to 20 digits, which no integer type holds.
  number              text COLLATE "C" NOT NULL UNIQUE,
  state               text COLLATE "C" NOT NULL,
  person_encrypted    text NOT NULL,
  login_index         text COLLATE "C" NOT NULL,
  ci_index            text COLLATE "C",
  name_index          text COLLATE "C" NOT NULL,
  password_hash       text,
  join_channel        text,
  terms               text[] NOT NULL,
  -- What the next call to the member asks for, and until when, by business time.
  ars_code_encrypted  text,
  ars_code_expires_at timestamptz,
  -- So much is charged when the balance is below, as whose client's charge; and when that is looked at next, by business
  -- time.
  auto_charge_amount  bigint CHECK (auto_charge_amount > 0),
  auto_charge_below   bigint CHECK (auto_charge_below > 0),
  auto_charge_by      jsonb,
  auto_check_at       timestamptz,
  created_at          timestamptz NOT NULL,
  updated_at          timestamptz NOT NULL,
  event_seq           integer NOT NULL,
  UNIQUE (merchant_id, login_index),
  UNIQUE (merchant_id, ci_index)
);
CREATE INDEX members_of_merchant ON members (merchant_id, id);
CREATE INDEX members_to_check ON members (auto_check_at) WHERE auto_check_at IS NOT NULL;

-- Prepaid cards that were issued here. All of a member's cards spend the member's one balance. No CVC is kept.
CREATE TABLE cards (
  id               text COLLATE "C" PRIMARY KEY,
  merchant_id      text COLLATE "C" NOT NULL,
  member_id        text COLLATE "C" NOT NULL,
  -- Stands for the card where its number is not to be told.
  par              text COLLATE "C" NOT NULL UNIQUE,
  number_encrypted text NOT NULL,
  number_index     text COLLATE "C" NOT NULL,
  number_masked    text NOT NULL,
  -- YYMM.
  expiry           text COLLATE "C" NOT NULL,
  state            text COLLATE "C" NOT NULL,
  service_id       text COLLATE "C" NOT NULL,
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  event_seq        integer NOT NULL,
  UNIQUE (merchant_id, number_index)
);
CREATE INDEX cards_of_member ON cards (member_id);

-- By the keyed hash of the token. Times are business time, but for made_at.
CREATE TABLE one_time_tokens (
  id          text COLLATE "C" PRIMARY KEY,
  merchant_id text COLLATE "C" NOT NULL,
  card_id     text COLLATE "C" NOT NULL,
  dcvv_hash   text COLLATE "C" NOT NULL,
  expires_at  timestamptz NOT NULL,
  used_at     timestamptz,
  made_at     timestamptz NOT NULL
);
CREATE INDEX one_time_tokens_by_age ON one_time_tokens (made_at);

-- Members' own bank accounts: each registration is a row, from the call to the member on.
CREATE TABLE linked_accounts (
  id                     text COLLATE "C" PRIMARY KEY,
  merchant_id            text COLLATE "C" NOT NULL,
  member_id              text COLLATE "C" NOT NULL,
  connector              text COLLATE "C" NOT NULL,
  purpose                text COLLATE "C" NOT NULL,
  state                  text COLLATE "C" NOT NULL,
  account_id             text COLLATE "C" NOT NULL,
  bank_code              text COLLATE "C" NOT NULL,
  number_encrypted       text,
  number_index           text COLLATE "C" NOT NULL,
  number_masked          text NOT NULL,
  holder_encrypted       text,
  holder_index           text COLLATE "C" NOT NULL,
  details                jsonb NOT NULL,
  operation_id           text COLLATE "C",
  -- By what the PG knows the registered account.
  registration_encrypted text,
  failure                jsonb,
  created_at             timestamptz NOT NULL,
  updated_at             timestamptz NOT NULL,
  registered_at          timestamptz,
  event_seq              integer NOT NULL,
  UNIQUE (merchant_id, account_id)
);
CREATE INDEX linked_accounts_of_member ON linked_accounts (member_id, id);
CREATE UNIQUE INDEX linked_accounts_registered ON linked_accounts (member_id, purpose) WHERE state = 'registered';
CREATE UNIQUE INDEX linked_accounts_under_way ON linked_accounts (member_id) WHERE state IN ('calling', 'agreed');

-- What is drawn from a linked account for a payment of method 'linked_account'.
CREATE TABLE withdrawals (
  id                text COLLATE "C" PRIMARY KEY,
  merchant_id       text COLLATE "C" NOT NULL,
  payment_id        text COLLATE "C" NOT NULL UNIQUE,
  member_id         text COLLATE "C" NOT NULL,
  -- Null for one that no card was shown for.
  card_id           text COLLATE "C",
  linked_account_id text COLLATE "C" NOT NULL,
  connector         text COLLATE "C" NOT NULL,
  operation_id      text COLLATE "C" NOT NULL,
  -- Of what was asked, so that the same reference for something else is told from the same again.
  request_hash      text COLLATE "C" NOT NULL,
  automatic         boolean NOT NULL,
  amount            bigint NOT NULL CHECK (amount > 0),
  currency          text COLLATE "C" NOT NULL,
  state             text COLLATE "C" NOT NULL,
  transaction_id    text,
  failure_code      text,
  failure_message   text,
  provider_code     text,
  requested_at      timestamptz NOT NULL,
  completed_at      timestamptz,
  updated_at        timestamptz NOT NULL,
  event_seq         integer NOT NULL
);
CREATE INDEX withdrawals_of_member ON withdrawals (member_id, id);
-- What will yet come to a balance, or not.
CREATE INDEX withdrawals_unsettled ON withdrawals (member_id) WHERE state IN ('pending', 'unknown');
CREATE UNIQUE INDEX withdrawals_automatic ON withdrawals (member_id) WHERE automatic AND state IN ('pending', 'unknown');
CREATE INDEX refunds_by_reference ON refunds (reference, merchant_id) WHERE reference IS NOT NULL;

-- A won that is sent to an account to see whether it takes it. Whose account it is, is not kept.
CREATE TABLE account_verifications (
  id             text COLLATE "C" PRIMARY KEY,
  merchant_id    text COLLATE "C" NOT NULL,
  connector      text COLLATE "C" NOT NULL,
  operation_id   text COLLATE "C" NOT NULL,
  bank_code      text COLLATE "C" NOT NULL,
  number_index   text COLLATE "C" NOT NULL,
  number_masked  text NOT NULL,
  amount         bigint NOT NULL CHECK (amount > 0),
  currency       text COLLATE "C" NOT NULL,
  state          text COLLATE "C" NOT NULL,
  transaction_id text,
  failure_code   text,
  requested_at   timestamptz NOT NULL,
  updated_at     timestamptz NOT NULL,
  event_seq      integer NOT NULL
);

ALTER TABLE transfers ADD COLUMN verification_id text COLLATE "C";
CREATE INDEX transfers_by_verification ON transfers (verification_id) WHERE verification_id IS NOT NULL;
-- What a member's balance is made of.
CREATE INDEX transfers_to_member ON transfers (credit_account, id) WHERE credit_account LIKE 'member:%';
CREATE INDEX transfers_from_member ON transfers (debit_account, id) WHERE debit_account LIKE 'member:%';

-- Keys of encrypted messages, by the id that both sides name them by. The client's private key is kept for the demo alone.
CREATE TABLE crypto_keys (
  id                       text COLLATE "C" PRIMARY KEY,
  merchant_id              text COLLATE "C" NOT NULL,
  credential_id            text COLLATE "C" NOT NULL,
  server_private_encrypted text NOT NULL,
  server_public            text NOT NULL,
  client_public            text,
  client_private_encrypted text,
  created_at               timestamptz NOT NULL
);
CREATE INDEX crypto_keys_of_credential ON crypto_keys (credential_id, created_at);

-- What the sandbox's PG for linked accounts was ordered to do and did, or declined. By the key of the order.
CREATE TABLE sandbox_pg_orders (
  key             text COLLATE "C" PRIMARY KEY,
  transaction_id  text COLLATE "C" NOT NULL UNIQUE,
  kind            text COLLATE "C" NOT NULL,
  -- Keyed hashes: of the account, and of the registration that a withdrawal is made by or that was given.
  account_hash      text COLLATE "C",
  registration_hash text COLLATE "C",
  amount          bigint NOT NULL CHECK (amount >= 0),
  -- Why it was declined, or will be unless the member answers the telephone before.
  declined        text COLLATE "C",
  decides_at      timestamptz,
  notified_at     timestamptz,
  made_at         timestamptz NOT NULL
);
CREATE INDEX sandbox_pg_orders_undecided ON sandbox_pg_orders (decides_at) WHERE decides_at IS NOT NULL AND notified_at IS NULL;
CREATE INDEX sandbox_pg_registrations ON sandbox_pg_orders (registration_hash) WHERE kind = 'registration';
