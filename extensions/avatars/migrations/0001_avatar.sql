-- oldest: 1
-- The avatar an account shows now: the SHA-1 of the image, or '' if there was one and it is gone.
-- `audience` says who may see it: everybody (2) or who sees the presence (1).

CREATE TABLE avatar (
    account $BIGKEY,
    hash TEXT NOT NULL,
    kind TEXT NOT NULL,
    audience BIGINT NOT NULL
);
