-- Where many transactions meet on PostgreSQL at the level SERIALIZABLE, which locks the page of an
-- index that was read against inserts of others; the lines below do nothing on SQLite.

-- Every call of an account changes these rows. With room beside them a changed row stays on its
-- page, and the index that others read is left alone.
-- roomy: accounts
-- roomy: audit_heads

-- Checking this reference reads the page where every other call inserts its verification. The
-- only statement that inserts a token runs in the transaction that has made or read the
-- verification, and verifications are never removed.
-- unchecked: capture_tokens.verification_id
