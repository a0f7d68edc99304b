-- oldest: 1
-- Where an account's devices are notified. `client` is the program's name in this house, empty if it
-- told none; then the resource stands for it. `wants` is JSON: filters the device asked for.

CREATE TABLE push_device (
    account BIGINT NOT NULL,
    service TEXT NOT NULL,
    node TEXT NOT NULL,
    client TEXT NOT NULL,
    resource TEXT NOT NULL,
    options $BLOB NOT NULL,
    wants TEXT NOT NULL,
    PRIMARY KEY (account, service, node)
) $CLUSTERED;
