-- oldest: 1
-- The newest marker in an archive of each conversation; `sent`: by the owner, else by the other side.

CREATE TABLE marker (
    account BIGINT NOT NULL,
    peer TEXT NOT NULL,
    sent SMALLINT NOT NULL,
    id BIGINT NOT NULL,
    PRIMARY KEY (account, peer, sent)
) $CLUSTERED;
