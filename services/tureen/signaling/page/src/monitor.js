// Watches the streams of a call: every second their rates, several times a second how loud they are.

import { qualityText } from './rates.js';
import { Sampler } from './stats.js';

const RATES_MILLISECONDS = 1_000;
const LEVELS_MILLISECONDS = 120;
/** How long nothing may arrive on an unpaused stream before the tile says so, in milliseconds. */
const SILENCE_MILLISECONDS = 4_000;

export class Monitor {
  #call;
  #tiles;
  #sampler = new Sampler();
  /** When each peer's last packet came, by performance.now(). */
  #heard = new Map();
  #onStall;

  /**
   * @param {object} options
   * @param {import('./call.js').Call} options.call
   * @param {import('./tiles.js').Tiles} options.tiles
   * @param {() => void} options.onStall Called when a peer's media stopped or came back.
   */
  constructor({ call, tiles, onStall }) {
    this.#call = call;
    this.#tiles = tiles;
    this.#onStall = onStall;
    this.#repeat(() => this.#showRates(), RATES_MILLISECONDS);
    this.#repeat(() => this.#showLevels(), LEVELS_MILLISECONDS);
  }

  /** Whether media of this peer should come, and does not. */
  stalled(peerId) {
    const heard = this.#heard.get(peerId);
    return heard !== undefined && performance.now() - heard > SILENCE_MILLISECONDS;
  }

  /** Run again and again, each time only after the last has ended. */
  async #repeat(action, every) {
    for (;;) {
      try {
        await action();
      } catch (error) {
        // A stream that closed while it was being asked; the next round does without it.
        console.debug(error);
      }
      await new Promise((resolve) => setTimeout(resolve, every));
    }
  }

  async #showRates() {
    const { call } = this;
    const live = call.peers.streams().filter(({ paused, consumer }) => !paused && !consumer.closed);
    const producers = [...(call.media?.producers.values() ?? [])];
    const [ours, theirs] = await Promise.all([
      Promise.all(
        producers.map(async (producer) => ({
          kind: producer.kind,
          ...(await this.#sampler.producer(producer)),
        })),
      ),
      Promise.all(
        live.map(async (stream) => ({ ...stream, ...(await this.#sampler.consumer(stream.consumer)) })),
      ),
    ]);
    this.#sampler.keep(new Set([...producers, ...live.map(({ consumer }) => consumer)].map(({ id }) => id)));
    this.#show(call.peerId, ours);
    for (const { peerId } of call.peers.list()) {
      this.#show(
        peerId,
        theirs.filter((stream) => stream.peerId === peerId),
      );
    }
    this.#noteSilence(theirs);
  }

  get call() {
    return this.#call;
  }

  #show(peerId, samples) {
    const tile = this.#tiles.get(peerId);
    if (!tile) return;
    const picture = samples.find(({ kind }) => kind === 'video');
    const bitrates = samples.map(({ bitrate }) => bitrate).filter((bitrate) => bitrate !== null);
    const bitrate = bitrates.length > 0 ? bitrates.reduce((total, one) => total + one, 0) : null;
    tile.quality = qualityText({ ...picture, bitrate });
  }

  #noteSilence(streams) {
    const now = performance.now();
    const before = new Set([...this.#heard.keys()].filter((peerId) => this.stalled(peerId)));
    const expected = new Set(streams.map(({ peerId }) => peerId));
    for (const peerId of this.#heard.keys()) if (!expected.has(peerId)) this.#heard.delete(peerId);
    for (const { peerId, packets } of streams)
      if (packets > 0 || !this.#heard.has(peerId)) this.#heard.set(peerId, now);
    const after = new Set([...expected].filter((peerId) => this.stalled(peerId)));
    if (before.size !== after.size || [...after].some((peerId) => !before.has(peerId))) this.#onStall();
  }

  async #showLevels() {
    for (const { peerId, kind, consumer, paused } of this.#call.peers.streams()) {
      if (kind !== 'audio') continue;
      const [source] = paused ? [] : (consumer.rtpReceiver?.getSynchronizationSources() ?? []);
      this.#level(peerId, source?.audioLevel ?? 0);
    }
    this.#level(this.#call.peerId, await this.#ownLevel());
  }

  async #ownLevel() {
    const producer = this.#call.media?.producers.get('audio');
    if (!producer || producer.paused || producer.closed) return 0;
    const stats = await producer.rtpSender.getStats();
    return [...stats.values()].find(({ type }) => type === 'media-source')?.audioLevel ?? 0;
  }

  /** Loudness grows with the root of the amplitude, more or less, as ears have it. */
  #level(peerId, amplitude) {
    const tile = this.#tiles.get(peerId);
    if (tile) tile.level = Math.min(1, Math.sqrt(amplitude) * 1.6);
  }
}
