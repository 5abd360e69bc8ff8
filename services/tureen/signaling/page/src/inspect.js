// `window.tureen`: what scripts and tests may read of the call. Read-only, and stable within a major version.
//
//     tureen.peerId, tureen.roomId     who and where this page is
//     tureen.dialect                   `classic` or `typescript`
//     tureen.state                     `starting`, `asking`, `connecting`, `joined`, `waiting`, `full`, `ended`,
//                                      `failed` or `left`
//     tureen.error                     null, or {type, message} of what stopped the call
//     tureen.peers()                   [{peerId, displayName}], without this page
//     tureen.transports()              [{id, direction: 'send'|'recv', connectionState, served}]
//     await tureen.stats()             for each stream received: {peerId, kind, consumerId, producerId, paused, served,
//                                      source, packetsReceived, packetsLost, bytesReceived, jitter, framesDecoded,
//                                      framesDropped, keyFramesDecoded, framesPerSecond, frameWidth, frameHeight,
//                                      totalAudioEnergy}
//     await tureen.sent()              for each stream sent: {kind, producerId, paused, served, packetsSent, bytesSent,
//                                      framesEncoded, encodings, frameWidth, frameHeight}
//
// `served` and `source` are places, {nodeId, workerId, workerIndex, routerId}, or null where the server tells none.

import { received, sent } from './stats.js';

/** Offer the call for inspection. */
export function expose(call, dialect) {
  const view = {
    get peerId() {
      return call.peerId;
    },
    get roomId() {
      return call.roomId;
    },
    get dialect() {
      return dialect;
    },
    get state() {
      return call.state;
    },
    get error() {
      return call.error && { type: call.error.type ?? call.error.name, message: call.error.message };
    },
    peers: () => call.peers.list().map(({ peerId, displayName }) => ({ peerId, displayName })),
    transports: () => structuredClone(call.media?.transports ?? []),
    stats: () => Promise.all(call.peers.streams().map(streamStats)),
    sent: () =>
      Promise.all(
        [...(call.media?.producers.values() ?? [])].map((producer) => producerStats(call, producer)),
      ),
  };
  Object.defineProperty(window, 'tureen', { value: Object.freeze(view) });
}

async function streamStats({ peerId, kind, paused, served, source, consumer }) {
  return {
    peerId,
    kind,
    consumerId: consumer.id,
    producerId: consumer.producerId,
    paused,
    served,
    source,
    ...(await received(consumer)),
  };
}

async function producerStats(call, producer) {
  const { kind, id, paused } = producer;
  return { kind, producerId: id, paused, served: call.media.sendPlace, ...(await sent(producer)) };
}
