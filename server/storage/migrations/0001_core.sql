-- oldest: 1
-- Times are unix milliseconds. Message identifiers grow with time (server/message_id.py).

CREATE TABLE account (
    id $IDENTITY,
    jid TEXT NOT NULL UNIQUE,
    created BIGINT NOT NULL,
    roster_version BIGINT NOT NULL DEFAULT 0,
    roster_floor BIGINT NOT NULL DEFAULT 0
);

-- Written on the hot path, hence apart from the account: one narrow row, one bulk statement.
CREATE TABLE delivered (
    account BIGINT NOT NULL PRIMARY KEY,
    cursor BIGINT NOT NULL
) $CLUSTERED;

CREATE TABLE activity (
    account BIGINT NOT NULL PRIMARY KEY,
    last_active BIGINT NOT NULL,
    last_status TEXT NOT NULL DEFAULT ''
) $CLUSTERED;

CREATE TABLE credential (
    account BIGINT NOT NULL,
    hash TEXT NOT NULL,
    iterations BIGINT NOT NULL,
    salt $BLOB NOT NULL,
    stored_key $BLOB NOT NULL,
    server_key $BLOB NOT NULL,
    PRIMARY KEY (account, hash)
) $CLUSTERED;

CREATE TABLE roster_item (
    account BIGINT NOT NULL,
    contact TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    subscription TEXT NOT NULL DEFAULT 'none'
        CHECK (subscription IN ('none', 'to', 'from', 'both')),
    ask SMALLINT NOT NULL DEFAULT 0,
    approved SMALLINT NOT NULL DEFAULT 0,
    groups TEXT NOT NULL DEFAULT '[]',
    version BIGINT NOT NULL,
    PRIMARY KEY (account, contact)
) $CLUSTERED;

-- Contacts that were removed, so that a client can be told only what changed (RFC 6121 §2.6).
CREATE TABLE roster_removal (
    account BIGINT NOT NULL,
    contact TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (account, contact)
) $CLUSTERED;

-- Subscription requests that were received and not yet answered (RFC 6121 §3.1.3).
CREATE TABLE subscription_request (
    account BIGINT NOT NULL,
    contact TEXT NOT NULL,
    stanza $BLOB NOT NULL,
    received BIGINT NOT NULL,
    PRIMARY KEY (account, contact)
) $CLUSTERED;

-- Each message once; archive and pending rows point to it.
CREATE TABLE message (
    id $BIGKEY,
    stanza $BLOB NOT NULL
);

-- One row for each owner of a message. There is deliberately no index by peer: it would cost every
-- stored message 9 of 21 µs, while reading past 100,000 rows of other peers takes 12 ms, elsewhere
-- than on the event loop.
CREATE TABLE archive (
    account BIGINT NOT NULL,
    id BIGINT NOT NULL,
    peer TEXT NOT NULL,
    resource TEXT NOT NULL DEFAULT '',
    flags SMALLINT NOT NULL,
    PRIMARY KEY (account, id)
) $CLUSTERED;

-- Messages not after the delivery cursor that are nevertheless undelivered: the exception.
-- Settled rows are swept away in the background.
CREATE TABLE pending (
    account BIGINT NOT NULL,
    id BIGINT NOT NULL,
    settled SMALLINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account, id)
) $CLUSTERED;

CREATE TABLE archive_preference (
    account BIGINT NOT NULL PRIMARY KEY,
    policy TEXT NOT NULL,
    always TEXT NOT NULL DEFAULT '[]',
    never TEXT NOT NULL DEFAULT '[]'
);

-- Work left for the background: accounts whose archive is to be erased, messages to be looked at.
CREATE TABLE departed (
    account BIGINT NOT NULL PRIMARY KEY
);
CREATE TABLE orphan (
    id $BIGKEY
);

CREATE TABLE secret (
    name TEXT NOT NULL PRIMARY KEY,
    value $BLOB NOT NULL
);
CREATE TABLE setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
