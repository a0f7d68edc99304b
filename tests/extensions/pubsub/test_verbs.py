"""The examples of XEP-0060 as they are printed, in their order; names are of this house.

Where an answer MAY hold more (the name of the item that was published, say), it does here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.extensions.pubsub.people import EVERYTHING, arrive
from tests.harness.house import House

if TYPE_CHECKING:
    from tests.harness.house import Client

P: Final = "xmlns='http://jabber.org/protocol/pubsub'"
O: Final = "xmlns='http://jabber.org/protocol/pubsub#owner'"  # noqa: E741
EVENT: Final = "xmlns='http://jabber.org/protocol/pubsub#event'"
ERRORS: Final = "xmlns='http://jabber.org/protocol/pubsub#errors'"
STANZAS: Final = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"
S: Final = "pubsub.example.org"
NODE: Final = "princely_musings"
ENTRY: Final = "<entry xmlns='http://www.w3.org/2005/Atom'><title>{}</title></entry>"
SOLILOQUY: Final = ENTRY.format("Soliloquy")
FIELD: Final = "<field var='pubsub#{}'><value>{}</value></field>"


def form(kind: str, type_: str = "submit", **fields: object) -> str:
    """A form as the examples print it."""
    parts = "".join(FIELD.format(name.replace("__", "-"), value) for name, value in fields.items())
    return (
        f"<x xmlns='jabber:x:data' type='{type_}'><field var='FORM_TYPE' type='hidden'>"
        f"<value>http://jabber.org/protocol/pubsub#{kind}</value></field>{parts}</x>"
    )


class Stage:
    """The people of the examples."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.people: dict[str, Client] = {}

    async def come(self, *names: str) -> None:
        for name in names:
            client = await arrive(self.house, name)
            client.take_all()
            self.people[name.partition("/")[0]] = client

    async def ask(self, who: str, type_: str, request: str, answer: str = "") -> None:
        """A request and its result; both without the iq."""
        client = self.people[who]
        await client.send(f"<iq type='{type_}' to='{S}' id='x1'>{request}</iq>")
        await client.expect(f"<iq type='result' from='{S}' to='{client.jid}' id='x1'>{answer}</iq>")

    async def refused(
        self, who: str, type_: str, request: str, kind: str, general: str, special: str = ""
    ) -> None:
        """A request and its error."""
        client = self.people[who]
        await client.send(f"<iq type='{type_}' to='{S}' id='x1'>{request}</iq>")
        application = f"<{special} {ERRORS}/>" if special else ""
        await client.expect(
            f"<iq type='error' from='{S}' to='{client.jid}' id='x1'><error type='{kind}'>"
            f"<{general} {STANZAS}/>{application}</error></iq>"
        )

    async def told(self, who: str, event: str, beside: str = "") -> None:
        """A notification."""
        to = self.people[who].jid.bare
        await self.people[who].expect(
            f"<message type='headline' from='{S}' to='{to}' id='…'><event {EVENT}>{event}</event>"
            f"{beside}</message>"
        )

    async def quiet(self) -> None:
        for client in self.people.values():
            await client.expect_nothing()


def items(*each: str) -> str:
    return f"<items node='{NODE}'>{''.join(each)}</items>"


def subscribe(who: str) -> str:
    return f"<pubsub {P}><subscribe node='{NODE}' jid='{who}@example.org'/></pubsub>"


def subscription(who: str, state: str, node: str = NODE) -> str:
    return f"<subscription node='{node}' jid='{who}@example.org' subscription='{state}'/>"


def publish(item: str) -> str:
    return f"<pubsub {P}><publish node='{NODE}'>{item}</publish></pubsub>"


CREATE: Final = f"<pubsub {P}><create node='{NODE}'/></pubsub>"
CREATED: Final = f"<pubsub {P}><create node='{NODE}'/></pubsub>"


async def test_entities() -> None:
    """§5: what a service says of itself, its nodes and whoever asks."""
    async with House(EVERYTHING) as house:
        stage = Stage(house)
        await stage.come("hamlet/elsinore", "francisco/barracks")
        info, listing = (
            f"xmlns='http://jabber.org/protocol/disco#{each}'" for each in ("info", "items")
        )
        await stage.ask(
            "francisco", "get", f"<query {info}/>",
            f"<query {info}><identity category='pubsub' type='service'/>"
            "<feature var='http://jabber.org/protocol/pubsub'/></query>",
        )  # fmt: skip
        none = "<{0}/>"
        for each in ("subscriptions", "affiliations"):
            empty = f"<pubsub {P}>{none.format(each)}</pubsub>"
            await stage.ask("francisco", "get", empty, empty)
        for node, title in (("Romeoance", "Letters to my Beloved"), (NODE, "Musings")):
            configure = f"<configure>{form('node_config', title=title)}</configure>"
            request = f"<pubsub {P}><create node='{node}'/>{configure}</pubsub>"
            await stage.ask(
                "hamlet", "set", request, f"<pubsub {P}><create node='{node}'/></pubsub>"
            )
        await stage.ask(
            "francisco", "get", f"<query {listing}/>",
            f"<query {listing}><item node='Romeoance' name='Letters to my Beloved' jid='{S}'/>"
            f"<item node='{NODE}' name='Musings' jid='{S}'/></query>",
        )  # fmt: skip
        await stage.ask(
            "francisco", "get", f"<query {info} node='{NODE}'/>",
            f"<query {info} node='{NODE}'><identity category='pubsub' type='leaf'/>"
            "<feature var='http://jabber.org/protocol/pubsub'/>"
            "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>"
            "<value>http://jabber.org/protocol/pubsub#meta-data</value></field>"
            "<field var='pubsub#title' type='text-single'><value>Musings</value></field>"
            "<field var='pubsub#access_model' type='list-single'><value>open</value></field>"
            "<field var='pubsub#publish_model' type='list-single'><value>publishers</value></field>"
            "<field var='pubsub#max_items' type='text-single'><value>100</value></field>"
            "<field var='pubsub#creation_date' type='text-single'/>"
            "<field var='pubsub#creator' type='jid-single'><value>hamlet@example.org</value>"
            "</field><field var='pubsub#owner' type='jid-multi'><value>hamlet@example.org</value>"
            "</field>"
            "<field var='pubsub#num_subscribers' type='text-single'><value>0</value></field>"
            "</x></query>",
        )  # fmt: skip
        for name in ("368866411b877c30064a5f62b917cffe", "3300659945416e274474e469a1f0154c"):
            await stage.ask(
                "hamlet", "set", publish(f"<item id='{name}'>{SOLILOQUY}</item>"),
                f"<pubsub {P}></pubsub>",
            )  # fmt: skip
        await stage.ask(
            "francisco", "get", f"<query {listing} node='{NODE}'/>",
            f"<query {listing} node='{NODE}'>"
            f"<item jid='{S}' name='368866411b877c30064a5f62b917cffe' node=''/>"
            f"<item jid='{S}' name='3300659945416e274474e469a1f0154c' node=''/></query>",
        )  # fmt: skip
        await stage.ask(
            "hamlet", "get", f"<pubsub {P}><affiliations/></pubsub>",
            f"<pubsub {P}><affiliations><affiliation node='Romeoance' affiliation='owner'/>"
            f"<affiliation node='{NODE}' affiliation='owner'/></affiliations></pubsub>",
        )  # fmt: skip
        await stage.ask(
            "hamlet", "get", f"<pubsub {P}><affiliations node='{NODE}'/></pubsub>",
            f"<pubsub {P}><affiliations node=''><affiliation node='{NODE}' affiliation='owner'/>"
            "</affiliations></pubsub>",
        )  # fmt: skip


async def test_subscribers() -> None:
    """§6.1 to §6.4."""
    options = form("subscribe_options", deliver="1", digest="0", include_body="false")
    result = (
        "<x xmlns='jabber:x:data' type='{}'><field var='FORM_TYPE' type='hidden'>"
        "<value>http://jabber.org/protocol/pubsub#subscribe_options</value></field>"
        "<field var='pubsub#deliver'><value>1</value></field><field var='pubsub#expire'/></x>"
    )
    own = f"node='{NODE}' jid='francisco@example.org'"
    async with House(EVERYTHING) as house:
        stage = Stage(house)
        await stage.come("hamlet/elsinore", "francisco/barracks", "bernardo/x")
        await stage.ask("hamlet", "set", CREATE, CREATED)
        kept = f"<item id='ae890'>{SOLILOQUY}</item>"
        await stage.ask("hamlet", "set", publish(kept), f"<pubsub {P}></pubsub>")
        # §6.1
        await stage.refused(
            "francisco", "set", subscribe("bard"), "modify", "bad-request", "invalid-jid"
        )
        await stage.people["francisco"].send(
            f"<iq type='set' to='{S}' id='sub1'>{subscribe('francisco')}</iq>"
        )
        await stage.people["francisco"].expect_all(
            f"<iq type='result' from='{S}' to='francisco@example.org/barracks' id='sub1'>"
            f"<pubsub {P}>{subscription('francisco', 'subscribed')}</pubsub></iq>",
            f"<message from='{S}' to='francisco@example.org' type='headline'><event {EVENT}>"
            f"{items(kept)}</event>"
            "<delay xmlns='urn:xmpp:delay'/></message>",
        )
        await stage.refused(
            "francisco", "set", f"<pubsub {P}><subscribe node='none' jid='francisco@example.org'/>"
            "</pubsub>", "cancel", "item-not-found",
        )  # fmt: skip
        await stage.ask(
            "francisco", "get", f"<pubsub {P}><subscriptions/></pubsub>",
            f"<pubsub {P}><subscriptions>{subscription('francisco', 'subscribed')}"
            "</subscriptions></pubsub>",
        )  # fmt: skip
        await stage.ask(
            "francisco", "get", f"<pubsub {P}><subscriptions node='{NODE}'/></pubsub>",
            f"<pubsub {P}><subscriptions node='{NODE}'>{subscription('francisco', 'subscribed')}"
            "</subscriptions></pubsub>",
        )  # fmt: skip
        # §6.3
        asked = f"<pubsub {P}><options {own}/></pubsub>"
        await stage.ask(
            "francisco", "get", asked,
            f"<pubsub {P}><options {own}>{result.format('form')}</options></pubsub>",
        )  # fmt: skip
        await stage.refused("bernardo", "get", asked, "auth", "forbidden")
        await stage.refused(
            "bernardo", "get", asked.replace("francisco", "bernardo"),
            "modify", "unexpected-request", "not-subscribed",
        )  # fmt: skip
        await stage.refused(
            "francisco", "get", f"<pubsub {P}><options node='{NODE}'/></pubsub>",
            "modify", "bad-request", "jid-required",
        )  # fmt: skip
        await stage.ask(
            "francisco", "set", f"<pubsub {P}><options {own}>{options}</options></pubsub>"
        )
        await stage.refused(
            "francisco", "set",
            f"<pubsub {P}><options {own}>{form('subscribe_options', deliver='often')}</options>"
            "</pubsub>", "modify", "bad-request", "invalid-options",
        )  # fmt: skip
        # §12.19
        lease = form("subscribe_options", expire="2099-02-28T11:59:59Z")
        await stage.ask(
            "francisco", "set", f"<pubsub {P}><options {own}>{lease}</options></pubsub>"
        )
        # §6.2
        unsubscribe = f"<pubsub {P}><unsubscribe {own}/></pubsub>"
        await stage.refused("bernardo", "set", unsubscribe, "auth", "forbidden")
        await stage.ask(
            "francisco", "set", unsubscribe,
            f"<pubsub {P}>{subscription('francisco', 'none')}</pubsub>",
        )  # fmt: skip
        await stage.refused(
            "francisco", "set", unsubscribe, "cancel", "unexpected-request", "not-subscribed"
        )
        # §6.3.7
        both = subscribe("bernardo").replace("</pubsub>", f"<options>{options}</options></pubsub>")
        await stage.people["bernardo"].send(f"<iq type='set' to='{S}' id='sub1'>{both}</iq>")
        await stage.people["bernardo"].expect_all(
            f"<iq type='result' from='{S}' id='sub1'><pubsub {P}>"
            f"{subscription('bernardo', 'subscribed')}<options>{result.format('result')}</options>"
            "</pubsub></iq>",
            f"<message from='{S}' type='headline'></message>",
        )
        await stage.refused(
            "bernardo", "set", both.replace("<options>", "<options node=''>"),
            "modify", "bad-request",
        )  # fmt: skip
        # §6.4
        for attribute in (f" node='{NODE}'", ""):
            await stage.ask(
                "francisco", "get", f"<pubsub {P}><default{attribute}/></pubsub>",
                f"<pubsub {P}><default{attribute}>{result.format('result')}</default></pubsub>",
            )  # fmt: skip
        await stage.quiet()


async def test_readers() -> None:
    """§6.5."""
    names = ("368866411b877", "3300659945416", "4e30f35051b7b", "ae890ac52d0df")
    async with House(EVERYTHING) as house:
        stage = Stage(house)
        await stage.come("hamlet/elsinore", "francisco/barracks")
        await stage.ask("hamlet", "set", CREATE, CREATED)
        asked = f"<pubsub {P}><items node='{NODE}'{{}}/></pubsub>"
        await stage.ask("francisco", "get", asked.format(""), asked.format(""))
        kept = []
        for name in names:
            kept.append(f"<item id='{name}'>{ENTRY.format(name)}</item>")
            await stage.ask("hamlet", "set", publish(kept[-1]), f"<pubsub {P}></pubsub>")
        for attribute, expected in (
            ("", kept),
            (" max_items='2'", kept[2:]),
            (" max_items='9'", kept),
        ):
            await stage.ask(
                "francisco",
                "get",
                asked.format(attribute),
                f"<pubsub {P}>{items(*expected)}</pubsub>",
            )
        some = items(f"<item id='{names[0]}'/>", f"<item id='{names[2]}'/>")
        await stage.ask(
            "francisco", "get", f"<pubsub {P}>{some}</pubsub>",
            f"<pubsub {P}>{items(kept[0], kept[2])}</pubsub>",
        )  # fmt: skip
        page = "<set xmlns='http://jabber.org/protocol/rsm'>{}</set>"
        told = f"<first index='0'>{names[0]}</first><last>{names[2]}</last><count>4</count>"
        await stage.ask(
            "francisco", "get",
            f"<pubsub {P}><items node='{NODE}'/>{page.format('<max>3</max>')}</pubsub>",
            f"<pubsub {P}>{items(*kept[:3])}{page.format(told)}</pubsub>",
        )  # fmt: skip
        none = items("<item id='none'/>")
        await stage.ask("francisco", "get", f"<pubsub {P}>{none}</pubsub>", asked.format(""))
        await stage.refused(
            "francisco", "get", asked.format("").replace(NODE, "none"), "cancel", "item-not-found"
        )


async def test_publishers() -> None:
    """§7."""
    async with House(EVERYTHING) as house:
        stage = Stage(house)
        await stage.come("hamlet/blogbot", "francisco/barracks")
        await stage.refused(
            "hamlet", "set", publish(f"<item>{SOLILOQUY}</item>"), "cancel", "item-not-found"
        )
        await stage.ask("hamlet", "set", CREATE, CREATED)
        await stage.ask("francisco", "set", subscribe("francisco"), f"<pubsub {P}></pubsub>")
        item = f"<item id='bnd81g37d61f49fgn581'>{SOLILOQUY}</item>"
        await stage.ask(
            "hamlet", "set", publish(item), publish("<item id='bnd81g37d61f49fgn581'/>")
        )
        await stage.told("francisco", items(item))
        await stage.ask(
            "hamlet", "set", publish(f"<item>{SOLILOQUY}</item>"), publish("<item id='…'/>")
        )
        await stage.told("francisco", items(f"<item id='…'>{SOLILOQUY}</item>"))
        await stage.refused("francisco", "set", publish(item), "auth", "forbidden")
        for request, special in (
            ("", "item-required"), ("<item id='a'/>", "payload-required"),
            (f"<item>{SOLILOQUY}{SOLILOQUY}</item>", "invalid-payload"),
        ):  # fmt: skip
            await stage.refused("hamlet", "set", publish(request), "modify", "bad-request", special)
        options = (
            f"<publish-options>{form('publish-options', access_model='presence')}</publish-options>"
        )
        await stage.refused(
            "hamlet", "set", publish(item).replace("</pubsub>", f"{options}</pubsub>"),
            "cancel", "conflict", "precondition-not-met",
        )  # fmt: skip
        options = options.replace("presence", "open")
        await stage.ask(
            "hamlet", "set", publish(item).replace("</pubsub>", f"{options}</pubsub>"),
            f"<pubsub {P}></pubsub>",
        )  # fmt: skip
        await stage.told("francisco", items(item))
        # §7.2
        retract = f"<pubsub {P}><retract node='{NODE}' notify='{{}}'>{{}}</retract></pubsub>"
        name = "<item id='bnd81g37d61f49fgn581'/>"
        await stage.refused("francisco", "set", retract.format("0", name), "auth", "forbidden")
        await stage.refused(
            "hamlet", "set", retract.format("0", ""), "modify", "bad-request", "item-required"
        )
        await stage.refused(
            "hamlet", "set", f"<pubsub {P}><retract>{name}</retract></pubsub>",
            "modify", "bad-request", "nodeid-required",
        )  # fmt: skip
        await stage.ask("hamlet", "set", retract.format("true", name))
        await stage.told("francisco", items("<retract id='bnd81g37d61f49fgn581'/>"))
        await stage.refused("hamlet", "set", retract.format("0", name), "cancel", "item-not-found")
        await stage.quiet()


async def test_owners_make_and_configure() -> None:
    """§8.1 to §8.5."""
    config = form(
        "node_config", title="Princely Musings (Atom)", deliver_notifications=1,
        deliver_payloads=1, persist_items=1, max_items=10, item_expire=604800,
        access_model="open", publish_model="publishers", purge_offline=0,
        send_last_published_item="never", presence_based_delivery="false",
        notification_type="headline", notify_config=0, notify_delete=0, notify_retract=0,
        notify_sub=0, max_payload_size=1028, type="urn:example:e2ee:bundle",
        body_xslt="http://jabxslt.jabberstudio.org/atom_body.xslt",
    )  # fmt: skip
    configure = f"<pubsub {O}><configure node='{NODE}'>{{}}</configure></pubsub>"
    async with House(EVERYTHING) as house:
        stage = Stage(house)
        await stage.come("hamlet/elsinore", "francisco/barracks")
        instant = f"<pubsub {P}><create/></pubsub>"
        await stage.ask("hamlet", "set", instant, f"<pubsub {P}><create node='…'/></pubsub>")
        wrong = CREATE.replace(
            "</pubsub>",
            f"<configure>{form('node_config', access_model='secret')}</configure></pubsub>",
        )
        await stage.refused(
            "hamlet", "set", wrong, "modify", "not-acceptable", "unsupported-access-model"
        )
        whole = CREATE.replace("</pubsub>", f"<configure>{config}</configure></pubsub>")
        await stage.ask("hamlet", "set", whole, CREATED)
        await stage.refused("hamlet", "set", whole, "cancel", "conflict")
        await stage.ask("francisco", "set", subscribe("francisco"), f"<pubsub {P}></pubsub>")
        # §8.2
        await stage.ask(
            "hamlet", "get", f"<pubsub {O}><configure node='{NODE}'/></pubsub>",
            f"<pubsub {O}><configure node='{NODE}'><x xmlns='jabber:x:data' type='form'>"
            "<field var='pubsub#max_items' type='text-single'><value>10</value></field></x>"
            "</configure></pubsub>",
        )  # fmt: skip
        await stage.refused(
            "francisco",
            "get",
            f"<pubsub {O}><configure node='{NODE}'/></pubsub>",
            "auth",
            "forbidden",
        )
        await stage.refused(
            "hamlet", "get", f"<pubsub {O}><configure/></pubsub>",
            "modify", "bad-request", "nodeid-required",
        )  # fmt: skip
        await stage.ask("hamlet", "set", configure.format(config))
        await stage.ask(
            "hamlet", "set", configure.format("<x xmlns='jabber:x:data' type='cancel'/>")
        )
        changed = form("node_config", notify_config="true", deliver_payloads="false")
        await stage.ask("hamlet", "set", configure.format(changed))
        await stage.told("francisco", f"<configuration node='{NODE}'/>")
        await stage.ask(
            "hamlet", "set", configure.format(form("node_config", deliver_payloads="true"))
        )
        await stage.told(
            "francisco", f"<configuration node='{NODE}'><x xmlns='jabber:x:data' type='result'>"
            "<field var='pubsub#max_payload_size'><value>1028</value></field></x></configuration>",
        )  # fmt: skip
        # §8.3
        await stage.ask(
            "hamlet", "get", f"<pubsub {O}><default/></pubsub>",
            f"<pubsub {O}><default><x xmlns='jabber:x:data' type='form'></x></default></pubsub>",
        )  # fmt: skip
        # §8.5
        purge = f"<pubsub {O}><purge node='{NODE}'/></pubsub>"
        await stage.refused("francisco", "set", purge, "auth", "forbidden")
        both = form("node_config", notify_config="0", notify_retract="1", notify_delete="1")
        await stage.ask("hamlet", "set", configure.format(both))
        await stage.ask("hamlet", "set", purge)
        await stage.told("francisco", f"<purge node='{NODE}'/>")
        # §8.4
        redirect = "<redirect uri='xmpp:hamlet@denmark.lit?;node=blog'/>"
        delete = f"<delete node='{NODE}'>{redirect}</delete>"
        request = f"<pubsub {O}>{delete}</pubsub>"
        await stage.refused("francisco", "set", request, "auth", "forbidden")
        await stage.ask("hamlet", "set", request)
        await stage.told("francisco", delete)
        await stage.refused("hamlet", "set", request, "cancel", "item-not-found")
        await stage.quiet()


async def test_owners_and_their_people() -> None:
    """§8.6 to §8.9."""
    async with House(EVERYTHING) as house:
        stage = Stage(house)
        await stage.come("hamlet/elsinore", "horatio/mobile", "polonius/arras", "bard/globe")
        model = form("node_config", access_model="authorize")
        request = CREATE.replace("</pubsub>", f"<configure>{model}</configure></pubsub>")
        await stage.ask("hamlet", "set", request, CREATED)
        # §6.1.4, §8.6
        pending = f"<pubsub {P}>{subscription('horatio', 'pending')}</pubsub>"
        await stage.ask("horatio", "set", subscribe("horatio"), pending)
        await stage.refused(
            "horatio", "set", subscribe("horatio"), "auth", "not-authorized", "pending-subscription"
        )
        await stage.refused(
            "horatio", "get", f"<pubsub {P}><items node='{NODE}'/></pubsub>",
            "auth", "not-authorized", "not-subscribed",
        )  # fmt: skip
        form_ = await stage.people["hamlet"].expect(
            f"<message from='{S}' to='hamlet@example.org' id='…'>"
            "<x xmlns='jabber:x:data' type='form'>"
            "<field var='FORM_TYPE' type='hidden'>"
            "<value>http://jabber.org/protocol/pubsub#subscribe_authorization</value></field>"
            f"<field var='pubsub#node' type='text-single'><value>{NODE}</value></field>"
            "<field var='pubsub#subscriber_jid' type='jid-single'>"
            "<value>horatio@example.org</value></field>"
            "<field var='pubsub#allow' type='boolean'><value>false</value></field></x></message>"
        )
        answer = form(
            "subscribe_authorization", subid="123-abc", node=NODE,
            subscriber_jid="horatio@example.org", allow="true",
        )  # fmt: skip
        await stage.people["hamlet"].send(
            f"<message to='{S}' id='{form_.get('id')}'>{answer}</message>"
        )
        await stage.told("horatio", subscription("horatio", "subscribed"))
        # §8.8
        people = f"<pubsub {O}><subscriptions node='{NODE}'>{{}}</subscriptions></pubsub>"
        entry = "<subscription jid='{}@example.org' subscription='{}'/>"
        await stage.ask(
            "hamlet", "get", people.format(""), people.format(entry.format("horatio", "subscribed"))
        )
        delta = entry.format("horatio", "none") + entry.format("bard", "subscribed")
        await stage.refused("horatio", "set", people.format(delta), "auth", "forbidden")
        await stage.ask("hamlet", "set", people.format(delta))
        await stage.told("horatio", subscription("horatio", "none"))
        # He did not ask; `unconfigured` (§4.2) until he agrees.
        await stage.told("bard", subscription("bard", "unconfigured"))
        # §8.9
        people = f"<pubsub {O}><affiliations node='{NODE}'>{{}}</affiliations></pubsub>"
        entry = "<affiliation jid='{}@example.org' affiliation='{}'/>"
        await stage.ask("hamlet", "set", people.format(entry.format("polonius", "outcast")))
        await stage.ask(
            "hamlet", "get", people.format(""),
            people.format(entry.format("hamlet", "owner") + entry.format("polonius", "outcast")),
        )  # fmt: skip
        await stage.ask("hamlet", "set", people.format(entry.format("bard", "publisher")))
        await stage.refused("polonius", "get", people.format(""), "auth", "forbidden")
        await stage.refused("polonius", "set", subscribe("polonius"), "auth", "forbidden")
        await stage.quiet()
