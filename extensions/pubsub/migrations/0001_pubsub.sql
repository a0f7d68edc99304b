-- oldest: 1
-- Nodes belong to an account (`service` is empty) or to a service (`account` is 0). Numbers of nodes
-- and items grow with time (server/message_id.py), so they also say when.

CREATE TABLE pubsub_node (
    id $BIGKEY,
    account BIGINT NOT NULL,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    creator TEXT NOT NULL,
    config TEXT NOT NULL
);
CREATE UNIQUE INDEX pubsub_node_name ON pubsub_node (account, service, name);
CREATE INDEX pubsub_node_creator ON pubsub_node (creator);

-- In the order of publication: the last ones, and a page, are neighbours.
CREATE TABLE pubsub_item (
    node BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    publisher TEXT NOT NULL,
    payload $BLOB NOT NULL,
    PRIMARY KEY (node, seq)
) $CLUSTERED;
CREATE UNIQUE INDEX pubsub_item_id ON pubsub_item (node, id);

CREATE TABLE pubsub_affiliation (
    node BIGINT NOT NULL,
    jid TEXT NOT NULL,
    affiliation TEXT NOT NULL,
    PRIMARY KEY (node, jid)
) $CLUSTERED;
CREATE INDEX pubsub_affiliation_jid ON pubsub_affiliation (jid);

CREATE TABLE pubsub_subscription (
    node BIGINT NOT NULL,
    jid TEXT NOT NULL,
    bare TEXT NOT NULL,
    state TEXT NOT NULL,
    options TEXT NOT NULL,
    PRIMARY KEY (node, jid)
) $CLUSTERED;
CREATE INDEX pubsub_subscription_bare ON pubsub_subscription (bare);
