-- oldest: 2
-- The programs that log into an account (XEP-0388 §2.3, XEP-0494), by a name made from the
-- identifier they gave. `password` and `granted` say with what they have logged in.

CREATE TABLE client (
    account BIGINT NOT NULL,
    client TEXT NOT NULL,
    software TEXT NOT NULL DEFAULT '',
    device TEXT NOT NULL DEFAULT '',
    first_seen BIGINT NOT NULL,
    password SMALLINT NOT NULL DEFAULT 0,
    granted SMALLINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account, client)
) $CLUSTERED;

-- Written at each login, hence apart and narrow.
CREATE TABLE client_use (
    account BIGINT NOT NULL,
    client TEXT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (account, client)
) $CLUSTERED;

-- Tokens for the next login (XEP-0484 §5.1): in slot 0 the current one, in slot 1 a new one that
-- was not used yet. What is kept makes a token only together with a secret of the server.
CREATE TABLE token (
    account BIGINT NOT NULL,
    client TEXT NOT NULL,
    slot SMALLINT NOT NULL,
    mechanism TEXT NOT NULL,
    nonce $BLOB NOT NULL,
    issued BIGINT NOT NULL,
    expiry BIGINT NOT NULL,
    count BIGINT NOT NULL DEFAULT -1,
    PRIMARY KEY (account, client, slot)
) $CLUSTERED;
