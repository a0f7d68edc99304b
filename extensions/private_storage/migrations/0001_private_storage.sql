-- oldest: 1
-- What clients keep for themselves: `tag` is {namespace}name, `content` all elements of that tag.

CREATE TABLE private_storage (
    account BIGINT NOT NULL,
    tag TEXT NOT NULL,
    content $BLOB NOT NULL,
    PRIMARY KEY (account, tag)
) $CLUSTERED;
