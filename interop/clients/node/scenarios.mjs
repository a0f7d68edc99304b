// What @xmpp/client is asked to do; `scenarios.mjs NAME SITUATION` prints what it saw as JSON.

import { Client, occurs, xml } from "./client.mjs";

const ARCHIVE = "urn:xmpp:mam:2";
const CARBONS = "urn:xmpp:carbons:2";
const FORWARD = "urn:xmpp:forward:0";
const PAGES = "http://jabber.org/protocol/rsm";
const USER_AGENT = "d4565fa7-4d72-4749-b3d3-740edbf87770";
const RECEIPTS = "urn:xmpp:receipts";

const scenarios = {
  starttls: (situation) => login(situation, false),

  direct_tls: (situation) => login(situation, true),

  async sasl2(situation) {
    const mechanisms = [];
    const client = new Client(situation.alice, situation);
    client.entity.on("send", ({ name, attrs }) => {
      if (name === "authenticate") mechanisms.push(attrs.mechanism);
    });
    const alice = await client.login();
    const seen = { jid: alice.jid.toString(), encrypted: alice.entity.isSecure() };
    await alice.logout();
    return { ...seen, mechanisms };
  },

  async messages({ texts, ...situation }) {
    const [alice, bob] = await both(situation);
    for (const text of texts) await alice.say(bob.bare, text);
    const bobGot = await bob.bodies(texts.length);
    for (const text of texts) await bob.say(alice.jid.toString(), text);
    const aliceGot = await alice.bodies(texts.length);
    return {
      bob_got: [...bobGot, ...(await bob.surplus())],
      alice_got: [...aliceGot, ...(await alice.surplus())],
    };
  },

  async roster(situation) {
    const [alice, bob] = await both(situation);
    const [a, b] = [alice.bare, bob.bare];
    await alice.setRoster({ jid: b, name: "Bob" }, "Friends");
    await alice.send("presence", { to: b, type: "subscribe" });
    await bob.presence("subscribe", a);
    await bob.send("presence", { to: a, type: "subscribed" });
    await bob.send("presence", { to: a, type: "subscribe" });
    await alice.presence("subscribe", b);
    await alice.send("presence", { to: b, type: "subscribed" });
    const aliceSaw = await alice.presence(undefined, b);
    const bobSaw = await bob.presence(undefined, a);
    const seen = {
      alice_roster: await alice.rosterItem(b),
      bob_roster: await bob.rosterItem(a),
      alice_saw_bob: aliceSaw.attrs.from === bob.jid.toString(),
      bob_saw_alice: bobSaw.attrs.from === alice.jid.toString(),
    };
    await alice.setRoster({ jid: b, subscription: "remove" });
    await bob.presence("unsubscribed", a);
    return {
      ...seen,
      alice_roster_after_removal: await alice.rosterItem(b),
      bob_subscription_after_removal: (await bob.rosterItem(a))?.subscription ?? null,
    };
  },

  async carbons({ texts, ...situation }) {
    const options = { resource: "laptop" };
    const laptop = await new Client(situation.alice, situation, options).login();
    await laptop.request("set", xml("enable", { xmlns: CARBONS }));
    const [phone, bob] = await both(situation);
    for (const text of texts) await bob.say(phone.jid.toString(), text);
    const received = await copies(laptop, "received", texts.length);
    for (const text of texts) await phone.say(bob.jid.toString(), text);
    return { received, sent: await copies(laptop, "sent", texts.length) };
  },

  async receipts(situation) {
    const [alice, bob] = await both(situation);
    const id = "receipt-please";
    await alice.send(
      "message",
      { to: bob.jid.toString(), type: "chat", id },
      xml("body", {}, situation.texts[0]),
      xml("request", { xmlns: RECEIPTS }),
    );
    const [message] = await bob.messages(1);
    if (!message.getChild("request", RECEIPTS)) throw new Error("the request was lost");
    await bob.send(
      "message",
      { to: message.attrs.from, type: "chat" },
      xml("received", { xmlns: RECEIPTS, id: message.attrs.id }),
    );
    const receipt = await alice.take((stanza) => stanza.getChild("received", RECEIPTS));
    return { sent: id, received: [receipt.getChild("received", RECEIPTS).attrs.id] };
  },

  async offline({ texts, ...situation }) {
    const alice = await new Client(situation.alice, situation).login();
    for (const text of texts) await alice.say(situation.bob, text);
    await alice.ping();
    const bob = await new Client(situation.bob, situation).login();
    const got = await bob.messages(texts.length);
    return {
      bodies: [
        ...got.map((message) => message.getChildText("body")),
        ...(await bob.surplus()),
      ],
      delayed: got.map((message) => Boolean(message.getChild("delay", "urn:xmpp:delay"))),
    };
  },

  async archive({ texts, ...situation }) {
    const [alice, bob] = await both(situation);
    for (const text of texts) await alice.say(bob.bare, text);
    await bob.bodies(texts.length);
    const bodies = [];
    for (let pages = 1, after; ; pages++) {
      const fin = await page(alice, bob.bare, after, bodies);
      const complete = fin.attrs.complete === "true";
      after = fin.getChild("set", PAGES)?.getChildText("last");
      if (complete || !after) return { bodies, pages, complete };
    }
  },

  // One device that keeps what the server gives it instead of the password.
  async tokens(situation) {
    const userAgent = xml("user-agent", { id: USER_AGENT }, xml("software", {}, "interop"));
    const seen = { jids: [], resources: [], mechanisms: [] };
    let kept = null;

    async function login(password) {
      const device = new Client(situation.alice, situation, { password, userAgent });
      Object.assign(device.entity.fast, {
        saveToken: async (token) => void (kept = token),
        fetchToken: async () => kept,
        deleteToken: async () => void (kept = null),
      });
      device.entity.on("send", ({ name, attrs }) => {
        if (name === "authenticate") seen.mechanisms.push(attrs.mechanism);
      });
      await device.login();
      seen.jids.push(device.jid.toString());
      seen.resources.push(device.jid.resource);
      await device.logout();
    }

    await login(situation.password);
    await login("wrong");
    kept = { ...kept, token: "spoilt" };
    await login(situation.password);
    const renewed = kept !== null && kept.token !== "spoilt";
    const mechanisms = [...seen.mechanisms];
    kept = null;
    const refused = await login("wrong").catch(({ condition }) => condition);
    return { ...seen, mechanisms, renewed, refused };
  },

  // COMPAT: @xmpp/stream-management 0.14 does not count the replies to the client's own requests,
  // and so asks for too much when it resumes: alice requests nothing before.
  async resumption({ texts, ...situation }) {
    const alice = await new Client(situation.alice, situation).login({ roster: false });
    const bob = await new Client(situation.bob, situation).login();
    const before = alice.jid.toString();
    await bob.say(before, texts[0]);
    const aliceGot = await alice.bodies(1);
    const disconnected = occurs(alice.entity, "disconnect");
    const resumed = occurs(alice.entity.streamManagement, "resumed");
    const unacknowledged = texts.map((text) => alice.say(bob.jid.toString(), text));
    await Promise.allSettled(unacknowledged);
    alice.cut();
    await disconnected;
    for (const text of texts.slice(1)) await bob.say(before, text);
    await bob.ping();
    await resumed;
    aliceGot.push(...(await alice.bodies(texts.length - 1)));
    const bobGot = await bob.bodies(texts.length);
    return {
      resumed: true,
      jid_before: before,
      jid_after: alice.jid.toString(),
      alice_got: [...aliceGot, ...(await alice.surplus())],
      bob_got: [...bobGot, ...(await bob.surplus())],
    };
  },
};

async function login(situation, directTLS) {
  const alice = await new Client(situation.alice, situation, { directTLS }).login();
  const seen = { jid: alice.jid.toString(), encrypted: alice.entity.isSecure() };
  await alice.logout();
  return seen;
}

async function both(situation) {
  const alice = await new Client(situation.alice, situation).login();
  return [alice, await new Client(situation.bob, situation).login()];
}

// The bodies of the next carbons of one direction.
async function copies(client, direction, count) {
  const bodies = [];
  while (bodies.length < count) {
    const copy = await client.take((stanza) => stanza.getChild(direction, CARBONS));
    const forwarded = copy.getChild(direction, CARBONS).getChild("forwarded", FORWARD);
    bodies.push(forwarded.getChild("message").getChildText("body"));
  }
  return bodies;
}

// One page of the archive with somebody; the bodies are appended.
async function page(client, partner, after, bodies) {
  const note = (stanza) => {
    const result = stanza.getChild("result", ARCHIVE);
    const message = result?.getChild("forwarded", FORWARD)?.getChild("message");
    if (message) bodies.push(message.getChildText("body"));
  };
  client.entity.on("stanza", note);
  const form = xml(
    "x",
    { xmlns: "jabber:x:data", type: "submit" },
    field("FORM_TYPE", ARCHIVE, "hidden"),
    field("with", partner),
  );
  const set = xml("set", { xmlns: PAGES }, xml("max", {}, "2"));
  if (after) set.append(xml("after", {}, after));
  const answer = await client.request("set", xml("query", { xmlns: ARCHIVE }, form, set));
  client.entity.removeListener("stanza", note);
  return answer.getChild("fin", ARCHIVE);
}

function field(name, value, type) {
  return xml("field", { var: name, type }, xml("value", {}, value));
}

const [name, situation] = process.argv.slice(2);
console.log(JSON.stringify(await scenarios[name](JSON.parse(situation))));
process.exit(0);
