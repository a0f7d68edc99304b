-- oldest: 1
-- Tokens are not stored, only their SHA-256: who reads the database cannot use them. `inviter` is
-- the number of an account, which nobody gets again, or 0 for the operator. Times are unix
-- milliseconds.

CREATE TABLE invitation (
    id TEXT NOT NULL PRIMARY KEY,
    domain TEXT NOT NULL,
    inviter BIGINT NOT NULL,
    username TEXT NOT NULL,
    registers SMALLINT NOT NULL,
    contact SMALLINT NOT NULL,
    uses BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX invitation_inviter ON invitation (inviter);
CREATE INDEX invitation_username ON invitation (domain, username);
CREATE INDEX invitation_expires ON invitation (expires);
