// Node.js's side of control_plane.py; ../control_plane_ours.py is the same for tureen.mediasoup.
//
// usage: MEDIASOUP_WORKER_BIN=… node control_plane.mjs workload.json
//
// For each line on its standard input, {"case": "consume", "mode": "in flight", "count": 1000}, it does that case so
// often and prints {"seconds": …, "cpu": …}: wall-clock time, and processor time of this process alone.

import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

import * as mediasoup from 'mediasoup';

const IN_FLIGHT = 64;

const show = (values) => console.log(JSON.stringify(values));

async function oneAfterAnother(count, work) {
  for (let index = 0; index < count; index++) await work();
}

async function inFlight(count, work) {
  let left = count;
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (left-- > 0) await work();
  }));
}

const { mediaCodecs, listenInfos, rtpParameters } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const worker = await mediasoup.createWorker({ logLevel: 'none' });
const router = await worker.createRouter({ mediaCodecs });
// The endpoint has them from a message, so they are not the router's very own.
const rtpCapabilities = JSON.parse(JSON.stringify(router.rtpCapabilities));
let ssrc = 100_000;
let told; // What the endpoint has to be told.

const newTransport = () => router.createWebRtcTransport({ listenInfos });
const sending = await newTransport();
const receiving = await newTransport();

function newProducer() {
  const encodings = rtpParameters.encodings.map((encoding) => ({ ...encoding, ssrc: ssrc++, rtx: { ssrc: ssrc++ } }));
  return sending.produce({ kind: 'video', rtpParameters: { mid: String(ssrc++), ...rtpParameters, encodings } });
}

async function createTransport() {
  const transport = await newTransport();
  told = [transport.id, transport.iceParameters, transport.iceCandidates, transport.dtlsParameters];
  transport.close();
}

async function produce() {
  const producer = await newProducer();
  told = [producer.id];
  producer.close();
}

const producer = await newProducer();

async function consumeOn(transport) {
  const consumer = await transport.consume({ producerId: producer.id, rtpCapabilities });
  told = [consumer.id, consumer.producerId, consumer.kind, consumer.rtpParameters, consumer.producerPaused];
  return consumer;
}

async function manyConsumers(count) {
  const transport = await newTransport();
  const started = performance.now();
  await inFlight(count, () => consumeOn(transport));
  const seconds = (performance.now() - started) / 1000;
  transport.close();
  return seconds;
}

const works = {
  'create + close WebRtcTransport': createTransport,
  'produce + close': produce,
  'consume + close': async () => (await consumeOn(receiving)).close(),
  'transport.getStats': () => sending.getStats(),
  'worker.getResourceUsage': () => worker.getResourceUsage(),
};

async function run({ case: name, mode, count }) {
  if (name === 'consumers on one transport') return manyConsumers(count);
  const started = performance.now();
  await (mode === 'in sequence' ? oneAfterAnother : inFlight)(count, works[name]);
  return (performance.now() - started) / 1000;
}

show({ version: `Node.js ${process.version}`, mediasoup: mediasoup.version });
for await (const line of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  const seconds = await run(JSON.parse(line));
  const { user, system } = process.cpuUsage(before);
  show({ seconds, cpu: (user + system) / 1e6 });
}
worker.close();
