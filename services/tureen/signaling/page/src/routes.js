// The ribbon under a picture: the worker that takes the stream in, and the one that gives it out.

import { element, setChildren } from './dom.js';
import {
  crossing,
  nodeLabel,
  placeDetails,
  placeHue,
  workerKey,
  workerLabel,
  workerShortLabel,
} from './places.js';

const BETWEEN = { workers: 'from one worker to another', nodes: 'from one node to another' };

/** A worker's name in its colour. Where space is short, the node's name gives way before the worker's. */
export function placeChip(place) {
  // Only one of the two is ever displayed; the short one on small tiles.
  const short = element('span', { class: 'place-short' }, workerShortLabel(place));
  const chip = element(
    'span',
    { class: 'place', title: placeDetails(place) },
    element('span', { class: 'place-dot' }),
    element('span', { class: 'place-node' }, nodeLabel(place)),
    element(
      'span',
      { class: 'place-worker' },
      place.nodeId ? ' · ' : '',
      element('span', { class: 'place-long' }, workerLabel(place)),
      short,
    ),
  );
  chip.style.setProperty('--hue', placeHue(place));
  return chip;
}

function arrow(source, served, kind) {
  const made = element('span', {
    class: 'route-arrow',
    'data-crossing': kind,
    role: 'img',
    'aria-label': BETWEEN[kind],
  });
  made.style.setProperty('--hue-from', placeHue(source));
  made.style.setProperty('--hue-to', placeHue(served));
  return made;
}

function ribbon({ source, served, label }) {
  const kind = crossing(source, served);
  const crosses = kind === 'workers' || kind === 'nodes';
  const places = crosses
    ? [placeChip(source), arrow(source, served, kind), placeChip(served)]
    : [placeChip(served)];
  if (kind === 'same') places.push(element('span', { class: 'route-note' }, 'same worker'));
  const words = label ? [element('span', { class: 'route-label' }, label)] : [];
  return element('p', { class: 'route', 'data-crossing': kind }, ...words, ...places);
}

/**
 * Show routes in `target`.
 *
 * @param {HTMLElement} target
 * @param {{source: object|null, served: object|null, label?: string}[]} routes Usually one; more when a peer's
 *    streams come by different ways. Routes of which nothing is known are left out.
 */
export function showRoutes(target, routes) {
  const known = routes.filter(({ served }) => workerKey(served) !== null);
  const key = JSON.stringify(known.map(({ source, served, label }) => [source, served, label]));
  setChildren(target, key, () => known.map(ribbon));
}
