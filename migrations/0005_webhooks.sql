-- Deliveries know whose rules they go by, are shared out fairly among receivers, and may be sent again by hand.
ALTER TABLE deliveries
  ADD COLUMN dialect text COLLATE "C",
  -- The merchant and the URL without its query: what is owed to one receiver takes no other's place.
  ADD COLUMN receiver text COLLATE "C",
  -- Whether a first attempt waits for the delivery before it, of the same subject to the same URL.
  ADD COLUMN ordered boolean NOT NULL DEFAULT true,
  -- Attempts since it was queued, and when that was: when it was made, or when it was last asked to be sent again.
  ADD COLUMN tries integer NOT NULL DEFAULT 0,
  ADD COLUMN queued_at timestamptz,
  -- When a receiver first took it; later attempts do not undo that.
  ADD COLUMN delivered_at timestamptz;
UPDATE deliveries d SET dialect = p.dialect,
  receiver = left(d.merchant_id || ' ' || coalesce(substring(d.url FROM '^[a-zA-Z]+://([^?#]+)'), d.url), 500),
  tries = d.attempts, queued_at = d.created_at, delivered_at = CASE d.state WHEN 'delivered' THEN d.finished_at END
  FROM payments p WHERE p.id = d.payment_id;
ALTER TABLE deliveries
  ALTER COLUMN dialect SET NOT NULL,
  ALTER COLUMN receiver SET NOT NULL,
  ALTER COLUMN ordered DROP DEFAULT,
  ALTER COLUMN tries DROP DEFAULT,
  ALTER COLUMN queued_at SET NOT NULL;
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (receiver, next_attempt_at) WHERE state = 'pending';
-- Without the URL, which may be longer than an index takes.
DROP INDEX deliveries_before;
CREATE INDEX deliveries_before ON deliveries (subject_id, subject_seq) WHERE state = 'pending';
CREATE INDEX deliveries_exhausted ON deliveries (id) WHERE state = 'exhausted';

-- Since when a node has been alive.
ALTER TABLE nodes ADD COLUMN started_at timestamptz NOT NULL DEFAULT clock_timestamp();

-- How many addresses are told of an event; null before this was counted.
ALTER TABLE events ADD COLUMN announced_to integer;

-- Whether failed announcements are tried again is the merchant's setting at the time of the announcement.
ALTER TABLE payments DROP COLUMN notice_resend;
