-- Refunds, cash receipts and the calls to PGs they are made of; fixed account numbers; prepared amounts.

-- What a contract with a PG fixes beyond the merchant's id there: the tax type of the MID, the hash of an API key.
ALTER TABLE channels ADD COLUMN settings jsonb NOT NULL DEFAULT '{}';

ALTER TABLE payments
  -- Refunds that are under way or of unknown outcome: what they would pay out is not there for others.
  ADD COLUMN pending_refund_amount bigint NOT NULL DEFAULT 0 CHECK (pending_refund_amount >= 0),
  ADD COLUMN tax_free bigint CHECK (tax_free >= 0),
  ADD COLUMN vat_amount bigint CHECK (vat_amount >= 0),
  ADD COLUMN escrow boolean NOT NULL DEFAULT false,
  ADD COLUMN cash_receipt_issued boolean NOT NULL DEFAULT false,
  -- When the payment came into the state it is in; a payment that waits, or waited in vain, is as old as its issue.
  ADD COLUMN state_since timestamptz NOT NULL GENERATED ALWAYS AS (CASE state
    WHEN 'paid' THEN paid_at WHEN 'cancelled' THEN cancelled_at WHEN 'reversed' THEN reversed_at
    WHEN 'failed' THEN failed_at WHEN 'closed' THEN closed_at ELSE created_at END) STORED;
CREATE INDEX payments_by_state_since ON payments (merchant_id, dialect, state_since) INCLUDE (state);
-- The last payment of a reference, and whether any of it was paid, however many there are.
DROP INDEX payments_by_reference;
CREATE INDEX payments_by_reference ON payments (reference, merchant_id, created_at);
CREATE INDEX payments_paid_reference ON payments (reference, merchant_id) WHERE paid_at IS NOT NULL;

-- A number may be reserved for one merchant's customer, who is known by the number itself or by a key.
ALTER TABLE virtual_accounts ADD COLUMN reserved boolean NOT NULL DEFAULT false;
ALTER TABLE pool_numbers
  ADD COLUMN reserved_for text COLLATE "C",
  ADD COLUMN reserved_key text COLLATE "C";
CREATE UNIQUE INDEX pool_numbers_reserved ON pool_numbers (reserved_for, connector, bank_code, reserved_key)
  WHERE reserved_key IS NOT NULL;
CREATE INDEX pool_numbers_reserved_for ON pool_numbers (reserved_for, connector, number) WHERE reserved_for IS NOT NULL;

-- A call to a PG whose outcome may be unknown; its id is the key the PG knows it by. Times of this table are real time.
CREATE TABLE operations (
  id           text COLLATE "C" PRIMARY KEY,
  merchant_id  text COLLATE "C" NOT NULL,
  connector    text COLLATE "C" NOT NULL,
  kind         text COLLATE "C" NOT NULL,
  subject_id   text COLLATE "C" NOT NULL,
  request_hash text COLLATE "C" NOT NULL,
  state        text COLLATE "C" NOT NULL,
  attempts     integer NOT NULL,
  valid_until  timestamptz NOT NULL,
  ask_at       timestamptz NOT NULL,
  reason       text,
  created_at   timestamptz NOT NULL,
  settled_at   timestamptz
);
CREATE INDEX operations_unsettled ON operations (connector, ask_at) WHERE state IN ('pending', 'unknown');
CREATE INDEX operations_by_subject ON operations (subject_id);

-- Money sent back to an account that the merchant names. The number of the account is a person's: encrypted.
CREATE TABLE refunds (
  id               text COLLATE "C" PRIMARY KEY,
  merchant_id      text COLLATE "C" NOT NULL,
  payment_id       text COLLATE "C" NOT NULL,
  operation_id     text COLLATE "C" NOT NULL,
  connector        text COLLATE "C" NOT NULL,
  amount           bigint NOT NULL CHECK (amount > 0),
  currency         text COLLATE "C" NOT NULL,
  tax_free         bigint NOT NULL,
  vat_amount       bigint,
  reason           text,
  announce         boolean NOT NULL,
  bank_code        text COLLATE "C" NOT NULL,
  holder           text NOT NULL,
  number_encrypted text NOT NULL,
  number_index     text COLLATE "C" NOT NULL,
  number_masked    text NOT NULL,
  state            text COLLATE "C" NOT NULL,
  transaction_id   text,
  failure_code     text,
  failure_message  text,
  requested_at     timestamptz NOT NULL,
  completed_at     timestamptz,
  updated_at       timestamptz NOT NULL,
  event_seq        integer NOT NULL
);
CREATE INDEX refunds_by_payment ON refunds (payment_id);
ALTER TABLE transfers ADD COLUMN refund_id text COLLATE "C";
CREATE INDEX transfers_by_refund ON transfers (refund_id);

-- Cash receipts (현금영수증): for a payment, or for a sale outside. Whom one names is personal: encrypted.
CREATE TABLE cash_receipts (
  id                   text COLLATE "C" PRIMARY KEY,
  merchant_id          text COLLATE "C" NOT NULL,
  payment_id           text COLLATE "C",
  reference            text COLLATE "C" NOT NULL,
  channel_id           text COLLATE "C" NOT NULL,
  connector            text COLLATE "C" NOT NULL,
  operation_id         text COLLATE "C" NOT NULL,
  type                 text COLLATE "C" NOT NULL,
  identifier_type      text COLLATE "C",
  identifier_encrypted text NOT NULL,
  identifier_masked    text NOT NULL,
  name                 text,
  amount               bigint NOT NULL CHECK (amount > 0),
  tax_free             bigint NOT NULL,
  vat                  bigint NOT NULL,
  state                text COLLATE "C" NOT NULL,
  transaction_id       text,
  approval_number      text,
  failure_code         text,
  failure_message      text,
  requested_at         timestamptz NOT NULL,
  issued_at            timestamptz,
  cancelled_at         timestamptz,
  updated_at           timestamptz NOT NULL,
  event_seq            integer NOT NULL
);
CREATE INDEX cash_receipts_by_payment ON cash_receipts (payment_id);
CREATE UNIQUE INDEX cash_receipts_standing ON cash_receipts (merchant_id, reference, coalesce(payment_id, ''))
  WHERE state IN ('issuing', 'issued', 'cancelling');
CREATE INDEX cash_receipts_by_reference ON cash_receipts (merchant_id, reference);

-- What an order will cost, told before it is paid. In hundredths, since foreign currencies have them.
CREATE TABLE prepared_amounts (
  merchant_id       text COLLATE "C" NOT NULL,
  dialect           text COLLATE "C" NOT NULL,
  reference         text COLLATE "C" NOT NULL,
  amount_hundredths bigint NOT NULL CHECK (amount_hundredths >= 0),
  currency          text COLLATE "C",
  created_at        timestamptz NOT NULL,
  updated_at        timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, dialect, reference)
);

-- A call about a sale outside has no payment.
ALTER TABLE exchanges ALTER COLUMN payment_id DROP NOT NULL;
