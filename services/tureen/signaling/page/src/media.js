// What flows: mediasoup-client's device, its two transports, and the producers and consumers on them, for one
// connection.

import { Device } from 'mediasoup-client';

// Three copies of the picture, so that the server can give each viewer what its network carries.
const SIMULCAST = [
  { scaleResolutionDownBy: 4, maxBitrate: 150_000, scalabilityMode: 'L1T3' },
  { scaleResolutionDownBy: 2, maxBitrate: 450_000, scalabilityMode: 'L1T3' },
  { scaleResolutionDownBy: 1, maxBitrate: 1_500_000, scalabilityMode: 'L1T3' },
];

/** How long a path may be broken before it is searched anew, in milliseconds: short gaps heal by themselves. */
const PATIENCE = 3_000;

export class Media {
  /** What this browser sends, by kind: mediasoup-client producers. */
  producers = new Map();
  #signaling;
  #device;
  #forceTcp;
  #onChange;
  #transports = { send: null, recv: null };
  #sending = null;
  #served = { send: null, recv: null };

  /**
   * @param {object} options
   * @param {import('./signaling.js').Signaling} options.signaling
   * @param {boolean} options.forceTcp Whether media must not use UDP.
   * @param {() => void} options.onChange Called when a transport's state changed.
   */
  constructor({ signaling, forceTcp, onChange }) {
    this.#signaling = signaling;
    this.#forceTcp = forceTcp;
    this.#onChange = onChange;
  }

  /** Learn what the room can carry, and open the way in. */
  async prepare() {
    this.#device = await Device.factory();
    const answer = await this.#signaling.request('getRouterRtpCapabilities');
    await this.#device.load({ routerRtpCapabilities: this.#signaling.dialect.capabilities(answer) });
    await this.#open('recv');
  }

  /** Open the way out; needed before `join` only by those who have something to send. */
  prepareToSend() {
    this.#sending ??= this.#open('send');
    return this.#sending;
  }

  get rtpCapabilities() {
    return this.#device.rtpCapabilities;
  }

  /** Where the server put what this browser sends; null when it does not say. */
  get sendPlace() {
    return this.#served.send;
  }

  /** Both transports, for tests and for the page's own display. */
  get transports() {
    return Object.entries(this.#transports)
      .filter(([, transport]) => transport)
      .map(([direction, transport]) => ({
        id: transport.id,
        direction,
        connectionState: transport.connectionState,
        served: this.#served[direction],
      }));
  }

  async #open(direction) {
    const { dialect } = this.#signaling;
    const answer = await this.#signaling.request(
      'createWebRtcTransport',
      dialect.transportRequest(direction, this.#forceTcp),
    );
    const { iceParameters, iceCandidates, dtlsParameters } = answer;
    const options = { id: dialect.transportId(answer), iceParameters, iceCandidates, dtlsParameters };
    const transport =
      direction === 'send'
        ? this.#device.createSendTransport(options)
        : this.#device.createRecvTransport(options);
    this.#transports[direction] = transport;
    this.#served[direction] = answer.served ?? null;
    transport.on('connect', ({ dtlsParameters: ours }, done, failed) => {
      this.#signaling
        .request('connectWebRtcTransport', { transportId: transport.id, dtlsParameters: ours })
        .then(done, failed);
    });
    transport.on('produce', ({ kind, rtpParameters, appData }, done, failed) => {
      this.#signaling
        .request('produce', { transportId: transport.id, kind, rtpParameters, appData })
        .then((produced) => done({ id: dialect.producerId(produced) }), failed);
    });
    this.#watch(transport);
  }

  /** Search a new path when the old one stays broken. */
  #watch(transport) {
    let timer = null;
    transport.on('connectionstatechange', (state) => {
      clearTimeout(timer);
      if (state === 'failed') this.#restartIce(transport);
      if (state === 'disconnected') timer = setTimeout(() => this.#restartIce(transport), PATIENCE);
      this.#onChange();
    });
  }

  async #restartIce(transport) {
    if (transport.closed || transport.connectionState === 'connected') return;
    try {
      const answer = await this.#signaling.request('restartIce', { transportId: transport.id });
      await transport.restartIce({ iceParameters: this.#signaling.dialect.iceParameters(answer) });
    } catch (error) {
      // The tile says that nothing arrives; joining anew, which would help, is for the person to decide.
      console.warn(`The ${transport.direction} transport could not be restarted: ${error.message}`);
    }
  }

  /** Send a track. */
  async produce(track) {
    await this.prepareToSend();
    const producer = await this.#transports.send.produce(
      track.kind === 'video' ? this.#video(track) : this.#audio(track),
    );
    this.producers.set(track.kind, producer);
    // A track that was muted before starts out paused here; the server does not know yet.
    if (producer.paused) await this.setPaused(track.kind, true);
  }

  #video(track) {
    const codec = this.#device.rtpCapabilities.codecs.find(
      ({ mimeType }) => mimeType.toLowerCase() === 'video/vp8',
    );
    return {
      ...this.#common(track),
      codec,
      encodings: SIMULCAST,
      codecOptions: { videoGoogleStartBitrate: 800 },
    };
  }

  #audio(track) {
    return { ...this.#common(track), codecOptions: { opusFec: true, opusDtx: false } };
  }

  /** The track is the call's and outlives this connection, so mediasoup-client must not end it. */
  #common(track) {
    return { track, stopTracks: false, appData: { source: track.kind } };
  }

  /** Stop sending one kind. */
  async stop(kind) {
    const producer = this.producers.get(kind);
    if (!producer) return;
    this.producers.delete(kind);
    producer.close();
    await this.#signaling.tell('closeProducer', { producerId: producer.id });
  }

  /** Pause or resume what is sent of one kind. */
  async setPaused(kind, paused) {
    const producer = this.producers.get(kind);
    if (!producer) return;
    if (paused) producer.pause();
    else producer.resume();
    await this.#signaling.tell(paused ? 'pauseProducer' : 'resumeProducer', { producerId: producer.id });
  }

  /** Receive what the server offers in `newConsumer`. */
  consume(data) {
    const { peerId, producerId, kind, rtpParameters, appData } = data;
    return this.#transports.recv.consume({
      id: this.#signaling.dialect.consumerId(data),
      producerId,
      kind,
      rtpParameters,
      // One stream a peer: the browser keeps lips and voice together within a stream.
      streamId: `${peerId}-${appData?.source === 'screensharing' ? 'screen' : 'camera'}`,
      appData: { ...appData, peerId },
    });
  }

  /** Close everything; tracks of camera and microphone live on, for the next connection. */
  close() {
    for (const transport of Object.values(this.#transports)) transport?.close();
  }
}
