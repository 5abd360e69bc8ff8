// A mediasoup-client page without a server of its own: what it asks for, the test answers through `ask`.

import { Device } from './mediasoup-client.js';

// Three copies of a 960 × 540 picture, with so little each that the largest starts at once.
const SIMULCAST = [
  { scaleResolutionDownBy: 4, maxBitrate: 100_000 },
  { scaleResolutionDownBy: 2, maxBitrate: 300_000 },
  { scaleResolutionDownBy: 1, maxBitrate: 900_000 },
];
const CAMERA = { width: { exact: 960 }, height: { exact: 540 }, frameRate: 15 };

const device = new Device();
const transports = {};
const producers = new Map();
const consumers = new Map();
const channels = new Map();

async function open(direction) {
  const options = await ask('open', {});
  const transport =
    direction === 'send' ? device.createSendTransport(options) : device.createRecvTransport(options);
  const tell = (method) => (details, done, failed) =>
    ask(method, { transportId: transport.id, ...details }).then(done, failed);
  transport.on('connect', tell('connect'));
  transport.on('produce', tell('produce'));
  transport.on('producedata', tell('produceData'));
  transports[direction] = transport;
}

function codecOf(mimeType) {
  return device.rtpCapabilities.codecs.find((codec) => codec.mimeType.toLowerCase() === mimeType.toLowerCase());
}

/** Keep what arrives on a channel, bytes as a list of numbers; the test takes it from there. */
function listen(channel) {
  const messages = [];
  channel.binaryType = 'arraybuffer';
  channel.on('message', (data) => messages.push(typeof data === 'string' ? data : [...new Uint8Array(data)]));
  channels.set(channel.id, { channel, messages });
}

const isOpen = (channel) =>
  channel.readyState === 'open' || new Promise((resolve) => channel.on('open', () => resolve(true)));

/** One kind of RTP stream from a getStats() report, each with the name of its codec. */
async function streams(of, type) {
  const report = await of.getStats();
  return [...report.values()]
    .filter((entry) => entry.type === type)
    .map((entry) => ({ ...entry, mimeType: report.get(entry.codecId)?.mimeType }));
}

window.peer = {
  async join(routerRtpCapabilities) {
    await device.load({ routerRtpCapabilities });
    await open('send');
    await open('recv');
    return device.rtpCapabilities;
  },

  canSend: (mimeType) => codecOf(mimeType) !== undefined,

  async produce(mimeType, { simulcast = false } = {}) {
    const kind = mimeType.split('/')[0];
    const media = await navigator.mediaDevices.getUserMedia({ [kind]: kind === 'video' ? CAMERA : true });
    const producer = await transports.send.produce({
      track: media.getTracks()[0],
      codec: codecOf(mimeType),
      encodings: simulcast ? SIMULCAST : undefined,
      codecOptions: kind === 'video' ? { videoGoogleStartBitrate: 1500 } : undefined,
    });
    producers.set(producer.id, producer);
    return producer.id;
  },

  async consume(options) {
    const consumer = await transports.recv.consume(options);
    consumers.set(consumer.id, consumer);
    // Chromium decodes, and counts, only what is played.
    const element = document.body.appendChild(document.createElement(options.kind));
    element.srcObject = new MediaStream([consumer.track]);
    element.play();
  },

  sent: (producerId) => streams(producers.get(producerId), 'outbound-rtp'),
  received: (consumerId) => streams(consumers.get(consumerId), 'inbound-rtp'),

  async produceData(options) {
    const channel = await transports.send.produceData(options);
    channels.set(channel.id, { channel });
    await isOpen(channel);
    return channel.id;
  },

  async consumeData(options) {
    const channel = await transports.recv.consumeData(options);
    listen(channel);
    await isOpen(channel);
  },

  say(id, message) {
    channels.get(id).channel.send(typeof message === 'string' ? message : new Uint8Array(message));
  },

  heard: (id) => channels.get(id).messages,
};
