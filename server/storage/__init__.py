"""Everything that outlives the process: the database contract, drivers, the core's stores."""

from server.storage import messages as mailbox

# COMPAT: the name that callers began with; `messages` takes no name of the standard library.
__all__ = ["mailbox"]
