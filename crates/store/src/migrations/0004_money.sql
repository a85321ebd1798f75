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

-- The caller's own words for a recharge, and who booked it.
ALTER TABLE ledger_entries ADD COLUMN reference TEXT;
ALTER TABLE ledger_entries ADD COLUMN booked_by TEXT;
-- Which tariff gave the price (NULL: the built-in one), and what of it nobody paid.
ALTER TABLE ledger_entries ADD COLUMN tariff_id TEXT REFERENCES tariffs (id);
ALTER TABLE ledger_entries ADD COLUMN forgiven_fen BIGINT NOT NULL DEFAULT 0;
-- append-only: ledger_entries

ALTER TABLE capture_attempts ADD COLUMN billable BIGINT;
ALTER TABLE capture_attempts ADD COLUMN billing_reason TEXT;

CREATE INDEX verifications_by_account ON verifications (account_id, created_at, id);

-- Days are those of Asia/Shanghai, counted from 1970-01-01. A request counts on the day it was
-- opened, everything else on the day it was closed.
CREATE TABLE daily_usage (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    app_id TEXT NOT NULL REFERENCES apps (id),
    day BIGINT NOT NULL,
    requests_count BIGINT NOT NULL,
    compared_count BIGINT NOT NULL,
    billed_count BIGINT NOT NULL,
    accepted_count BIGINT NOT NULL,
    rejected_count BIGINT NOT NULL,
    inconclusive_count BIGINT NOT NULL,
    billed_fen BIGINT NOT NULL,
    PRIMARY KEY (account_id, day, app_id)
);

-- What there was before anybody counted.
INSERT INTO daily_usage (account_id, app_id, day, requests_count, compared_count, billed_count,
    accepted_count, rejected_count, inconclusive_count, billed_fen)
SELECT account_id, app_id, day, SUM(requests), SUM(compared), SUM(billed),
    SUM(accepted), SUM(rejected), SUM(inconclusive), SUM(fen)
FROM (
    SELECT account_id, app_id, (created_at + 28800000000) / 86400000000 AS day, 1 AS requests,
        0 AS compared, 0 AS billed, 0 AS accepted, 0 AS rejected, 0 AS inconclusive, 0 AS fen
    FROM verifications
    UNION ALL
    SELECT account_id, app_id, (closed_at + 28800000000) / 86400000000 AS day, 0 AS requests,
        CASE WHEN billing_reason = 'compared' THEN 1 ELSE 0 END AS compared,
        COALESCE(billable, 0) AS billed,
        CASE WHEN outcome = 'accepted' THEN 1 ELSE 0 END AS accepted,
        CASE WHEN outcome = 'rejected' THEN 1 ELSE 0 END AS rejected,
        CASE WHEN outcome = 'inconclusive' THEN 1 ELSE 0 END AS inconclusive,
        COALESCE(settled_fen, 0) AS fen
    FROM verifications
    WHERE state = 'closed'
) counted
GROUP BY account_id, app_id, day;
