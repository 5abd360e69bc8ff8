// Numbers that people read: bit rates and pictures, from two samples of a browser's statistics. Pure functions.

/**
 * What changed between two samples of one stream.
 *
 * @param {object|null} before An earlier sample: `{at, bytes, packets, frames, lost}`, `at` in milliseconds.
 * @param {object} now The newest sample, of the same shape.
 * @returns {{bitrate: number|null, frameRate: number|null, packets: number}} `bitrate` in bits a second; null with
 *    only one sample.
 */
export function rates(before, now) {
  const seconds = before ? (now.at - before.at) / 1000 : 0;
  // A stream that was made anew counts from zero again.
  if (seconds <= 0 || now.bytes < before.bytes) return { bitrate: null, frameRate: null, packets: 0 };
  return {
    bitrate: ((now.bytes - before.bytes) * 8) / seconds,
    frameRate: Math.max(0, now.frames - before.frames) / seconds,
    packets: now.packets - before.packets,
  };
}

/** A bit rate in bits a second, for example `1.2 Mb/s` or `48 kb/s`. */
export function bitrateText(bitrate) {
  if (bitrate >= 999_500) return `${(bitrate / 1e6).toFixed(1)} Mb/s`;
  return `${Math.round(bitrate / 1e3)} kb/s`;
}

/**
 * One line on a stream, for example `960×540 · 24 fps · 1.2 Mb/s`; parts that are not known are left out.
 *
 * @param {{width?: number, height?: number, frameRate?: number|null, bitrate?: number|null}} quality
 */
export function qualityText({ width, height, frameRate, bitrate }) {
  const parts = [];
  if (width && height) parts.push(`${width}×${height}`);
  if (width && frameRate !== null && frameRate !== undefined) parts.push(`${Math.round(frameRate)} fps`);
  if (bitrate !== null && bitrate !== undefined) parts.push(bitrateText(bitrate));
  return parts.join(' · ');
}
