// Node.js's mediasoup on the workload of control_plane.py. Prints one line of JSON: seconds per case.
//
// usage: MEDIASOUP_WORKER_BIN=… node control_plane.mjs workload.json '{"sequence": 1000, "inFlight": 64, "consumers": 1000}'

import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

import * as mediasoup from 'mediasoup';

const { mediaCodecs, listenInfos, rtpParameters } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { sequence, inFlight, consumers } = JSON.parse(process.argv[3]);

const worker = await mediasoup.createWorker({ logLevel: 'none' });
const router = await worker.createRouter({ mediaCodecs });
const createTransport = () => router.createWebRtcTransport({ listenInfos });
let ssrc = 100_000;

function freshParameters() {
  const encodings = rtpParameters.encodings.map((encoding) => ({ ...encoding, ssrc: ssrc++, rtx: { ssrc: ssrc++ } }));
  return { ...rtpParameters, mid: undefined, encodings };
}

async function inSequence(count, work) {
  const started = performance.now();
  for (let index = 0; index < count; index++) await work();
  return (performance.now() - started) / 1000;
}

async function together(count, width, work) {
  const started = performance.now();
  let left = count;
  await Promise.all(Array.from({ length: width }, async () => {
    while (left-- > 0) await work();
  }));
  return (performance.now() - started) / 1000;
}

const sending = await createTransport();
const receiving = await createTransport();
const producer = await sending.produce({ kind: 'video', rtpParameters: freshParameters() });
const { rtpCapabilities } = router;
const createAndClose = async () => (await createTransport()).close();
const produceAndClose = async () => (await sending.produce({ kind: 'video', rtpParameters: freshParameters() })).close();
const consumeAndClose = async () => (await receiving.consume({ producerId: producer.id, rtpCapabilities })).close();

async function manyConsumers() {
  const transport = await createTransport();
  const seconds = await together(consumers, inFlight, () => transport.consume({ producerId: producer.id, rtpCapabilities }));
  transport.close();
  return seconds;
}

const cases = {
  'create + close WebRtcTransport, in sequence': () => inSequence(sequence, createAndClose),
  'create + close WebRtcTransport, in flight': () => together(sequence, inFlight, createAndClose),
  'produce + close, in sequence': () => inSequence(sequence, produceAndClose),
  'produce + close, in flight': () => together(sequence, inFlight, produceAndClose),
  'consume + close, in sequence': () => inSequence(sequence, consumeAndClose),
  'consume + close, in flight': () => together(sequence, inFlight, consumeAndClose),
  'transport.getStats, in sequence': () => inSequence(sequence, () => sending.getStats()),
  'transport.getStats, in flight': () => together(sequence, inFlight, () => sending.getStats()),
  'worker.getResourceUsage, in sequence': () => inSequence(sequence, () => worker.getResourceUsage()),
  'worker.getResourceUsage, in flight': () => together(sequence, inFlight, () => worker.getResourceUsage()),
  'consumers on one transport, in flight': manyConsumers,
};

const seconds = {};
for (const [name, run] of Object.entries(cases)) {
  await run(); // Once to warm up.
  seconds[name] = await run();
}
worker.close();
console.log(JSON.stringify({ version: process.version, seconds }));
