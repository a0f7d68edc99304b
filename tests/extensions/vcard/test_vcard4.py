"""XEP-0292 §11: what a vCard4 says in the old format."""

import pytest
from lxml import etree

from extensions.vcard import vcard4


def converted(content: str) -> str:
    vcard = etree.fromstring(f"<vcard xmlns='{vcard4.NS}'>{content}</vcard>")
    card = vcard4.convert(vcard)
    assert card.tag == "{vcard-temp}vCard"
    text = b"".join(etree.tostring(child) for child in card).decode()
    return text.replace(' xmlns="vcard-temp"', "")


def typed(*types: str) -> str:
    texts = "".join(f"<text>{each}</text>" for each in types)
    return f"<parameters><type>{texts}</type></parameters>"


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("<fn><text>Peter</text></fn>", "<FN>Peter</FN>"),
        ("<fn><text/></fn>", ""),
        (
            "<n><surname>Saint-Andre</surname><given>Peter</given><additional></additional></n>",
            "<N><FAMILY>Saint-Andre</FAMILY><GIVEN>Peter</GIVEN></N>",
        ),
        (
            "<nickname><text>stpeter</text></nickname><nickname><text>psa</text></nickname>",
            "<NICKNAME>stpeter</NICKNAME><NICKNAME>psa</NICKNAME>",
        ),
        ("<bday><date>1966-08-06</date></bday>", "<BDAY>1966-08-06</BDAY>"),
        (
            f"<adr>{typed('work', 'voice')}<ext>Suite 600</ext><street></street>"
            "<code>80202</code><country>USA</country></adr>",
            "<ADR><WORK/><EXTADD>Suite 600</EXTADD><PCODE>80202</PCODE><CTRY>USA</CTRY></ADR>",
        ),
        (
            f"<tel>{typed('cell', 'voice', 'text')}<uri>tel:+1-720-256-6756</uri></tel>",
            "<TEL><CELL/><VOICE/><MSG/><NUMBER>+1-720-256-6756</NUMBER></TEL>",
        ),
        (
            f"<email>{typed('home')}<text>stpeter@jabber.org</text></email>",
            "<EMAIL><HOME/><INTERNET/><USERID>stpeter@jabber.org</USERID></EMAIL>",
        ),
        ("<impp><uri>xmpp:a@b.example</uri></impp>", "<JABBERID>a@b.example</JABBERID>"),
        ("<impp><uri>sip:a@b.example</uri></impp>", ""),
        (
            f"<org>{typed('work')}<text>XSF</text><text>Board</text></org>",
            "<ORG><ORGNAME>XSF</ORGNAME><ORGUNIT>Board</ORGUNIT></ORG>",
        ),
        ("<url><uri>https://stpeter.im/</uri></url>", "<URL>https://stpeter.im/</URL>"),
        ("<note><text> More </text></note>", "<DESC>More</DESC>"),
        (
            "<geo><uri>geo:39.59,-105.01</uri></geo>",
            "<GEO><LAT>39.59</LAT><LON>-105.01</LON></GEO>",
        ),
        ("<geo><uri>geo:39.59</uri></geo>", ""),
        (
            "<photo><uri>data:image/png;base64,QUJD</uri></photo>",
            "<PHOTO><TYPE>image/png</TYPE><BINVAL>QUJD</BINVAL></PHOTO>",
        ),
        ("<photo><uri>data:image/png,x</uri></photo>", ""),
        (
            "<photo><uri>https://stpeter.im/me.jpg</uri></photo>",
            "<PHOTO><EXTVAL>https://stpeter.im/me.jpg</EXTVAL></PHOTO>",
        ),
        ("<gender><sex><text>M</text></sex></gender>", ""),
        ("<group name='x'><fn><text>inside</text></fn></group>", ""),
    ],
)
def test_each_property(new: str, old: str) -> None:
    assert converted(new) == old
