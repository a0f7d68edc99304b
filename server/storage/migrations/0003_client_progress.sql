-- oldest: 3
-- How far each client has come with its account's messages, and whether it reads the archive itself.
-- Written on the hot path, hence apart and narrow.

CREATE TABLE client_progress (
    account BIGINT NOT NULL,
    client TEXT NOT NULL,
    cursor BIGINT NOT NULL,
    reads_archive SMALLINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account, client)
) $CLUSTERED;
