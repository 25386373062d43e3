-- What the sandbox bank was ordered to do and did: refunds paid out, cash receipts made. By the key of the order, which
-- it carries out once. Of an account it keeps a keyed hash.
CREATE TABLE sandbox_bank_payouts (
  key            text COLLATE "C" PRIMARY KEY,
  transaction_id text COLLATE "C" NOT NULL UNIQUE,
  bank_code      text COLLATE "C" NOT NULL,
  account_hash   text COLLATE "C" NOT NULL,
  amount         bigint NOT NULL CHECK (amount > 0),
  paid_at        timestamptz NOT NULL
);
CREATE TABLE sandbox_bank_receipts (
  key             text COLLATE "C" PRIMARY KEY,
  transaction_id  text COLLATE "C" NOT NULL,
  kind            text COLLATE "C" NOT NULL,
  approval_number text COLLATE "C" NOT NULL,
  amount          bigint NOT NULL,
  made_at         timestamptz NOT NULL
);

-- Faults that are armed: the bank misbehaves so many times more.
CREATE TABLE sandbox_faults (
  fault     text COLLATE "C" PRIMARY KEY,
  remaining integer NOT NULL CHECK (remaining >= 0)
);
