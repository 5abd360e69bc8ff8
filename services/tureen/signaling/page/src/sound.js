// Plays what is heard: one audio element a stream, outside the tiles, so that a tile may come and go without a gap.

/** Plays audio streams, and knows whether the browser refuses to until somebody clicks. */
export class Sound {
  #players = new Map();
  #onChange;
  /** Whether the browser keeps the page silent; a click must call `unlock`. */
  locked = false;

  constructor({ onChange }) {
    this.#onChange = onChange;
  }

  /** Play exactly these streams: consumers of kind audio. */
  play(consumers) {
    const ids = new Set(consumers.map(({ id }) => id));
    for (const [id, player] of this.#players) {
      if (ids.has(id)) continue;
      player.srcObject = null;
      this.#players.delete(id);
    }
    for (const { id, track } of consumers) {
      if (this.#players.has(id)) continue;
      const player = new Audio();
      player.srcObject = new MediaStream([track]);
      this.#players.set(id, player);
      this.#start(player);
    }
  }

  /** Try once more; call it from a click. */
  unlock() {
    this.#lock(false);
    for (const player of this.#players.values()) this.#start(player);
  }

  async #start(player) {
    try {
      await player.play();
    } catch (error) {
      // A stream that ended before it began throws AbortError, which is nobody's concern.
      if (error.name === 'NotAllowedError') this.#lock(true);
    }
  }

  #lock(locked) {
    if (this.locked === locked) return;
    this.locked = locked;
    this.#onChange();
  }
}
