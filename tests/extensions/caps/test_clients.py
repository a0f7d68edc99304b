"""XEP-0115 §5.4, XEP-0390: clients are asked once, and believed when they are borne out."""

from typing import TYPE_CHECKING

from extensions.caps.clients import Clients
from extensions.payloads import info
from server.element import Element
from tests.extensions.pubsub.people import EVERYTHING, presence, said, tell
from tests.harness.house import Client, House

if TYPE_CHECKING:
    from extensions.caps import Capabilities


def questions(client: Client) -> list[Element]:
    """What the server asks of the client; the rest is left."""
    found = [e for e in client.inbox if e.find(info.QUERY) is not None and e.get("type") == "get"]
    for element in found:
        client.inbox.remove(element)
    return found


def knowledge(house: House) -> Clients:
    caps: Capabilities = house.server.hosts["example.org"].service("caps")
    return caps.clients


async def answer(client: Client, question: Element, about: info.Info) -> None:
    query = info.build(about, question[0].get("node"))
    await client.send(
        f"<iq type='result' id='{question.get('id')}' to='{question.get('from')}'>".encode()
        + query
        + b"</iq>"
    )


async def test_one_client_answers_for_all_of_its_kind() -> None:
    async with House(EVERYTHING) as house:
        clients = [await house.login(f"user{number}/x") for number in range(3)]
        for client in clients:
            await client.send(presence("urn:a", "urn:b"))
        asked = [questions(client) for client in clients]
        assert [len(each) for each in asked] == [1, 0, 0]
        (question,) = asked[0]
        assert question.get("to") == clients[0].jid
        assert question.get("from") == "example.org"
        await tell_all(house, clients[0], question)
        for client in clients:
            assert client.session.interests == {"urn:a", "urn:b"}
            assert "urn:a+notify" in knowledge(house).features(client.session)
        late = await house.login("late/x")
        await late.send(presence("urn:a", "urn:b"))
        assert questions(late) == []
        assert late.session.interests == {"urn:a", "urn:b"}


async def tell_all(house: House, client: Client, question: Element) -> None:
    await answer(client, question, said("urn:a", "urn:b"))


async def test_who_lies_lies_about_himself_only() -> None:
    """§5.4 rule 3.9: "it SHOULD check … another generating entity who advertises that value"."""
    async with House(EVERYTHING) as house:
        mallory = await house.login("mallory/x")
        romeo = await house.login("romeo/x")
        for client in (mallory, romeo):
            await client.send(presence("urn:a"))
        (question,) = questions(mallory)
        await answer(mallory, question, said("urn:a", "urn:poison"))
        assert "urn:poison" in mallory.session.interests
        assert knowledge(house).features(mallory.session) == frozenset()
        (question,) = questions(romeo)
        assert romeo.session.interests == frozenset()
        await answer(romeo, question, said("urn:a"))
        assert romeo.session.interests == {"urn:a"}


async def test_who_goes_or_refuses_leaves_the_question_to_the_next() -> None:
    async with House(EVERYTHING) as house:
        clients = [await house.login(f"user{number}/x") for number in range(3)]
        for client in clients:
            await client.send(presence("urn:a"))
        assert len(questions(clients[0])) == 1
        await clients[0].close()
        (question,) = questions(clients[1])
        await clients[1].send(
            f"<iq type='error' id='{question.get('id')}' to='example.org'><error type='cancel'>"
            "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        )
        (question,) = questions(clients[2])
        await answer(clients[2], question, said("urn:a"))
        assert clients[2].session.interests == {"urn:a"}
        # Whoever refused has another chance with his next presence.
        await clients[1].send(presence("urn:a"))
        assert clients[1].session.interests == {"urn:a"}


async def test_who_does_not_answer_is_not_waited_for() -> None:
    async with House(EVERYTHING) as house:
        mute = await house.login("mute/x")
        other = await house.login("other/x")
        for client in (mute, other):
            await client.send(presence("urn:a"))
        for _ in range(13):
            house.clock.advance(5)
            await house.settle()
        assert len(questions(other)) == 1


async def test_a_new_claim_replaces_the_old_one() -> None:
    async with House(EVERYTHING) as house:
        client = await house.login("anna/desk")
        await client.send(presence("urn:a"))
        await tell(house, client, "urn:a")
        assert client.session.interests == {"urn:a"}
        await client.send(presence("urn:b"))
        assert client.session.interests == {"urn:a"}
        (question,) = questions(client)
        await client.send(presence("urn:a"))
        assert client.session.interests == {"urn:a"}
        # The answer to a claim it no longer makes says nothing of it now, but of others.
        await answer(client, question, said("urn:b"))
        assert client.session.interests == {"urn:a"}
        other = await house.login("anna/phone")
        await other.send(presence("urn:b"))
        assert other.session.interests == {"urn:b"}


async def test_the_second_generation_alone() -> None:
    async with House(EVERYTHING) as house:
        client = await house.login("anna/desk")
        value = info.capability_hash(said("urn:a"), "sha-256")
        hash_ = f"<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>{value}</hash>"
        await client.send(f"<presence><c xmlns='urn:xmpp:caps'>{hash_}</c></presence>")
        (question,) = questions(client)
        assert question[0].get("node") == f"urn:xmpp:caps#sha-256.{value}"
        await answer(client, question, said("urn:a"))
        assert client.session.interests == {"urn:a"}
        assert knowledge(house).features(client.session)


async def test_directed_presence_and_farewells_claim_nothing() -> None:
    async with House(EVERYTHING) as house:
        await house.add_user("ben")
        client = await house.login("anna/desk")
        text = presence("urn:a").replace("<presence>", "<presence to='ben@example.org'>")
        await client.send(text)
        text = presence("urn:a").replace("<presence>", "<presence type='unavailable'>")
        await client.send(text)
        assert questions(client) == []


async def test_a_nonsensical_answer_is_none() -> None:
    async with House(EVERYTHING) as house:
        client = await house.login("anna/desk")
        await client.send(presence("urn:a"))
        (question,) = questions(client)
        await client.send(
            f"<iq type='result' id='{question.get('id')}' to='example.org'><x xmlns='u'/></iq>"
        )
        assert client.session.interests == frozenset()
