-- Who may ask: agreements, real names, applications for access, service spaces, allow lists.
-- An account that is not open (opened_at) pays for nothing and is answered nothing.

ALTER TABLE accounts ADD COLUMN opened_at BIGINT;
ALTER TABLE accounts ADD COLUMN holder_kind TEXT;
ALTER TABLE accounts ADD COLUMN holder_name_sealed BYTEA;
ALTER TABLE accounts ADD COLUMN holder_number_sealed BYTEA;
ALTER TABLE accounts ADD COLUMN real_name_at BIGINT;
ALTER TABLE accounts ADD COLUMN real_name_by TEXT;
-- Accounts of the first schema were in service before there was an agreement to accept.
UPDATE accounts SET opened_at = created_at;

CREATE TABLE agreements (
    version TEXT NOT NULL PRIMARY KEY,
    -- 1, 2, 3 …; the highest is the one to accept.
    position BIGINT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL
);

CREATE TABLE agreement_acceptances (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    version TEXT NOT NULL REFERENCES agreements (version),
    sha256 TEXT NOT NULL,
    signer_sealed BYTEA NOT NULL,
    accepted_by TEXT NOT NULL,
    accepted_at BIGINT NOT NULL,
    UNIQUE (account_id, version)
);
CREATE INDEX agreement_acceptances_by_account
    ON agreement_acceptances (account_id, accepted_at, id);

ALTER TABLE apps ADD COLUMN frozen_at BIGINT;
-- Whether the tenant may lift it: "tenant" or "operator".
ALTER TABLE apps ADD COLUMN frozen_by TEXT;
-- A test app may open so many verifications in all; NULL for formal apps.
ALTER TABLE apps ADD COLUMN calls_quota BIGINT;
ALTER TABLE apps ADD COLUMN calls_count BIGINT NOT NULL DEFAULT 0;
-- Calls per minute and day; NULL takes the configured default.
ALTER TABLE apps ADD COLUMN minute_calls_max BIGINT;
ALTER TABLE apps ADD COLUMN day_calls_max BIGINT;
CREATE INDEX apps_by_account ON apps (account_id, id);

CREATE TABLE app_address_ranges (
    app_id TEXT NOT NULL REFERENCES apps (id),
    address_range TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (app_id, address_range)
);

CREATE TABLE applications (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    formal_app_id TEXT NOT NULL REFERENCES apps (id),
    test_app_id TEXT REFERENCES apps (id),
    state TEXT NOT NULL,
    form_sealed BYTEA NOT NULL,
    submitted_at BIGINT NOT NULL,
    submitted_by TEXT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT,
    refusal_sealed BYTEA
);
CREATE INDEX applications_by_account ON applications (account_id, submitted_at, id);
CREATE INDEX applications_by_state ON applications (state, submitted_at, id);

CREATE TABLE spaces (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE INDEX spaces_by_account ON spaces (account_id, id);

CREATE TABLE space_secrets (
    id TEXT NOT NULL PRIMARY KEY,
    space_id TEXT NOT NULL REFERENCES spaces (id),
    verifier_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX space_secrets_by_space ON space_secrets (space_id);

CREATE TABLE space_allow_list (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    space_id TEXT NOT NULL REFERENCES spaces (id),
    added_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, space_id)
);
