-- oldest: 4
-- Since when nobody may log into the account (XEP-0133 §4.3), 0 if it is open: older code, which
-- does not know of it, would let everybody in. Times are unix milliseconds.

ALTER TABLE account ADD COLUMN disabled BIGINT NOT NULL DEFAULT 0;
ALTER TABLE activity ADD COLUMN last_login BIGINT NOT NULL DEFAULT 0;
