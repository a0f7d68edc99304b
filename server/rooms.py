"""What stands outside the core: the sections of the configuration that its rooms declare.

Besides `server/main.py` this is the only file of the core that knows extensions and federation.
Imports stand inside the functions, so that a command that needs one thing does not load all.
"""

from collections.abc import Mapping


def sections() -> Mapping[str, type]:
    """Sections by name, in the order of the configuration file."""
    return {}
