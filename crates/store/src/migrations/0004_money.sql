-- Prices as data, who booked what, who paid for which attempt, and what a day added up to.

-- account_id NULL: for every account that has none of its own. Tiers are written as
-- "100000:85,200000:80,500000:70,:60": up to so many calls of the agreement year, so many fen.
CREATE TABLE tariffs (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT REFERENCES accounts (id),
    tiers TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);
CREATE INDEX tariffs_by_time ON tariffs (valid_from, id);

-- Whether presentations that failed the presence check are billed as well.
ALTER TABLE accounts ADD COLUMN bills_attacks BIGINT NOT NULL DEFAULT 0;

ALTER TABLE ledger_entries ADD COLUMN reference TEXT;
ALTER TABLE ledger_entries ADD COLUMN booked_by TEXT;

ALTER TABLE capture_attempts ADD COLUMN billable BIGINT;
ALTER TABLE capture_attempts ADD COLUMN billing_reason TEXT;

CREATE INDEX verifications_by_account ON verifications (account_id, created_at, id);

-- Days are those of Asia/Shanghai.
CREATE TABLE daily_usage (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    app_id TEXT NOT NULL REFERENCES apps (id),
    day TEXT NOT NULL,
    requests_count BIGINT NOT NULL,
    billed_count BIGINT NOT NULL,
    accepted_count BIGINT NOT NULL,
    rejected_count BIGINT NOT NULL,
    inconclusive_count BIGINT NOT NULL,
    billed_fen BIGINT NOT NULL,
    PRIMARY KEY (account_id, day, app_id)
);
