// The browser's own statistics of what is sent and received.

import { rates } from './rates.js';

/** Reports of one kind in an RTCStatsReport. */
const ofType = (report, type) => [...report.values()].filter((entry) => entry.type === type);

const sum = (entries, field) => entries.reduce((total, entry) => total + (entry[field] ?? 0), 0);

/** What a consumer received, in the browser's own names; zeros and nulls until the first packet. */
export async function received(consumer) {
  const [inbound = {}] = ofType(await consumer.getStats(), 'inbound-rtp');
  return {
    packetsReceived: inbound.packetsReceived ?? 0,
    packetsLost: inbound.packetsLost ?? 0,
    bytesReceived: inbound.bytesReceived ?? 0,
    jitter: inbound.jitter ?? null,
    framesDecoded: inbound.framesDecoded ?? 0,
    framesDropped: inbound.framesDropped ?? 0,
    keyFramesDecoded: inbound.keyFramesDecoded ?? 0,
    framesPerSecond: inbound.framesPerSecond ?? null,
    frameWidth: inbound.frameWidth ?? null,
    frameHeight: inbound.frameHeight ?? null,
    totalAudioEnergy: inbound.totalAudioEnergy ?? null,
  };
}

/** What a producer sent, over all its encodings; width and height are the largest encoding's. */
export async function sent(producer) {
  const outbound = ofType(await producer.getStats(), 'outbound-rtp');
  const largest = outbound.reduce(
    (best, entry) => ((entry.frameWidth ?? 0) > (best.frameWidth ?? 0) ? entry : best),
    {},
  );
  return {
    packetsSent: sum(outbound, 'packetsSent'),
    bytesSent: sum(outbound, 'bytesSent'),
    framesEncoded: largest.framesEncoded ?? 0,
    encodings: outbound.length,
    frameWidth: largest.frameWidth ?? null,
    frameHeight: largest.frameHeight ?? null,
  };
}

/** Turns samples into rates: keeps the last sample of each stream. */
export class Sampler {
  #last = new Map();

  /** Rates of a consumer since the sample before. */
  async consumer(consumer) {
    const stats = await received(consumer);
    const sample = {
      at: performance.now(),
      bytes: stats.bytesReceived,
      packets: stats.packetsReceived,
      frames: stats.framesDecoded,
    };
    return this.#rates(consumer.id, sample, stats);
  }

  /** Rates of a producer since the sample before. */
  async producer(producer) {
    const stats = await sent(producer);
    const sample = {
      at: performance.now(),
      bytes: stats.bytesSent,
      packets: stats.packetsSent,
      frames: stats.framesEncoded,
    };
    return this.#rates(producer.id, sample, stats);
  }

  #rates(id, sample, stats) {
    const result = {
      ...rates(this.#last.get(id) ?? null, sample),
      width: stats.frameWidth,
      height: stats.frameHeight,
    };
    this.#last.set(id, sample);
    return result;
  }

  /** Forget all streams but these. */
  keep(ids) {
    for (const id of this.#last.keys()) if (!ids.has(id)) this.#last.delete(id);
  }
}
