"""What slixmpp-omemo is asked to do: the same conversation in both protocols."""

# mypy: ignore-errors
# (the libraries live in an environment of their own)

import itertools

from omemo.session_manager import StillUndecided

from interop.capabilities import Seen, Situation
from interop.clients.report import main
from interop.clients.with_omemo.device import Device
from interop.clients.with_omemo.dialects import Axolotl, Dialect, Omemo2


async def omemo_axolotl(situation: Situation) -> Seen:
    return await _converse(situation, Axolotl())


async def omemo_2(situation: Situation) -> Seen:
    return await _converse(situation, Omemo2())


async def _converse(situation: Situation, dialect: Dialect) -> Seen:
    """Two people with two devices each; later bob gets a third one."""
    alice, bob = situation.alice, situation.bob
    first, second, third = situation.texts
    phone, laptop = [await Device(alice, situation, dialect).login() for _ in range(2)]
    watch, tablet = [await Device(bob, situation, dialect).login() for _ in range(2)]
    await phone.befriend(watch)
    devices = {"phone": phone, "laptop": laptop, "watch": watch, "tablet": tablet}
    seen: Seen = {"refused_before_trust": await _refuses(phone, watch, first)}
    await _trust_each_other(devices.values())

    await phone.say(bob, first)
    heard = {name: await devices[name].hear() for name in ("watch", "tablet", "laptop")}
    heard["phone"] = [first]
    await watch.say(str(phone.boundjid), second)  # the others get copies
    for name in ("phone", "laptop", "tablet"):
        heard[name] += await devices[name].hear()
    heard["watch"] += [second]

    devices["new"] = new = await Device(bob, situation, dialect).login()
    seen["refused_new_device"] = await _refuses(phone, new, third)
    await _trust_each_other([new, *list(devices.values())[:-1]], only=new)
    await phone.say(bob, third)
    for name in ("laptop", "watch", "tablet", "new"):
        heard[name] = heard.get(name, []) + await devices[name].hear()
    heard["phone"] += [third]
    seen["surplus"] = {name: await device.surplus() for name, device in devices.items()}

    watch.send_message(alice, situation.in_the_clear, mtype="chat")
    seen["in_the_clear"] = await _reads(phone, situation.in_the_clear)
    return {**seen, "heard": heard}


async def _trust_each_other(devices, only: Device | None = None) -> None:
    for one, other in itertools.permutations(devices, 2):
        if only in {None, one, other}:
            await one.trust(other)


async def _refuses(device: Device, other: Device, text: str) -> bool:
    """Whether the library does not encrypt for a device that nobody has looked at."""
    await device.find(other)
    try:
        await device.say(other.boundjid.bare, text)
    except StillUndecided:
        return True
    return False


async def _reads(device: Device, text: str) -> bool:
    """Whether a text that was not encrypted has arrived."""
    while True:
        (body,) = await device.bodies(1)
        if body == text:
            return True


if __name__ == "__main__":
    main(omemo_axolotl, omemo_2)
