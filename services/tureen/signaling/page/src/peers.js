// The other people in the room, and what is received from each.

/**
 * @typedef {object} Stream
 * @property {import('mediasoup-client').types.Consumer} consumer
 * @property {'audio'|'video'} kind
 * @property {boolean} paused Whether its sender paused it.
 * @property {object|null} served The place that gives the stream to this page.
 * @property {object|null} source The place that takes it in from its sender.
 */

export class Peers extends EventTarget {
  /** By peer id: `{peerId, displayName, streams}`, with `streams` a Map from consumer id to Stream. */
  #peers = new Map();
  /** What was said of consumers while they were still being made, by consumer id: the newest word only. */
  #early = new Map();

  /** Everybody else in the room, in the order in which they came. */
  list() {
    return [...this.#peers.values()];
  }

  /** All that is received. */
  streams() {
    return this.list().flatMap(({ peerId, streams }) =>
      [...streams.values()].map((stream) => ({ peerId, ...stream })),
    );
  }

  /** Take over the list that the server gave on joining: those who are not on it have gone. */
  reset(peers) {
    const here = new Set(peers.map(({ peerId }) => peerId));
    for (const { peerId } of this.list()) if (!here.has(peerId)) this.#remove(peerId);
    for (const peer of peers) this.#add(peer);
    this.#early.clear();
    this.#changed();
  }

  /** Begin to show what was offered in `newConsumer`. */
  addStream(data, consumer) {
    const { peerId, kind, producerPaused, served, source } = data;
    const peer = this.#peers.get(peerId) ?? this.#add({ peerId, displayName: 'Somebody' });
    const stream = {
      consumer,
      kind,
      paused: Boolean(producerPaused),
      served: served ?? null,
      source: source ?? null,
    };
    peer.streams.set(consumer.id, stream);
    const word = this.#early.get(consumer.id);
    this.#early.delete(consumer.id);
    if (word) this.#consumerSaid(word, consumer.id);
    consumer.on('transportclose', () => this.#removeStream(consumer.id));
    this.#changed();
  }

  /** Handle a notification of the server; those that the page has no use for are ignored. */
  notify(method, data, dialect) {
    switch (method) {
      case 'newPeer': {
        const peer = this.#add(dialect.newPeer(data));
        this.#notice(`${peer.displayName} joined`);
        break;
      }
      case 'peerClosed':
        this.#leave(data.peerId);
        break;
      case 'peerDisplayNameChanged':
        this.#rename(data.peerId, data.displayName);
        break;
      case 'consumerClosed':
      case 'consumerPaused':
      case 'consumerResumed':
        this.#consumerSaid(method, data.consumerId);
        break;
      default:
        return;
    }
    this.#changed();
  }

  /**
   * Forget all streams, because the connection they came by is gone; the people stay until the server says who is
   * there.
   */
  closeStreams() {
    for (const { streams } of this.#peers.values()) {
      for (const { consumer } of streams.values()) consumer.close();
      streams.clear();
    }
    this.#changed();
  }

  #add({ peerId, displayName }) {
    const name = displayName || 'Somebody';
    const known = this.#peers.get(peerId);
    if (known) known.displayName = name;
    else this.#peers.set(peerId, { peerId, displayName: name, streams: new Map() });
    return this.#peers.get(peerId);
  }

  #leave(peerId) {
    const peer = this.#peers.get(peerId);
    if (!peer) return;
    this.#remove(peerId);
    this.#notice(`${peer.displayName} left`);
  }

  #remove(peerId) {
    for (const { consumer } of this.#peers.get(peerId).streams.values()) consumer.close();
    this.#peers.delete(peerId);
  }

  #rename(peerId, displayName) {
    const peer = this.#peers.get(peerId);
    if (peer) peer.displayName = displayName;
  }

  #find(consumerId) {
    return this.list()
      .find(({ streams }) => streams.has(consumerId))
      ?.streams.get(consumerId);
  }

  #consumerSaid(word, consumerId) {
    const stream = this.#find(consumerId);
    if (!stream) {
      this.#early.set(consumerId, word);
    } else if (word === 'consumerClosed') {
      stream.consumer.close();
      this.#removeStream(consumerId);
    } else {
      stream.paused = word === 'consumerPaused';
    }
  }

  #removeStream(consumerId) {
    for (const { streams } of this.#peers.values()) if (streams.delete(consumerId)) this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }

  #notice(text) {
    this.dispatchEvent(new CustomEvent('notice', { detail: text }));
  }
}
