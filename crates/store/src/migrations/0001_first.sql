-- Times are microseconds since 1970, money is fen, booleans are 0 and 1.
-- Columns that end in _sealed went through the vault; those that end in _index are keyed hashes.

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    available_fen BIGINT NOT NULL CHECK (available_fen >= 0),
    frozen_fen BIGINT NOT NULL CHECK (frozen_fen >= 0),
    spent_fen BIGINT NOT NULL CHECK (spent_fen >= 0),
    started_on TEXT NOT NULL,
    year_started_on TEXT NOT NULL,
    calls_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE apps (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    strict_id_check BIGINT NOT NULL,
    entitled BIGINT NOT NULL,
    challenge_kind TEXT,
    challenge_actions TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE app_secrets (
    id TEXT NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES apps (id),
    verifier_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX app_secrets_by_app ON app_secrets (app_id);

CREATE TABLE access_tokens (
    token_hash TEXT NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES apps (id),
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    superseded_at BIGINT,
    alive_until BIGINT NOT NULL
);
CREATE INDEX access_tokens_by_app ON access_tokens (app_id);

CREATE TABLE identity_keys (
    key_hash TEXT NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES apps (id),
    key_sealed BYTEA NOT NULL,
    name_sealed BYTEA NOT NULL,
    number_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    starts_count BIGINT NOT NULL,
    passed_at BIGINT
);

CREATE TABLE verifications (
    id TEXT NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES apps (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    door TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt_id TEXT,
    attempts_count BIGINT NOT NULL,
    attempts_max BIGINT NOT NULL,
    last_reason TEXT,
    outcome TEXT,
    reason TEXT,
    created_at BIGINT NOT NULL,
    startable_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    closed_at BIGINT,
    policy_version BIGINT NOT NULL,
    challenge_kind TEXT,
    challenge_actions TEXT NOT NULL,
    reference_source TEXT NOT NULL,
    reference_evidence_id TEXT,
    name_sealed BYTEA,
    number_sealed BYTEA,
    number_index TEXT,
    tenant_reference_sealed BYTEA,
    tenant_reference_index TEXT,
    identity_key_sealed BYTEA,
    identity_key_hash TEXT,
    verify_result_hash TEXT UNIQUE,
    need_picture BIGINT NOT NULL,
    billable BIGINT,
    billing_reason TEXT,
    settled_fen BIGINT,
    forgotten_at BIGINT
);
CREATE INDEX verifications_by_app ON verifications (app_id, created_at, id);
CREATE INDEX verifications_by_identity_key ON verifications (identity_key_hash);

CREATE TABLE capture_tokens (
    token_hash TEXT NOT NULL PRIMARY KEY,
    verification_id TEXT NOT NULL REFERENCES verifications (id),
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT,
    spent_by TEXT
);
CREATE INDEX capture_tokens_by_verification ON capture_tokens (verification_id);

CREATE TABLE capture_attempts (
    id TEXT NOT NULL PRIMARY KEY,
    verification_id TEXT NOT NULL REFERENCES verifications (id),
    app_id TEXT NOT NULL REFERENCES apps (id),
    token_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL,
    challenged_at BIGINT,
    completed_at BIGINT,
    ended_at BIGINT,
    outcome TEXT,
    reason TEXT,
    locale TEXT NOT NULL,
    client_sealed BYTEA NOT NULL,
    consent_version TEXT NOT NULL,
    challenge TEXT,
    evidence_id TEXT,
    manifest TEXT,
    measurements TEXT,
    decision TEXT,
    timings TEXT
);
CREATE INDEX capture_attempts_by_verification ON capture_attempts (verification_id, begun_at, id);

CREATE TABLE parts (
    attempt_id TEXT NOT NULL REFERENCES capture_attempts (id),
    part_index BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (attempt_id, part_index)
);

CREATE TABLE evidence_objects (
    id TEXT NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES apps (id),
    verification_id TEXT,
    attempt_id TEXT,
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    parts_count BIGINT NOT NULL,
    key_sealed BYTEA,
    created_at BIGINT NOT NULL,
    deadline_at BIGINT,
    key_destroyed_at BIGINT,
    destroyed_at BIGINT
);
CREATE INDEX evidence_objects_by_verification ON evidence_objects (verification_id);
CREATE INDEX evidence_objects_by_deadline ON evidence_objects (deadline_at);

CREATE TABLE people (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name_sealed BYTEA NOT NULL,
    number_sealed BYTEA NOT NULL,
    number_index TEXT NOT NULL,
    photo_evidence_id TEXT,
    features_sealed BYTEA,
    features_model TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account_id, number_index)
);

CREATE TABLE holds (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    verification_id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    amount_fen BIGINT NOT NULL CHECK (amount_fen >= 0),
    settled_fen BIGINT,
    created_at BIGINT NOT NULL,
    resolved_at BIGINT
);

CREATE TABLE ledger_entries (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    hold_id TEXT,
    kind TEXT NOT NULL,
    available_fen BIGINT NOT NULL,
    frozen_fen BIGINT NOT NULL,
    spent_fen BIGINT NOT NULL,
    at BIGINT NOT NULL,
    UNIQUE (hold_id, kind)
);
CREATE INDEX ledger_entries_by_account ON ledger_entries (account_id, at, id);

CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    runs_count BIGINT NOT NULL,
    lease_token TEXT,
    lease_until BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    UNIQUE (kind, subject)
);
CREATE INDEX jobs_by_time ON jobs (state, run_at, id);

CREATE TABLE nonces (
    app_id TEXT NOT NULL,
    nonce TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (app_id, nonce)
);
CREATE INDEX nonces_by_time ON nonces (expires_at);

CREATE TABLE idempotency_keys (
    app_id TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    answer_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (app_id, key_hash)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (expires_at);

CREATE TABLE audit_heads (
    chain TEXT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    hash TEXT NOT NULL
);

CREATE TABLE audit_log (
    chain TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    former_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (chain, sequence)
);
