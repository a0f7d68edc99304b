-- oldest: 1
-- Which nodes everybody may know of, to count them in an index instead of reading them all.

ALTER TABLE pubsub_node ADD COLUMN public SMALLINT NOT NULL DEFAULT 1;
UPDATE pubsub_node SET public = 0 WHERE config LIKE '%"access_model":%'
    AND config NOT LIKE '%"access_model":"authorize"%';
CREATE INDEX pubsub_node_public ON pubsub_node (account, service, public, name);
