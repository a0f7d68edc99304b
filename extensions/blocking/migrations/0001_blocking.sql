-- oldest: 1
CREATE TABLE blocked (
    account BIGINT NOT NULL,
    jid TEXT NOT NULL,
    PRIMARY KEY (account, jid)
) $CLUSTERED;

-- What users have told about those they blocked, until an administrator has seen to it. `stanzas`
-- are pairs of address and identifier (XEP-0359); times are unix milliseconds.
CREATE TABLE abuse_report (
    id $IDENTITY,
    host TEXT NOT NULL,
    reporter TEXT NOT NULL,
    reported TEXT NOT NULL,
    reason TEXT NOT NULL,
    explanation TEXT NOT NULL,
    stanzas TEXT NOT NULL,
    report_origin SMALLINT NOT NULL,
    third_party SMALLINT NOT NULL,
    received BIGINT NOT NULL
);
CREATE INDEX abuse_report_reporter ON abuse_report (reporter);
