// How the page names and colours the places that serve media: nodes and their workers. Pure functions.
//
// A place is `{nodeId, workerId, workerIndex, routerId}` as the server gives it; `workerIndex` is the worker's number
// on its node, from 1, as in the node's own log. Any field may be missing, and an ordinary mediasoup-demo server sends
// none.

const LONGEST_NODE = 22;

/** A 32-bit FNV-1a hash: stable, so that every tab gives the same worker the same colour. */
function hash(text) {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ character.codePointAt(0), 0x01000193) >>> 0;
  return value;
}

/** The node's name, in the middle of which something may be left out. */
export function nodeLabel(place) {
  return place.nodeId ? shorten(place.nodeId) : '';
}

function shorten(text) {
  return text.length <= LONGEST_NODE ? text : `${text.slice(0, LONGEST_NODE - 7)}…${text.slice(-6)}`;
}

/** A key for the place's worker; equal for equal workers. Null when the place is unknown. */
export function workerKey(place) {
  if (!place?.nodeId && !place?.workerId) return null;
  return `${place.nodeId ?? ''}/${place.workerId ?? place.workerIndex ?? ''}`;
}

/** The worker by its number, which counts from 1. */
export function workerLabel(place) {
  if (Number.isInteger(place.workerIndex)) return `worker ${place.workerIndex}`;
  return place.workerId ? `worker ${place.workerId.slice(0, 8)}` : 'worker';
}

/** The worker where there is little space, for example `w1`. */
export function workerShortLabel(place) {
  return Number.isInteger(place.workerIndex)
    ? `w${place.workerIndex}`
    : (place.workerId?.slice(0, 4) ?? 'w');
}

/** For example `node-a · worker 1`. */
export function placeLabel(place) {
  return [nodeLabel(place), workerLabel(place)].filter(Boolean).join(' · ');
}

/** Everything known of a place, for a tooltip. */
export function placeDetails(place) {
  const parts = [
    ['node', place.nodeId],
    ['worker', place.workerId],
    ['router', place.routerId],
  ];
  return parts
    .filter(([, id]) => id)
    .map(([what, id]) => `${what} ${id}`)
    .join('\n');
}

/**
 * The hue, in degrees, of a worker: its node sets the base, its number in the node a step that keeps neighbours
 * apart.
 */
export function placeHue(place) {
  const step = Number.isInteger(place.workerIndex) ? place.workerIndex : hash(place.workerId ?? '') % 8;
  return Math.round((hash(place.nodeId ?? '') + step * 137.508) % 360);
}

/**
 * What lies between the place that takes a stream in and the one that gives it out.
 *
 * @returns {'unknown'|'same'|'workers'|'nodes'} `workers` is another worker of the same node, `nodes` another node.
 */
export function crossing(source, served) {
  const from = workerKey(source);
  const to = workerKey(served);
  if (from === null || to === null) return 'unknown';
  if (from === to) return 'same';
  return source.nodeId === served.nodeId ? 'workers' : 'nodes';
}

/** The route of a stream in words, for a label that is read aloud. */
export function routeInWords(source, served) {
  const kind = crossing(source, served);
  if (kind === 'unknown') return served ? `served by ${placeLabel(served)}` : '';
  if (kind === 'same') return `served by ${placeLabel(served)}`;
  return `from ${placeLabel(source)} to ${placeLabel(served)}`;
}
