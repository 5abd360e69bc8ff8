// The two dialects, coded errors, and what becomes of a failed attempt.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DIALECTS } from '../../../../services/tureen/signaling/page/src/dialects.js';
import {
  Dismissed,
  outcomeOf,
  ServerError,
  Unreachable,
} from '../../../../services/tureen/signaling/page/src/errors.js';
import { panelWords, sentence, stateWords } from '../../../../services/tureen/signaling/page/src/texts.js';

const { classic, typescript } = DIALECTS;

test('the classic dialect names directions by two flags', () => {
  assert.deepEqual(classic.transportRequest('send', false), { forceTcp: false, producing: true, consuming: false });
  assert.deepEqual(classic.transportRequest('recv', true), { forceTcp: true, producing: false, consuming: true });
});

test('the TypeScript dialect names directions in appData', () => {
  assert.deepEqual(typescript.transportRequest('send', false), {
    forceTcp: false,
    appData: { direction: 'producer' },
  });
  assert.deepEqual(typescript.transportRequest('recv', false), {
    forceTcp: false,
    appData: { direction: 'consumer' },
  });
});

test('each dialect reads its own names and no others', () => {
  const peer = { id: 'c', peerId: 't', displayName: 'Ada', peer: { peerId: 'n', displayName: 'Ada' } };
  assert.equal(classic.newPeer(peer).peerId, 'c');
  assert.equal(typescript.newPeer(peer).peerId, 'n');
  const answer = { id: 'c', transportId: 't', producerId: 'p', consumerId: 'k' };
  assert.deepEqual(
    [classic.transportId(answer), classic.producerId(answer), classic.consumerId(answer)],
    ['c', 'c', 'c'],
  );
  assert.deepEqual(
    [typescript.transportId(answer), typescript.producerId(answer), typescript.consumerId(answer)],
    ['t', 'p', 'k'],
  );
});

test('only the TypeScript dialect pauses by notification', () => {
  assert.deepEqual([classic.tells, typescript.tells], [false, true]);
});

test('a coded error has its type taken from its reason', () => {
  const error = new ServerError(503, 'NoCapacity: no worker has room');
  assert.deepEqual([error.code, error.type, error.message], [503, 'NoCapacity', 'no worker has room']);
});

test('an error of a server that names no type keeps its sentence', () => {
  const error = new ServerError(500, 'producer with id "x" not found');
  assert.deepEqual([error.type, error.message], [null, 'producer with id "x" not found']);
});

test('only what may pass is tried again by itself', () => {
  assert.equal(outcomeOf(new Unreachable('x')), 'again');
  assert.equal(outcomeOf(new ServerError(503, 'Unavailable: placement does not answer')), 'again');
  assert.equal(outcomeOf(new ServerError(503, 'Draining: this host is being emptied')), 'again');
  assert.equal(outcomeOf(new ServerError(503, 'NoCapacity: full')), 'full');
  assert.equal(outcomeOf(new ServerError(401, 'Unauthorized: no')), 'failed');
  assert.equal(outcomeOf(new Dismissed()), 'ended');
  assert.equal(outcomeOf(new TypeError('a mistake of ours')), 'failed');
});

test('every state has words, and those without a call have a panel', () => {
  const states = ['starting', 'asking', 'connecting', 'joined', 'waiting', 'full', 'ended', 'failed', 'left'];
  for (const state of states) assert.ok(stateWords(state, false).text);
  const panels = states.filter((state) => panelWords(state, new Error('x'), false));
  assert.deepEqual(panels, ['asking', 'connecting', 'waiting', 'full', 'ended', 'failed', 'left']);
});

test('somebody who was in the room keeps it in view while reconnecting', () => {
  assert.equal(panelWords('waiting', new Unreachable('x'), true), null);
  assert.equal(panelWords('connecting', null, true), null);
});

test('an error is shown as a sentence', () => {
  assert.equal(sentence(new Error('no worker has room')), 'No worker has room.');
  assert.equal(sentence(new Error('Really?')), 'Really?');
  assert.equal(sentence(null), '');
});
