-- oldest: 1
-- The vCard of an account, serialised, and when it was written (unix milliseconds).

CREATE TABLE vcard (
    account $BIGKEY,
    updated BIGINT NOT NULL,
    content $BLOB NOT NULL
);
