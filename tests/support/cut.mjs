// A wire between browser and server that can be cut: a TCP relay that closes every connection and refuses new ones until it is mended. It can also
// hold back the event stream alone, so that what takes milliseconds can be looked at while it is under way.
import { connect, createServer } from "node:net";

export class Wire {
  #sockets = new Set();
  #cut = false;
  #held = false;
  #streams = new Set();
  #back = new WeakMap();

  static async open() {
    const wire = new Wire();
    wire.listener = createServer((near) => wire.#join(near)).listen(0, "127.0.0.1");
    await new Promise((resolve) => wire.listener.once("listening", resolve));
    wire.port = wire.listener.address().port;
    wire.url = `http://127.0.0.1:${wire.port}`;
    return wire;
  }

  /** The server must be told its public address, this wire's, before it starts; so the wire learns of the server afterwards. */
  leadsTo(port) {
    this.target = port;
  }

  #join(near) {
    if (this.#cut) return near.destroy();
    const far = connect(this.target, "127.0.0.1");
    for (const [socket, other] of [[near, far], [far, near]]) {
      this.#sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    near.pipe(far).pipe(near);
    near.on("data", (chunk) => {
      if (!chunk.includes("GET /api/v1/events")) return;
      this.#streams.add(far);
      if (this.#held) far.unpipe(near).pause();
    });
    far.on("close", () => this.#streams.delete(far));
    this.#back.set(far, near);
  }

  /** Nothing of the event stream arrives until `release`; every request is answered as before. */
  hold() {
    this.#held = true;
    for (const far of this.#streams) far.unpipe(this.#back.get(far)).pause();
  }

  release() {
    this.#held = false;
    for (const far of this.#streams) far.pipe(this.#back.get(far));
  }

  cut() {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() {
    this.#cut = false;
  }

  async close() {
    this.cut();
    await new Promise((resolve) => this.listener.close(resolve));
  }
}
