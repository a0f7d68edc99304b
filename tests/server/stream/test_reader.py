"""libxml2 must not remember every name that it has ever met."""

import gc
import sys

import pytest
from lxml import etree

from server.stream import reader
from server.stream.reader import DICTIONARY, Reader, forget_names, thread_state


def test_lxml_still_keeps_its_names_where_we_look_for_them() -> None:
    etree.fromstring(b"<a/>")
    assert DICTIONARY in thread_state()
    forget_names()
    assert DICTIONARY not in thread_state()


def test_forgetting_leaves_the_reference_count_alone() -> None:
    before = sys.getrefcount(thread_state())
    for _ in range(100):
        forget_names()
    after = sys.getrefcount(thread_state())
    assert after == before


def test_forgets_after_so_much_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MEMORY", 1000)
    mine = Reader()
    first = mine._parser
    for _ in range(10):
        mine.parse(b"<a>" + b"x" * 80 + b"</a>")
    assert mine._parser is first
    for _ in range(10):
        mine.parse(b"<a>" + b"x" * 80 + b"</a>")
    assert mine._parser is not first


def test_trees_of_several_dictionaries_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MEMORY", 200)
    mine = Reader()
    root = mine.parse(b"<root xmlns='u'/>")
    for number in range(300):
        child = mine.parse(
            b"<w><n%d xmlns='u%d' xmlns:p='p' p:a='1'>t<p:b/></n%d></w>" % ((number,) * 3)
        )[0]
        root.append(child)
        if number % 3:
            root.remove(root[0])
    gc.collect()
    assert len(root) == 100
    assert root[-1].tag == "{u299}n299"
    assert root.find("{u299}n299") is root[-1]
    assert etree.fromstring(etree.tostring(root))[-1].get("{p}a") == "1"


@pytest.mark.parametrize("harmless", ["<y xmlns='relative'/>", "<y xml:space='wrong'/>"])
@pytest.mark.parametrize(
    "wrong", ["<a:b/>", "<a:b:c/>", "<a b:c='1'/>", "<a b:c='1' b:c='2'/>", "<a xmlns:b=''/>"]
)
def test_nothing_harmless_hides_what_is_wrong(wrong: str, harmless: str) -> None:
    """Else these would pass with lxml, and whoever was sent them would end his stream."""
    with pytest.raises(etree.XMLSyntaxError):
        Reader().parse(f"<x>{wrong}{harmless}</x>".encode())
    assert Reader().parse(f"<x><a/>{harmless}</x>".encode()).tag == "x"


@pytest.mark.parametrize(
    "strange",
    ["<\ufeffa/>", "<a\ufeff b='1'/>", "<a b\U0001f600='1'/>", "<a xmlns:b\u2070='u'/>",
     "<a b='1' c\u037f = '2'/>", "<a>1</a><b x\u0132y='1'/>"],
)  # fmt: skip
def test_names_that_not_everybody_knows(strange: str) -> None:
    """Expat, and so most clients, know the characters of XML's fourth edition alone."""
    etree.fromstring(f"<x>{strange}</x>")
    with pytest.raises(etree.XMLSyntaxError):
        Reader().parse(f"<x>{strange}</x>".encode())


@pytest.mark.parametrize(
    "usual", ["<größe a='\ufeff'/>", "<a>\ufeffb='1' 漢字='2'</a>", "<a ключ='\U0001f600'/>"]
)
def test_names_in_other_scripts(usual: str) -> None:
    assert Reader().parse(f"<x>{usual}</x>".encode()).tag == "x"


def test_looking_for_such_names_takes_no_longer_for_long_texts() -> None:
    """However the text is made: each character is looked at a few times at most."""
    for text in ("漢", "漢 ", " ", "x漢=", "'漢", '"', "漢= "):
        Reader().parse(f"<x>{text * 100_000}</x>".encode())
