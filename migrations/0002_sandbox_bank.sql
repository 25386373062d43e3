-- The sandbox bank's own records: what it believes happened, apart from what Naru's books say.
CREATE TABLE sandbox_bank_transactions (
  id             text COLLATE "C" NOT NULL,
  kind           text COLLATE "C" NOT NULL,
  bank_code      text COLLATE "C" NOT NULL,
  number         text COLLATE "C" NOT NULL,
  amount         bigint NOT NULL CHECK (amount > 0),
  depositor_name text,
  occurred_at    timestamptz NOT NULL,
  recorded_at    timestamptz NOT NULL,
  notified_at    timestamptz,
  PRIMARY KEY (id, kind)
);
CREATE INDEX sandbox_bank_unnotified ON sandbox_bank_transactions (recorded_at) WHERE notified_at IS NULL;
