// Node.js's side of wire.py: mediasoup behind NATS and msgpack, as one writes it in an afternoon. It validates nothing,
// books nothing and publishes no events.
//
// usage: MEDIASOUP_WORKER_BIN=… TUREEN_READY_FD=3 node sidecar.mjs nats://127.0.0.1:4222

import { writeSync } from 'node:fs';

import { decode, encode } from '@msgpack/msgpack';
import { connect, headers } from '@nats-io/transport-node';
import * as mediasoup from 'mediasoup';

const worker = await mediasoup.createWorker({ logLevel: 'warn' });
const workerId = 'peer';
const routers = new Map();
const transports = new Map();

const methods = {
  async 'worker.createRouter'({ mediaCodecs }) {
    const router = await worker.createRouter({ mediaCodecs });
    routers.set(router.id, router);
    return { id: router.id, rtpCapabilities: router.rtpCapabilities };
  },
  async 'router.createWebRtcTransport'({ routerId, ...options }) {
    const transport = await routers.get(routerId).createWebRtcTransport(options);
    const { id, iceRole, iceParameters, iceCandidates, dtlsParameters, sctpParameters } = transport;
    transports.set(id, transport);
    transport.observer.on('close', () => transports.delete(id));
    return { id, iceRole, iceParameters, iceCandidates, dtlsParameters, sctpParameters };
  },
  'transport.close'({ transportId }) {
    transports.get(transportId)?.close();
    return {};
  },
};

async function answer(message) {
  const method = message.subject.split('.').slice(-2).join('.');
  try {
    message.respond(encode(await methods[method](decode(message.data)), { ignoreUndefined: true }));
  } catch (error) {
    const named = headers();
    named.set('Nats-Service-Error', error.message);
    message.respond(encode({ message: error.message }), { headers: named });
  }
}

const nats = await connect({ servers: process.argv[2] });
nats.subscribe('tureen.v1.*.node.peer.>', { callback: (_error, message) => void answer(message) });
await nats.flush();
process.on('SIGTERM', async () => {
  await nats.close();
  worker.close();
});
const version = `Node.js ${process.version}`;
writeSync(Number(process.env.TUREEN_READY_FD), `${JSON.stringify({ workers: [workerId], version })}\n`);
