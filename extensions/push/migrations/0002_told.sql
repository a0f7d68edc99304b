-- oldest: 1
-- What a device lacks, and what it was told: written when that changes, hence apart and narrow.
-- `since` is the oldest message it lacks, 0: none; `told` the newest that its app server took;
-- `failures` how often that failed in a row, and `until` (unix milliseconds) when it is tried again.

CREATE TABLE push_told (
    account BIGINT NOT NULL,
    service TEXT NOT NULL,
    node TEXT NOT NULL,
    since BIGINT NOT NULL,
    told BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (account, service, node)
) $CLUSTERED;
