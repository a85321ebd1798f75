-- What is asked for beside the mode and the actions: counts, limits, no flash. JSON, because it is
-- read and written whole; absent where nothing more is asked for.

ALTER TABLE apps ADD COLUMN challenge_terms TEXT;
ALTER TABLE verifications ADD COLUMN challenge_terms TEXT;
