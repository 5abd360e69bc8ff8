// The line above the tiles: every worker that this page knows of in the room, and whose media it carries.

import { byId, element, setChildren } from './dom.js';
import { workerKey } from './places.js';
import { placeChip } from './routes.js';

/**
 * Gather the workers of a room.
 *
 * @param {{name: string, source: object|null, served: object|null}[]} ways Each person's way: in at `source`, out
 *    to us at `served`.
 * @returns {{place: object, takes: string[], gives: string[]}[]} Each worker with the people whose media it takes
 *    in, and those whose media it gives to this page.
 */
export function gatherWorkers(ways) {
  const workers = new Map();
  const at = (place) => {
    const key = workerKey(place);
    if (key === null) return null;
    if (!workers.has(key)) workers.set(key, { place, takes: [], gives: [] });
    return workers.get(key);
  };
  const note = (list, name) => list && !list.includes(name) && list.push(name);
  for (const { name, source, served } of ways) {
    note(at(source)?.takes, name);
    note(at(served)?.gives, name);
  }
  return [...workers.values()];
}

/** Names, while they are few: `your media`, `you and Borscht`, `3 people`. */
function people(names) {
  if (names.length === 1 && names[0] === 'you') return 'your media';
  return names.length > 2 ? `${names.length} people` : names.join(' and ');
}

function words({ takes, gives }) {
  const parts = [];
  if (takes.length > 0) parts.push(`takes in ${people(takes)}`);
  if (gives.length > 0) parts.push(`serves you ${people(gives)}`);
  return parts.join(', ');
}

/** Show the line; hidden while nothing is known. */
export function showWorkers(ways) {
  const workers = gatherWorkers(ways);
  byId('workers').hidden = workers.length === 0;
  setChildren(byId('workers-list'), JSON.stringify(workers), () =>
    workers.map((worker) =>
      element(
        'li',
        { class: 'worker' },
        placeChip(worker.place),
        element('span', { class: 'worker-does' }, words(worker)),
      ),
    ),
  );
}
