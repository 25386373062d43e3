-- A fault is armed for so many calls, or strikes each call with a chance, of which a seed decides, until it is disarmed.
ALTER TABLE sandbox_faults
  ALTER COLUMN remaining DROP NOT NULL,
  ADD COLUMN chance  double precision CHECK (chance > 0 AND chance <= 1),
  ADD COLUMN seed    bigint,
  ADD COLUMN delay_s double precision,
  ADD COLUMN calls   bigint NOT NULL DEFAULT 0,
  ADD COLUMN struck  bigint NOT NULL DEFAULT 0,
  ADD CONSTRAINT sandbox_faults_count_or_chance CHECK ((remaining IS NULL) = (chance IS NOT NULL)),
  ADD CONSTRAINT sandbox_faults_chance_has_seed CHECK ((seed IS NULL) = (chance IS NULL));

-- What befell a transaction's notice: it is sent from `notify_at` on, by business time, and if it `waits_for_next` as
-- soon as a later transaction's notice was taken; or it was lost at `lost_at`, by real time, and is never sent.
ALTER TABLE sandbox_bank_transactions
  ADD COLUMN notify_at      timestamptz,
  ADD COLUMN waits_for_next boolean NOT NULL DEFAULT false,
  ADD COLUMN lost_at        timestamptz,
  -- How often Naru could not take it; each time it is told again later.
  ADD COLUMN failures       integer NOT NULL DEFAULT 0;
CREATE INDEX sandbox_bank_held ON sandbox_bank_transactions (recorded_at) WHERE notified_at IS NULL AND waits_for_next;
