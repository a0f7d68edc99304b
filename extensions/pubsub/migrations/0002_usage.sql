-- oldest: 1
-- What a node weighs: its items and the people on its lists, each with what a row costs besides
-- (store.FLAT). The code that came before this column does not keep it.

ALTER TABLE pubsub_node ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
UPDATE pubsub_node SET bytes =
    (SELECT COALESCE(SUM(length(payload) + 256), 0) FROM pubsub_item WHERE node = pubsub_node.id)
    + 256 * (SELECT count(*) FROM pubsub_affiliation WHERE node = pubsub_node.id);
