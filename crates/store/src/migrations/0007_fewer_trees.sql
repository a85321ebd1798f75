-- A create call writes as few rows and index trees as its promises need. Tables whose rows are found
-- by their key only are `clustered`: on SQLite the key's tree is the table.

-- When somebody must look after a verification again: to let it expire, and long after the answer
-- to forget the person. A job is made of it when that moment has come, not before.
ALTER TABLE verifications ADD COLUMN due_at BIGINT;
UPDATE verifications
SET due_at = (
    SELECT run_at
    FROM jobs
    WHERE kind = 'expire_verification' AND subject = verifications.id AND state = 'ready');
DELETE FROM jobs WHERE kind = 'expire_verification' AND state = 'ready';
CREATE INDEX verifications_by_due ON verifications (due_at, id) WHERE due_at IS NOT NULL;

-- Under which key the request may be repeated, and what it asked: keyed hashes both. Keys of
-- requests before this version are not known any more; they lived for a day.
ALTER TABLE verifications ADD COLUMN idempotency_hash TEXT;
ALTER TABLE verifications ADD COLUMN request_hash TEXT;
CREATE UNIQUE INDEX verifications_by_idempotency ON verifications (idempotency_hash)
    WHERE idempotency_hash IS NOT NULL;
DROP TABLE idempotency_keys;

DROP INDEX verifications_by_identity_key;
CREATE INDEX verifications_by_identity_key ON verifications (identity_key_hash)
    WHERE identity_key_hash IS NOT NULL;

-- A capture token says which attempt of which verification it is for, and proves it by itself.
-- Tokens of before are not known any more; they lived for half an hour.
DROP TABLE capture_tokens;

-- A hold is that of its verification and needs no other name. Its account was found by the
-- statement that took the money, in the same transaction.
CREATE TABLE holds_before AS SELECT * FROM holds;
DROP TABLE holds;
CREATE TABLE holds (
    verification_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    state TEXT NOT NULL,
    amount_fen BIGINT NOT NULL CHECK (amount_fen >= 0),
    settled_fen BIGINT,
    created_at BIGINT NOT NULL,
    resolved_at BIGINT
); -- clustered
INSERT INTO holds (verification_id, account_id, state, amount_fen, settled_fen, created_at,
    resolved_at)
SELECT verification_id, account_id, state, amount_fen, settled_fen, created_at, resolved_at
FROM holds_before;

-- Entries lie in the order in which they are read. The id of a recharge is a function of the
-- caller's own words, so it must be the only one; those of holds are new numbers.
CREATE TABLE ledger_entries_before AS
SELECT ledger_entries.*, verification_id
FROM ledger_entries
LEFT JOIN holds_before ON holds_before.id = ledger_entries.hold_id;
DROP TABLE ledger_entries;
CREATE TABLE ledger_entries (
    account_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    id TEXT NOT NULL,
    verification_id TEXT,
    kind TEXT NOT NULL,
    available_fen BIGINT NOT NULL,
    frozen_fen BIGINT NOT NULL,
    spent_fen BIGINT NOT NULL,
    forgiven_fen BIGINT NOT NULL,
    tariff_id TEXT REFERENCES tariffs (id),
    reference TEXT,
    booked_by TEXT,
    PRIMARY KEY (account_id, at, id)
); -- clustered
INSERT INTO ledger_entries (account_id, at, id, verification_id, kind, available_fen, frozen_fen,
    spent_fen, forgiven_fen, tariff_id, reference, booked_by)
SELECT account_id, at, id, verification_id, kind, available_fen, frozen_fen, spent_fen,
    forgiven_fen, tariff_id, reference, booked_by
FROM ledger_entries_before;
CREATE UNIQUE INDEX ledger_entries_recharges ON ledger_entries (id)
    WHERE verification_id IS NULL;
-- A hold resolves once, one way or the other.
CREATE UNIQUE INDEX ledger_entries_resolutions ON ledger_entries (verification_id)
    WHERE kind <> 'freeze';
-- append-only: ledger_entries
DROP TABLE ledger_entries_before;
DROP TABLE holds_before;

-- Windows that ended lie together, where they are forgotten.
CREATE TABLE limit_counters_before AS SELECT * FROM limit_counters;
DROP TABLE limit_counters;
CREATE TABLE limit_counters (
    window_until BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    used_count BIGINT NOT NULL,
    max_count BIGINT NOT NULL,
    PRIMARY KEY (window_until, kind, subject)
); -- clustered
INSERT INTO limit_counters (window_until, kind, subject, used_count, max_count)
SELECT window_until, kind, subject, used_count, max_count
FROM limit_counters_before;
DROP TABLE limit_counters_before;

CREATE TABLE daily_usage_before AS SELECT * FROM daily_usage;
DROP TABLE daily_usage;
CREATE TABLE daily_usage (
    account_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    day BIGINT NOT NULL,
    requests_count BIGINT NOT NULL,
    compared_count BIGINT NOT NULL,
    billed_count BIGINT NOT NULL,
    accepted_count BIGINT NOT NULL,
    rejected_count BIGINT NOT NULL,
    inconclusive_count BIGINT NOT NULL,
    billed_fen BIGINT NOT NULL,
    PRIMARY KEY (account_id, day, app_id)
); -- clustered
INSERT INTO daily_usage SELECT * FROM daily_usage_before;
DROP TABLE daily_usage_before;
-- roomy: daily_usage

CREATE TABLE audit_heads_before AS SELECT * FROM audit_heads;
DROP TABLE audit_heads;
CREATE TABLE audit_heads (
    chain TEXT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    hash TEXT NOT NULL
); -- clustered
INSERT INTO audit_heads SELECT * FROM audit_heads_before;
DROP TABLE audit_heads_before;
-- roomy: audit_heads

CREATE TABLE audit_log_before AS SELECT * FROM audit_log;
DROP TABLE audit_log;
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
); -- clustered
INSERT INTO audit_log SELECT * FROM audit_log_before;
DROP TABLE audit_log_before;
