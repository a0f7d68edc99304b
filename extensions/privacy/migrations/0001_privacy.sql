-- oldest: 1
-- Only accounts whose owners have chosen something; a JSON object (extensions/privacy/rules.py).
CREATE TABLE privacy (
    account BIGINT NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL
);
