-- oldest: 1
-- Retractions that were taken and not carried out yet, by account and message; `sent` says that the
-- account's owner sent it.

CREATE TABLE retraction (
    account BIGINT NOT NULL,
    id BIGINT NOT NULL,
    sent SMALLINT NOT NULL,
    PRIMARY KEY (account, id)
) $CLUSTERED;
