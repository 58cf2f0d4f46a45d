// A wire between browser and server that can be cut: a TCP relay that closes every connection and refuses new ones until it is mended.
import { connect, createServer } from "node:net";

export class Wire {
  #sockets = new Set();
  #cut = false;

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
