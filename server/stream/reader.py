"""libxml2's parser, kept from remembering everything that strangers ever said.

libxml2 interns the names and namespaces it meets, and lxml shares that dictionary among all
parsers of a thread for as long as the thread lives: a peer that makes up names makes the process
grow for ever, about as fast as it can send. So both are given up, the parser and the dictionary,
after a certain amount of input. Trees that still exist keep the dictionary they were born with.
"""

import ctypes
from typing import Final
from xml.parsers import expat

from lxml import etree

from server.element import Element

#: Bytes of input between two dictionaries; what names can occupy is little more than this.
MEMORY: Final = 16 * 1024 * 1024

#: Where lxml keeps the dictionary of the running thread.
DICTIONARY: Final = "_ParserDictionaryContext"

_fromstring = etree.fromstring

_lent_state = ctypes.pythonapi.PyThreadState_GetDict
_lent_state.restype = ctypes.py_object
_keep_reference = ctypes.pythonapi.Py_IncRef
_keep_reference.argtypes = [ctypes.py_object]
_keep_reference.restype = None


class Reader:
    """Parses whole documents without DTDs, entities, network and identifiers."""

    __slots__ = ("_left", "_parser")

    def __init__(self) -> None:
        self._left = MEMORY
        self._parser = _new_parser()

    def parse(self, data: bytes) -> Element:
        """Give the root element. Raises etree.XMLSyntaxError."""
        self._left -= len(data)
        if self._left < 0:
            self._forget()
        parser = self._parser
        root = _fromstring(data, parser)
        # lxml asks only how bad the last thing was that libxml2 did not like: an undeclared prefix
        # is overlooked when something harmless follows. All of it counts (RFC 6120 §4.9.3.13).
        if log := parser.error_log:
            _check(log)
        if not data.isascii():
            _check_names(data)
        return root

    def _forget(self) -> None:
        forget_names()
        self._parser = _new_parser()
        self._left = MEMORY


def _check(log: etree._ListErrorLog) -> None:
    for entry in log:
        if entry.level >= etree.ErrorLevels.ERROR:
            raise etree.XMLSyntaxError(  # type: ignore[call-arg]  # the stubs know less
                entry.message, entry.type, entry.line, entry.column
            )


def _check_names(data: bytes) -> None:
    """Refuse names that only some parsers know.

    Since its fifth edition XML allows nearly any character in names, and libxml2 follows; expat and
    all who use it, among them most clients and servers, hold with the fourth. Passed on, such a
    name would end the stream of whoever reads it.
    """
    strict = expat.ParserCreate()
    try:
        strict.Parse(data, True)
    except expat.ExpatError as error:
        code = etree.ErrorTypes.ERR_NAME_REQUIRED
        raise etree.XMLSyntaxError(  # type: ignore[call-arg]
            f"A name that not everybody knows: {error}", code, error.lineno, error.offset
        ) from None


def forget_names() -> None:
    """Let lxml begin a new dictionary in this thread."""
    thread_state().pop(DICTIONARY, None)


def thread_state() -> dict[str, object]:
    """Give what the running thread keeps for extension modules."""
    state: dict[str, object] = _lent_state()
    # ctypes takes the reference for ours, but it was only lent.
    _keep_reference(state)
    return state


def _new_parser() -> etree.XMLParser:
    # `collect_ids`: xml:id would be checked against rules that XMPP does not have.
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, collect_ids=False
    )


parse: Final = Reader().parse
