-- Payments by wallet: charges with what was done to them, agreements to later charges, instruments; calls that count once.

-- A charge is a payment (of method 'wallet') and what is known of it beyond that.
CREATE TABLE wallet_charges (
  id                text COLLATE "C" PRIMARY KEY,
  merchant_id       text COLLATE "C" NOT NULL,
  payment_id        text COLLATE "C" NOT NULL UNIQUE,
  dialect           text COLLATE "C" NOT NULL,
  wire_id           text COLLATE "C" NOT NULL,
  -- The merchant's own name for this attempt; many have none.
  reference         text COLLATE "C",
  agreement_id      text COLLATE "C",
  instrument_id     text COLLATE "C",
  connector         text COLLATE "C" NOT NULL,
  -- The way of paying, as its contract spells it.
  method            text COLLATE "C" NOT NULL,
  state             text COLLATE "C" NOT NULL,
  amount            bigint NOT NULL CHECK (amount >= 0),
  currency          text COLLATE "C" NOT NULL,
  country           text COLLATE "C" NOT NULL,
  -- What was taken of what was authorized, and what was let go of.
  captured_amount   bigint NOT NULL CHECK (captured_amount >= 0),
  voided_amount     bigint NOT NULL CHECK (voided_amount >= 0),
  separate_capture  boolean NOT NULL,
  -- The ways in which the shopper may agree, while that is waited for.
  authentications   jsonb NOT NULL,
  -- When something happens by itself: the time to agree is over; what was captured is paid out.
  due_at            timestamptz,
  operation_id      text COLLATE "C",
  -- Of the latest thing that failed.
  failure           jsonb,
  -- What became of the money at the wallet's own settlement.
  funds             text COLLATE "C" NOT NULL,
  -- What the dialect was told and shows again.
  details           jsonb NOT NULL,
  created_at        timestamptz NOT NULL,
  updated_at        timestamptz NOT NULL,
  event_seq         integer NOT NULL,
  UNIQUE (wire_id, dialect),
  CHECK (captured_amount + voided_amount <= amount)
) WITH (fillfactor = 80);
CREATE INDEX wallet_charges_by_reference ON wallet_charges (reference, merchant_id, id) WHERE reference IS NOT NULL;
CREATE INDEX wallet_charges_by_agreement ON wallet_charges (agreement_id, id) WHERE agreement_id IS NOT NULL;
CREATE INDEX wallet_charges_due ON wallet_charges (due_at) WHERE due_at IS NOT NULL;

-- What was done to a charge beside refunds, in the order in which it was: authorizations, captures, voids, discards.
CREATE TABLE charge_steps (
  id          text COLLATE "C" PRIMARY KEY,
  merchant_id text COLLATE "C" NOT NULL,
  payment_id  text COLLATE "C" NOT NULL,
  charge_id   text COLLATE "C" NOT NULL,
  kind        text COLLATE "C" NOT NULL,
  state       text COLLATE "C" NOT NULL,
  amount      bigint NOT NULL CHECK (amount >= 0),
  -- Why a charge was discarded.
  cause       text COLLATE "C",
  reference   text COLLATE "C",
  labels      jsonb,
  failure     jsonb,
  -- The wallet's own id of it.
  transaction_id text COLLATE "C",
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL
);
CREATE INDEX charge_steps_by_charge ON charge_steps (charge_id, id);
ALTER TABLE transfers ADD COLUMN capture_id text COLLATE "C";
CREATE INDEX transfers_by_capture ON transfers (capture_id) WHERE capture_id IS NOT NULL;

-- Shoppers' consent to later charges. What the wallet knows them by is encrypted.
CREATE TABLE agreements (
  id                    text COLLATE "C" PRIMARY KEY,
  merchant_id           text COLLATE "C" NOT NULL,
  dialect               text COLLATE "C" NOT NULL,
  wire_id               text COLLATE "C" NOT NULL,
  reference             text COLLATE "C",
  initial_charge_id     text COLLATE "C",
  instrument_id         text COLLATE "C",
  channel_id            text COLLATE "C" NOT NULL,
  connector             text COLLATE "C" NOT NULL,
  method                text COLLATE "C" NOT NULL,
  state                 text COLLATE "C" NOT NULL,
  authentications       jsonb NOT NULL,
  due_at                timestamptz,
  operation_id          text COLLATE "C",
  billing_key_encrypted text,
  failure               jsonb,
  history               jsonb NOT NULL,
  revocations           jsonb NOT NULL,
  notice_urls           text[] NOT NULL,
  details               jsonb NOT NULL,
  created_at            timestamptz NOT NULL,
  updated_at            timestamptz NOT NULL,
  event_seq             integer NOT NULL,
  UNIQUE (wire_id, dialect)
);
CREATE INDEX agreements_due ON agreements (due_at) WHERE due_at IS NOT NULL;

-- What shoppers pay with, as merchants keep it. Account numbers are in the details: encrypted.
CREATE TABLE instruments (
  id                text COLLATE "C" PRIMARY KEY,
  merchant_id       text COLLATE "C" NOT NULL,
  wire_id           text COLLATE "C" NOT NULL UNIQUE,
  type              text COLLATE "C" NOT NULL,
  details_encrypted text NOT NULL,
  created_at        timestamptz NOT NULL,
  updated_at        timestamptz NOT NULL,
  deleted_at        timestamptz
);

-- A refund goes to an account that was named, or back to the wallet. One that was refused at once was never ordered.
ALTER TABLE refunds
  ALTER COLUMN operation_id DROP NOT NULL,
  ALTER COLUMN bank_code DROP NOT NULL,
  ALTER COLUMN holder DROP NOT NULL,
  ALTER COLUMN number_encrypted DROP NOT NULL,
  ALTER COLUMN number_index DROP NOT NULL,
  ALTER COLUMN number_masked DROP NOT NULL,
  ADD COLUMN reference     text COLLATE "C",
  ADD COLUMN descriptor    text,
  ADD COLUMN labels        jsonb,
  ADD COLUMN provider_code text COLLATE "C";

-- Agreements have no payment, and are announced too.
ALTER TABLE deliveries ALTER COLUMN payment_id DROP NOT NULL;

-- Calls that count once however often they come: by the keyed hash of who called what with which key. `expires_at` is
-- business time, `made_at` real time. A call that is under way has a node's lease; its answer is encrypted.
CREATE TABLE idempotent_calls (
  id               text COLLATE "C" PRIMARY KEY,
  merchant_id      text COLLATE "C" NOT NULL,
  request_hash     text COLLATE "C" NOT NULL,
  lease_node       text COLLATE "C",
  lease_id         text COLLATE "C",
  -- What it made, once it has: from this it is answered if the node died before it could be.
  subject_id       text COLLATE "C",
  status           integer,
  answer_encrypted text,
  made_at          timestamptz NOT NULL,
  expires_at       timestamptz NOT NULL
);
CREATE INDEX idempotent_calls_by_age ON idempotent_calls (made_at);

-- What the sandbox wallet was ordered to do and did, or declined. By the key of the order, which it carries out once.
CREATE TABLE sandbox_wallet_orders (
  key            text COLLATE "C" PRIMARY KEY,
  transaction_id text COLLATE "C" NOT NULL UNIQUE,
  kind           text COLLATE "C" NOT NULL,
  -- Of a refund: the transaction it gives back.
  authorization_id text COLLATE "C",
  method         text COLLATE "C",
  amount         bigint NOT NULL CHECK (amount >= 0),
  currency       text COLLATE "C" NOT NULL,
  -- By this later payments are made without asking; a keyed hash.
  billing_key_hash text COLLATE "C",
  -- Why it was declined.
  declined       text COLLATE "C",
  -- Until then, by business time, it has yet to decide; and when it had told Naru what it decided.
  decides_at     timestamptz,
  notified_at    timestamptz,
  made_at        timestamptz NOT NULL
);
CREATE INDEX sandbox_wallet_orders_undecided ON sandbox_wallet_orders (decides_at) WHERE decides_at IS NOT NULL AND notified_at IS NULL;
CREATE INDEX sandbox_wallet_orders_by_authorization ON sandbox_wallet_orders (authorization_id) WHERE authorization_id IS NOT NULL;
CREATE INDEX sandbox_wallet_orders_by_billing_key ON sandbox_wallet_orders (billing_key_hash) WHERE billing_key_hash IS NOT NULL;
