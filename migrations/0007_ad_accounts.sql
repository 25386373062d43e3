-- Ad accounts whose cash is topped up, the people who use them, and what those people let apps do for them.

-- What a credential's owner registered of the app that comes with it.
ALTER TABLE credentials ADD COLUMN settings jsonb NOT NULL DEFAULT '{}';

-- People who use a merchant's ad accounts. What they sign in with is kept as a keyed hash.
CREATE TABLE users (
  id           text COLLATE "C" PRIMARY KEY,
  merchant_id  text COLLATE "C" NOT NULL,
  number       bigint NOT NULL UNIQUE,
  name         text NOT NULL,
  restricted   boolean NOT NULL,
  business     boolean NOT NULL,
  sign_in_hash text NOT NULL,
  created_at   timestamptz NOT NULL
);
CREATE INDEX users_by_merchant ON users (merchant_id, number);

-- Their cash is the balance of the ledger account `ad-account:{number}`.
CREATE TABLE ad_accounts (
  id             text COLLATE "C" PRIMARY KEY,
  merchant_id    text COLLATE "C" NOT NULL,
  number         bigint NOT NULL UNIQUE,
  name           text NOT NULL,
  state          text COLLATE "C" NOT NULL,
  stopped        boolean NOT NULL,
  type           text COLLATE "C" NOT NULL,
  owner_company  jsonb NOT NULL,
  advertiser     jsonb NOT NULL,
  business_right jsonb NOT NULL,
  wallet_number  bigint NOT NULL,
  free_cash      bigint NOT NULL CHECK (free_cash >= 0),
  -- By user id: master or member.
  members        jsonb NOT NULL,
  created_at     timestamptz NOT NULL,
  updated_at     timestamptz NOT NULL,
  event_seq      integer NOT NULL
);
CREATE INDEX ad_accounts_by_merchant ON ad_accounts (merchant_id, number);
CREATE INDEX ad_accounts_by_member ON ad_accounts USING gin (members);

-- What a user consented to, to be exchanged once for a token. By the keyed hash of the code. Times are real.
CREATE TABLE authorization_codes (
  id            text COLLATE "C" PRIMARY KEY,
  merchant_id   text COLLATE "C" NOT NULL,
  credential_id text COLLATE "C" NOT NULL,
  user_id       text COLLATE "C" NOT NULL,
  redirect_uri  text NOT NULL,
  scopes        text[] NOT NULL,
  -- Numbers of the ad accounts it is about; null for all that the user has.
  ad_accounts   jsonb,
  expires_at    timestamptz NOT NULL,
  used_at       timestamptz
);
CREATE INDEX authorization_codes_by_age ON authorization_codes (expires_at);
CREATE INDEX authorization_codes_waiting ON authorization_codes (credential_id, user_id) WHERE used_at IS NULL;

-- What an app may do for a user. By the keyed hash of the token, which outlives its app, so that whoever still comes
-- with it can be told so. Times are real.
CREATE TABLE user_tokens (
  id            text COLLATE "C" PRIMARY KEY,
  merchant_id   text COLLATE "C" NOT NULL,
  credential_id text COLLATE "C" NOT NULL,
  user_id       text COLLATE "C" NOT NULL,
  scopes        text[] NOT NULL,
  ad_accounts   jsonb,
  -- Whether the user consented on the page; an operator's own do not count among those that an app may have.
  consented     boolean NOT NULL,
  granted_at    timestamptz NOT NULL,
  -- The user no longer lets the app.
  unlinked_at   timestamptz,
  ended_at      timestamptz
);
CREATE INDEX user_tokens_of_app ON user_tokens (credential_id, user_id, granted_at) WHERE ended_at IS NULL;
CREATE INDEX user_tokens_ended ON user_tokens (ended_at) WHERE ended_at IS NOT NULL;

-- When a caller last made a call that it may make so often only, on whichever node. What a crash of the server loses of
-- it is one second's count, so nothing of it is flushed.
CREATE UNLOGGED TABLE call_turns (
  call     text COLLATE "C" NOT NULL,
  caller   text COLLATE "C" NOT NULL,
  taken_at timestamptz NOT NULL,
  PRIMARY KEY (call, caller)
);

-- What a fault that answers with an error says.
ALTER TABLE sandbox_faults ADD COLUMN code text COLLATE "C";
