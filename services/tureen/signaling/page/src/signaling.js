// One connection to the server, over protoo.
//
// protoo-client can reconnect by itself; here it does not, because the page says when it will try again and lets
// people try now. A connection that broke is thrown away, with everything that was waiting on it.

import { Peer, WebSocketTransport } from 'protoo-client';

import { Dismissed, ServerError, Unreachable } from './errors.js';

const ONCE = { retries: 0 };

export class Signaling {
  #peer;
  #dialect;
  #host;
  #ended;

  /**
   * Connect. Prefer `Signaling.open`, which waits until the connection stands.
   *
   * @param {object} options
   * @param {string} options.address The WebSocket's address, room and peer included.
   * @param {object} options.dialect One of `DIALECTS`.
   * @param {(method: string, data: object) => Promise<void>} options.onRequest Does what the server asks for, or
   *    throws.
   * @param {(method: string, data: object) => void} options.onNotification
   */
  constructor({ address, dialect, onRequest, onNotification }) {
    this.#dialect = dialect;
    this.#host = new URL(address).host;
    this.#peer = new Peer(new WebSocketTransport(address, { retry: ONCE }));
    this.#peer.on('request', async (request, accept, reject) => {
      try {
        await onRequest(request.method, request.data);
        accept();
      } catch (error) {
        reject(error.code ?? 500, error.message);
      }
    });
    this.#peer.on('notification', ({ method, data }) => onNotification(method, data));
  }

  /** Connect, and wait until the connection stands. Throws `Unreachable` or `Dismissed`. */
  static async open(options) {
    const signaling = new Signaling(options);
    await signaling.#opened();
    return signaling;
  }

  #opened() {
    return new Promise((resolve, reject) => {
      let opened = false;
      // How a connection that stood came to its end; settled once, by whatever comes first.
      this.#ended = new Promise((end) => {
        const lost = (error) => {
          if (opened) end(error);
          else reject(error);
          // Closing here keeps protoo-client from reconnecting on its own, and rejects what still waits for an
          // answer.
          this.close();
        };
        this.#peer.on('open', () => {
          opened = true;
          resolve();
        });
        this.#peer.on('failed', () =>
          lost(
            new Unreachable(
              `Nothing answers at ${this.#host}. Is the server running, and is this device online?`,
            ),
          ),
        );
        this.#peer.on('disconnected', () => lost(new Unreachable('The connection to the server broke.')));
        // Reached without one of the two before only if the server closed for good (code 4000), or by our own
        // `close()`.
        this.#peer.on('close', () => lost(new Dismissed()));
      });
    });
  }

  /** Resolves with the error that ended the connection, once it ended. */
  get ended() {
    return this.#ended;
  }

  get dialect() {
    return this.#dialect;
  }

  /** Ask, and wait for the answer. Throws `ServerError`, or `Unreachable` when the answer cannot come any more. */
  async request(method, data = {}) {
    try {
      return await this.#peer.request(method, data);
    } catch (error) {
      if (error.code !== undefined) throw new ServerError(error.code, error.message);
      throw new Unreachable(`No answer to ${method}: ${error.message}.`);
    }
  }

  /** Tell the server something: a request in one dialect, a notification in the other. */
  async tell(method, data) {
    if (!this.#dialect.tells) return void (await this.request(method, data));
    try {
      await this.#peer.notify(method, data);
    } catch (error) {
      throw new Unreachable(`${method} could not be sent: ${error.message}.`);
    }
  }

  close() {
    this.#peer.close();
  }
}
