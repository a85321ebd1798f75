-- Who runs the platform, and tokens with which a tenant runs its own account.

-- A login may be a name, so it is sealed and looked up by its keyed hash. The password's argon2id
-- hash is sealed as well: a stolen table cannot be guessed at without the key file.
CREATE TABLE operators (
    id TEXT NOT NULL PRIMARY KEY,
    login_hash TEXT NOT NULL UNIQUE,
    login_sealed BYTEA NOT NULL,
    password_sealed BYTEA NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    password_changed_at BIGINT NOT NULL,
    disabled_at BIGINT
);
CREATE INDEX operators_by_time ON operators (created_at, id);

CREATE TABLE operator_sessions (
    token_hash TEXT NOT NULL PRIMARY KEY,
    operator_id TEXT NOT NULL REFERENCES operators (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX operator_sessions_by_operator ON operator_sessions (operator_id);
CREATE INDEX operator_sessions_by_time ON operator_sessions (expires_at);

-- Failed sign-ins in a row, for logins that exist and for those that do not: a lock says nothing
-- about which of the two it is.
CREATE TABLE sign_in_failures (
    login_hash TEXT NOT NULL PRIMARY KEY,
    failures_count BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    locked_until BIGINT
);
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (last_at);

CREATE TABLE account_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    token_hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX account_tokens_by_account ON account_tokens (account_id, created_at, id);
