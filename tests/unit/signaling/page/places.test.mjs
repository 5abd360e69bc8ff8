// How nodes and workers are named and coloured.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as places from '../../../../services/tureen/signaling/page/src/places.js';
import { gatherWorkers } from '../../../../services/tureen/signaling/page/src/workers.js';

const A1 = { nodeId: 'node-a', workerId: 'wa1', workerIndex: 1, routerId: 'r1' };
const A2 = { nodeId: 'node-a', workerId: 'wa2', workerIndex: 2, routerId: 'r2' };
const B1 = { nodeId: 'node-b', workerId: 'wb1', workerIndex: 1, routerId: 'r3' };

test('workers are counted from one, as people do', () => {
  assert.equal(places.placeLabel(A1), 'node-a · worker 1');
  assert.equal(places.workerShortLabel(A2), 'w2');
});

test('a place of which little is known is still named', () => {
  assert.equal(places.placeLabel({ nodeId: 'n' }), 'n · worker');
  assert.equal(places.placeLabel({ workerId: '0123456789ab' }), 'worker 01234567');
});

test('a long node name keeps its start and its end', () => {
  const label = places.nodeLabel({ nodeId: 'ip-10-20-30-40.eu-central-1.compute.internal' });
  assert.equal(label.length, 22);
  assert.match(label, /^ip-10-20.*…ternal$/);
});

test('a stream stays, or crosses workers, or crosses nodes', () => {
  assert.equal(places.crossing(A1, { ...A1 }), 'same');
  assert.equal(places.crossing(A1, A2), 'workers');
  assert.equal(places.crossing(A1, B1), 'nodes');
  assert.equal(places.crossing(null, A1), 'unknown');
  assert.equal(places.crossing(A1, {}), 'unknown');
});

test('a route is said in words', () => {
  assert.equal(places.routeInWords(A1, B1), 'from node-a · worker 1 to node-b · worker 1');
  assert.equal(places.routeInWords(A1, A1), 'served by node-a · worker 1');
  assert.equal(places.routeInWords(null, null), '');
});

test('a worker has the same colour in every tab, and another than its neighbours', () => {
  assert.equal(places.placeHue(A1), places.placeHue({ nodeId: 'node-a', workerIndex: 1 }));
  const hues = [1, 2, 3, 4].map((workerIndex) => places.placeHue({ nodeId: 'node-a', workerIndex }));
  for (const hue of hues) assert.ok(hue >= 0 && hue < 361);
  for (const [i, one] of hues.entries()) {
    for (const other of hues.slice(i + 1)) assert.ok(Math.abs(one - other) > 25);
  }
});

test('workers are gathered with whom they take in and whom they serve', () => {
  const workers = gatherWorkers([
    { name: 'you', source: A1, served: null },
    { name: 'Ada', source: A2, served: A1 },
    { name: 'Ada', source: A2, served: A1 },
    { name: 'Bob', source: null, served: A1 },
  ]);
  assert.deepEqual(workers, [
    { place: A1, takes: ['you'], gives: ['Ada', 'Bob'] },
    { place: A2, takes: ['Ada'], gives: [] },
  ]);
});
