-- How often something happened within a window of time. Subjects are keyed hashes or app ids.
-- max_count is the limit that was in force when the row was last counted.

CREATE TABLE limit_counters (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    window_from BIGINT NOT NULL,
    window_until BIGINT NOT NULL,
    used_count BIGINT NOT NULL,
    max_count BIGINT NOT NULL,
    PRIMARY KEY (kind, subject, window_from)
);
CREATE INDEX limit_counters_by_time ON limit_counters (window_until);
