// A call: joining a room, staying in it while connections come and go, and what the page knows of the people there.
//
// Emits `change` when anything shown changed, `countdown` while it waits to try again, and `notice` with a sentence
// for a toast.

import { Devices } from './devices.js';
import { outcomeOf, Unreachable } from './errors.js';
import { Media } from './media.js';
import { Peers } from './peers.js';
import { delayBefore } from './retry.js';
import { Signaling } from './signaling.js';

const BROWSERS = [
  ['firefox', 'Firefox'],
  ['edg/', 'Edge'],
  ['chrome', 'Chrome'],
  ['safari', 'Safari'],
];

/** A connection that broke sooner counts as a failed attempt, or a server in trouble would be asked without pause. */
const STOOD_MILLISECONDS = 2_000;

/** The browser, as mediasoup-demo's `join` wants it described. */
function device() {
  const agent = navigator.userAgent.toLowerCase();
  const [, name] = BROWSERS.find(([mark]) => agent.includes(mark)) ?? [];
  return { flag: name?.toLowerCase() ?? 'unknown', name: name ?? 'Unknown browser' };
}

export class Call extends EventTarget {
  /**
   * One of `starting`, `asking` (for camera and microphone), `connecting`, `joined`, `waiting` (to try again),
   * `full`, `ended` (by the server), `failed`, `left` (by the person).
   */
  state = 'starting';
  /** Why the call is in `waiting`, `full`, `ended` or `failed`; an Error. */
  error = null;
  /** Whether this page was in the room at some time: media may still flow while it reconnects. */
  wasJoined = false;
  devices = new Devices();
  peers = new Peers();
  /** What flows over the present connection; null without one. */
  media = null;
  #address;
  #dialect;
  #forceTcp;
  #signaling = null;
  #wake = null;
  #skip = null;
  #running = null;
  #sending = Promise.resolve();

  constructor({ address, roomId, peerId, displayName, dialect, forceTcp }) {
    super();
    this.#address = address;
    this.roomId = roomId;
    this.peerId = peerId;
    this.displayName = displayName;
    this.#dialect = dialect;
    this.#forceTcp = forceTcp;
    this.devices.addEventListener('change', () => this.#changed());
    this.devices.addEventListener('gone', ({ detail }) => this.#attempt(() => this.media?.stop(detail)));
    this.peers.addEventListener('change', () => this.#changed());
    this.peers.addEventListener('notice', ({ detail }) => this.#notice(detail));
  }

  /** Ask for camera and microphone, then join. Resolves when the call is over, however that came. */
  async start() {
    await this.#running;
    this.state = 'asking';
    this.#changed();
    await Promise.race([this.capture(), new Promise((resolve) => (this.#skip = resolve))]);
    await this.rejoin();
  }

  /** Do not wait for an answer to the browser's question; what it gives later is sent then. */
  skipCapture() {
    this.#skip?.();
  }

  /** Join, and stay until the person leaves or there is no point in trying. */
  rejoin() {
    this.#running ??= this.#stay().finally(() => (this.#running = null));
    return this.#running;
  }

  async #stay() {
    for (let failures = 0; this.state !== 'left';) {
      this.#become('connecting');
      const [outcome, stood] = await this.#connect();
      // Whoever was in the room waits for a place: its own old one may not have been given up yet.
      if (outcome !== 'again' && !(outcome === 'full' && this.wasJoined)) {
        this.#hangUp();
        this.#become(outcome);
        return;
      }
      failures = stood ? 0 : failures + 1;
      if (this.state !== 'left') await this.#pause(delayBefore(failures, Math.random));
    }
  }

  /** Leave the room. */
  leave() {
    this.#become('left');
    this.wasJoined = false;
    this.#skip?.();
    this.#wake?.();
    this.#hangUp();
    this.devices.closeAll();
  }

  /** While waiting: try now. */
  retryNow() {
    this.#wake?.();
  }

  /** Connect once and stay. Returns what ended it, and whether this page was in the room for a while. */
  async #connect() {
    let signaling = null;
    let joined = Infinity;
    try {
      signaling = await Signaling.open({
        address: this.#address,
        dialect: this.#dialect,
        onRequest: (method, data) => this.#onRequest(method, data),
        onNotification: (method, data) => this.peers.notify(method, data, this.#dialect),
      });
      // Only now: until here, media of the connection before may have kept flowing.
      this.#hangUp();
      this.#signaling = signaling;
      if (this.state === 'left') this.#hangUp();
      else await this.#join();
      joined = performance.now();
      this.error = await signaling.ended;
    } catch (error) {
      this.error = await this.#cause(signaling, error);
      if (signaling) this.#hangUp();
    }
    const stood = performance.now() - joined > STOOD_MILLISECONDS;
    return [this.state === 'left' ? 'left' : outcomeOf(this.error), stood];
  }

  /** What broke an attempt: whatever failed because the connection went away did so for that reason. */
  #cause(signaling, error) {
    if (!signaling) return error;
    return Promise.race([signaling.ended, new Promise((resolve) => setTimeout(resolve, 0, error))]);
  }

  async #join() {
    this.media = new Media({
      signaling: this.#signaling,
      forceTcp: this.#forceTcp,
      onChange: () => this.#changed(),
    });
    await this.media.prepare();
    if (this.devices.tracks.audio || this.devices.tracks.video) await this.media.prepareToSend();
    const { peers } = await this.#signaling.request('join', {
      displayName: this.displayName,
      device: device(),
      rtpCapabilities: this.media.rtpCapabilities,
    });
    this.peers.reset(peers.map((peer) => this.#dialect.peerOf(peer)));
    this.error = null;
    this.wasJoined = true;
    this.#become('joined');
    await this.#send();
  }

  /** Send every track that is not sent yet; one call at a time, since a device may come while others are being sent. */
  #send() {
    const { media } = this;
    const send = async () => {
      for (const [kind, track] of Object.entries(this.devices.tracks)) {
        if (!track || media !== this.media || media.producers.has(kind)) continue;
        await media.produce(track);
        if (this.devices.tracks[kind] !== track) await media.stop(kind);
        this.#changed();
      }
    };
    this.#sending = this.#sending.catch(() => {}).then(send);
    return this.#sending;
  }

  async #onRequest(method, data) {
    if (method !== 'newConsumer')
      throw Object.assign(new Error(`This page does not know ${method}.`), { code: 404 });
    const consumer = await this.media.consume(data);
    this.peers.addStream(data, consumer);
  }

  /** Wait, counting down, until the time is up or somebody wakes the call. */
  #pause(delay) {
    this.#become('waiting');
    const until = performance.now() + delay;
    return new Promise((resolve) => {
      const tick = () => {
        const left = Math.ceil((until - performance.now()) / 1000);
        if (left <= 0) this.#wake();
        else this.dispatchEvent(new CustomEvent('countdown', { detail: left }));
      };
      const timer = setInterval(tick, 250);
      this.#wake = () => {
        clearInterval(timer);
        this.#wake = null;
        resolve();
      };
      tick();
    });
  }

  #hangUp() {
    this.peers.closeStreams();
    this.media?.close();
    this.#signaling?.close();
    this.media = null;
    this.#signaling = null;
  }

  /** Ask for what is missing of camera and microphone, and send it if in the room. */
  capture() {
    return this.#add(() => this.devices.openAll());
  }

  /** Mute or unmute the microphone; ask for it if there is none yet. */
  toggleMicrophone() {
    const { devices } = this;
    if (!devices.tracks.audio) return this.#add(() => devices.open('audio'));
    devices.setMuted(!devices.muted);
    return this.#attempt(() => this.media?.setPaused('audio', devices.muted));
  }

  /** Turn the camera off, light included, or on. */
  toggleCamera() {
    const { devices } = this;
    if (!devices.tracks.video) return this.#add(() => devices.open('video'));
    devices.close('video');
    return this.#attempt(() => this.media?.stop('video'));
  }

  /** Open devices, and send what they give. */
  #add(open) {
    return this.#attempt(async () => {
      await open();
      if (this.state === 'joined') await this.#send();
    });
  }

  /** Run what a button started; a failure is told, not thrown. */
  async #attempt(action) {
    try {
      await action();
    } catch (error) {
      // Without a connection the page says so already, and joining again will bring the server up to date.
      if (!(error instanceof Unreachable)) this.#notice(error.message);
    }
    this.#changed();
  }

  /** Change the state, unless the person left meanwhile: that ends everything that was under way. */
  #become(state) {
    if (this.state === 'left') return;
    this.state = state;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }

  #notice(text) {
    this.dispatchEvent(new CustomEvent('notice', { detail: text }));
  }
}
