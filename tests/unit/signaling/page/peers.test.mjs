// Who is in the room, and what is received from them.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { beforeEach, test } from 'node:test';

// Node 18 has no CustomEvent yet.
globalThis.CustomEvent ??= class extends Event {
  constructor(type, { detail } = {}) {
    super(type);
    this.detail = detail;
  }
};

const { DIALECTS } = await import('../../../../services/tureen/signaling/page/src/dialects.js');
const { Peers } = await import('../../../../services/tureen/signaling/page/src/peers.js');
const { ServerError, Unreachable } = await import('../../../../services/tureen/signaling/page/src/errors.js');
const { bannersFor, tileViews, waysOf } = await import('../../../../services/tureen/signaling/page/src/views.js');

const { classic } = DIALECTS;
const PLACE = { nodeId: 'node-a', workerId: 'w', workerIndex: 0, routerId: 'r' };
const OTHER = { nodeId: 'node-b', workerId: 'v', workerIndex: 0, routerId: 's' };

/** A consumer as mediasoup-client has it, as far as this page looks at it. */
class Consumer extends EventEmitter {
  closed = false;

  constructor(id, kind = 'video') {
    super();
    this.id = id;
    this.track = { kind, of: id };
  }

  close() {
    this.closed = true;
  }
}

let peers;
let notices;

beforeEach(() => {
  peers = new Peers();
  notices = [];
  peers.addEventListener('notice', ({ detail }) => notices.push(detail));
  peers.reset([{ peerId: 'ada', displayName: 'Ada' }]);
});

const offer = (id, kind = 'video', more = {}) => {
  const consumer = new Consumer(id, kind);
  peers.addStream({ peerId: 'ada', kind, producerPaused: false, served: PLACE, source: OTHER, ...more }, consumer);
  return consumer;
};

const names = () => peers.list().map(({ displayName }) => displayName);

test('people come and go, and it is said', () => {
  peers.notify('newPeer', { id: 'bob', displayName: 'Bob' }, classic);
  peers.notify('peerClosed', { peerId: 'ada' }, classic);
  assert.deepEqual(names(), ['Bob']);
  assert.deepEqual(notices, ['Bob joined', 'Ada left']);
});

test('whoever leaves takes their streams along', () => {
  const consumer = offer('v');
  peers.notify('peerClosed', { peerId: 'ada' }, classic);
  assert.equal(consumer.closed, true);
  assert.deepEqual(peers.streams(), []);
});

test('joining again keeps those who are still there and drops the others silently', () => {
  peers.reset([{ peerId: 'bob', displayName: 'Bob' }]);
  assert.deepEqual(names(), ['Bob']);
  assert.deepEqual(notices, []);
});

test('a new name is shown', () => {
  peers.notify('peerDisplayNameChanged', { peerId: 'ada', displayName: 'Ada L.' }, classic);
  assert.deepEqual(names(), ['Ada L.']);
});

test('streams pause, resume and end', () => {
  offer('v');
  peers.notify('consumerPaused', { consumerId: 'v' }, classic);
  assert.equal(peers.streams()[0].paused, true);
  peers.notify('consumerResumed', { consumerId: 'v' }, classic);
  assert.equal(peers.streams()[0].paused, false);
  peers.notify('consumerClosed', { consumerId: 'v' }, classic);
  assert.deepEqual(peers.streams(), []);
});

test('what is said of a stream before it is ready is not forgotten', () => {
  peers.notify('consumerPaused', { consumerId: 'v' }, classic);
  offer('v');
  assert.equal(peers.streams()[0].paused, true);
  peers.notify('consumerClosed', { consumerId: 'a' }, classic);
  assert.equal(offer('a', 'audio').closed, true);
  assert.equal(peers.streams().length, 1);
});

test('a stream whose transport closes is gone', () => {
  offer('v').emit('transportclose');
  assert.deepEqual(peers.streams(), []);
});

test('notifications that the page has no use for change nothing', () => {
  let changes = 0;
  peers.addEventListener('change', () => (changes += 1));
  peers.notify('consumerScore', { consumerId: 'v', score: { score: 10 } }, classic);
  peers.notify('somethingNew', {}, classic);
  assert.equal(changes, 0);
});

const call = (more = {}) => ({
  peerId: 'me',
  displayName: 'Me',
  state: 'joined',
  devices: { muted: false, problem: null, tracks: { audio: {}, video: { kind: 'video', of: 'me' } } },
  media: { sendPlace: PLACE },
  peers,
  ...more,
});

test('one’s own tile is first, and names where one’s media is produced', () => {
  const [own] = tileViews(call(), () => false);
  assert.deepEqual([own.peerId, own.self, own.routes], ['me', true, [{ source: null, served: PLACE }]]);
});

test('a tile names the way of its streams once, and twice where they differ', () => {
  offer('v');
  offer('a', 'audio');
  const routes = () => tileViews(call(), () => false)[1].routes;
  assert.deepEqual(routes(), [{ source: OTHER, served: PLACE }]);
  offer('s', 'video', { served: OTHER });
  assert.equal(routes().length, 3);
});

test('a peer without sound is shown muted, but not before anything came', () => {
  assert.equal(tileViews(call(), () => false)[1].muted, false);
  offer('v');
  assert.equal(tileViews(call(), () => false)[1].muted, true);
  offer('a', 'audio');
  assert.equal(tileViews(call(), () => false)[1].muted, false);
});

test('media that stopped is told on the tile of its sender', () => {
  const [own, ada] = tileViews(call(), (peerId) => peerId === 'ada');
  assert.equal(own.trouble, '');
  assert.match(ada.trouble, /Nothing arrives/);
});

test('the line of workers has one’s own way and everybody else’s', () => {
  offer('v');
  assert.deepEqual(waysOf(call()), [
    { name: 'you', source: PLACE, served: null },
    { name: 'Ada', source: OTHER, served: PLACE },
  ]);
});

const banners = (more, { locked = false, seconds = 3 } = {}) =>
  bannersFor(call(more), { sound: { locked }, seconds }).map(({ key, text }) => [key, text]);

test('a call in which all is well has no banner', () => {
  assert.deepEqual(banners({}), []);
});

test('somebody who lost the room is told why, and when it is tried again', () => {
  const lost = { state: 'waiting', wasJoined: true };
  assert.deepEqual(banners({ ...lost, error: new Unreachable('x') }), [
    ['offline', 'The connection to the server is lost. Media may go on for a while. Trying again in 3 s.'],
  ]);
  assert.deepEqual(banners({ ...lost, error: new ServerError(503, 'NoCapacity: x') }), [
    ['offline', 'The room is full at the moment. Trying again in 3 s.'],
  ]);
  assert.deepEqual(banners({ ...lost, error: new ServerError(503, 'Draining: being emptied') }), [
    ['offline', 'The server is not ready: Being emptied. Trying again in 3 s.'],
  ]);
});

test('a missing camera and a silent browser each have a banner', () => {
  const devices = { muted: true, problem: { message: 'No camera.' }, tracks: {} };
  const keys = banners({ devices }, { locked: true }).map(([key]) => key);
  assert.deepEqual(keys, ['capture', 'sound']);
});
