// One @xmpp/client that can be waited for.
// NODE_EXTRA_CA_CERTS holds the server's certificate, so that TLS is verified.

import { webcrypto } from "node:crypto";

import { client, jid, xml } from "@xmpp/client";

// Debian 12's Node.js 18 has no global one, which @xmpp/client 0.14 takes for granted.
globalThis.crypto ??= webcrypto;

const PATIENCE = 60_000;
const ROSTER = "jabber:iq:roster";

export class Client {
  #inbox = [];
  #waiting = [];

  constructor(address, situation, options = {}) {
    const { directTLS = false, resource = "node", password, userAgent } = options;
    const { local, domain } = jid(address);
    this.domain = domain;
    this.entity = client({
      service: directTLS
        ? `xmpps://${domain}:${situation.c2s_tls}`
        : `xmpp://${domain}:${situation.c2s}`,
      domain,
      username: local,
      password: password ?? situation.password,
      resource,
      userAgent,
    });
    this.entity.timeout = PATIENCE;
    this.entity.on("error", (error) => (this.error = error));
    this.entity.on("stanza", (stanza) => this.#arrived(stanza));
    this.entity.iqCallee.set(ROSTER, "query", () => true);
  }

  get jid() {
    return this.entity.jid;
  }

  get bare() {
    return this.jid.bare().toString();
  }

  // Connect, authenticate, bind; ask for the roster and become available.
  async login({ roster = true } = {}) {
    // COMPAT: @xmpp/connection 0.14 listens for the server's header only once its own is written,
    // and then may miss it: start() fails although the login goes on.
    const online = new Promise((happened) => this.entity.once("online", happened));
    await within(Promise.race([online, this.entity.start()]), "login");
    if (roster) await this.request("get", xml("query", { xmlns: ROSTER }));
    await this.entity.send(xml("presence"));
    return this;
  }

  logout() {
    return this.entity.stop();
  }

  // Take the connection away without closing the stream, as a failing network does.
  cut() {
    const { socket } = this.entity;
    (socket.socket ?? socket).destroy();
  }

  send(...arguments_) {
    return this.entity.send(xml(...arguments_));
  }

  say(to, text) {
    return this.send("message", { to, type: "chat" }, xml("body", {}, text));
  }

  async request(type, payload, to) {
    return this.entity.iqCaller.request(xml("iq", { type, to }, payload), PATIENCE);
  }

  ping() {
    return this.request("get", xml("ping", { xmlns: "urn:xmpp:ping" }), this.domain);
  }

  // The next stanza that the function likes; what it does not like stays for others.
  take(likes) {
    const at = this.#inbox.findIndex(likes);
    if (at >= 0) return Promise.resolve(this.#inbox.splice(at, 1)[0]);
    return within(new Promise((found) => this.#waiting.push({ likes, found })), likes);
  }

  async messages(count) {
    const got = [];
    while (got.length < count) got.push(await this.take(hasBody));
    return got;
  }

  async bodies(count) {
    return (await this.messages(count)).map((message) => message.getChildText("body"));
  }

  // Bodies that arrived although nobody expects them; a round trip flushes them out.
  async surplus() {
    await this.ping();
    return this.#inbox.filter(hasBody).map((message) => message.getChildText("body"));
  }

  presence(type, sender) {
    return this.take(
      ({ name, attrs }) =>
        name === "presence" && attrs.type === type && jid(attrs.from).bare().toString() === sender,
    );
  }

  // One roster entry as the server has it now.
  async rosterItem(address) {
    const result = await this.request("get", xml("query", { xmlns: ROSTER }));
    const items = result.getChild("query", ROSTER).getChildren("item");
    const item = items.find(({ attrs }) => attrs.jid === address);
    if (!item) return null;
    const groups = item.getChildren("group").map((group) => group.text());
    return { subscription: item.attrs.subscription, name: item.attrs.name ?? "", groups };
  }

  setRoster(attrs, ...groups) {
    const children = groups.map((group) => xml("group", {}, group));
    const item = xml("item", attrs, ...children);
    return this.request("set", xml("query", { xmlns: ROSTER }, item));
  }

  #arrived(stanza) {
    const at = this.#waiting.findIndex(({ likes }) => likes(stanza));
    if (at >= 0) this.#waiting.splice(at, 1)[0].found(stanza);
    else this.#inbox.push(stanza);
  }
}

export function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came in time: ${what}`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export function occurs(emitter, event) {
  return within(new Promise((happened) => emitter.once(event, happened)), event);
}

function hasBody(stanza) {
  return stanza.name === "message" && stanza.getChildText("body") !== null;
}

export { xml };
