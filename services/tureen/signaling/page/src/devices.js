// One's own camera and microphone, as they come and go; they outlive the connections over which they are sent.
//
// Emits `change` when a track came or went, and `gone` with its kind when one went by itself: unplugged, or taken back
// in the browser's own settings.

import { captureAll, captureOne } from './capture.js';

export class Devices extends EventTarget {
  /** Tracks by kind; null where there is none. */
  tracks = { audio: null, video: null };
  /** Why a camera or microphone is missing; a CaptureProblem or null. */
  problem = null;
  #closed = false;

  /** Whether no sound is taken in. */
  get muted() {
    return !this.tracks.audio?.enabled;
  }

  /** Ask for both, and keep what is new. Does not throw; `problem` says what is missing, and why. */
  async openAll() {
    this.#closed = false;
    const { problem, ...tracks } = await captureAll();
    this.problem = problem;
    for (const [kind, track] of Object.entries(tracks)) if (track) this.#keep(kind, track);
    this.#changed();
  }

  /** Ask for one. Throws CaptureProblem. */
  async open(kind) {
    this.#keep(kind, await captureOne(kind));
    this.problem = null;
    this.#changed();
  }

  /** Mute or unmute the microphone, for those who have one. */
  setMuted(muted) {
    this.tracks.audio.enabled = !muted;
    this.#changed();
  }

  /** Let one go; its light goes out. */
  close(kind) {
    this.tracks[kind]?.stop();
    this.tracks[kind] = null;
    this.#changed();
  }

  /** Let both go, and whatever the browser may still grant. */
  closeAll() {
    this.#closed = true;
    for (const kind of Object.keys(this.tracks)) this.close(kind);
  }

  #keep(kind, track) {
    // Somebody clicked twice, or left before the browser's question was answered.
    if (this.tracks[kind] || this.#closed) return void track.stop();
    this.tracks[kind] = track;
    // Not emitted for tracks that the page itself stops.
    track.addEventListener('ended', () => {
      if (this.tracks[kind] !== track) return;
      this.tracks[kind] = null;
      this.#changed();
      this.dispatchEvent(new CustomEvent('gone', { detail: kind }));
    });
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
