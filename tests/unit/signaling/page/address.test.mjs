// What the page's address means, and the addresses made from it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  inviteAddress,
  readAddress,
  roomFromText,
  suggestRoom,
  webSocketAddress,
} from '../../../../services/tureen/signaling/page/src/address.js';

test('an address without a room asks for one', () => {
  const { room, problem, dialect, forceTcp } = readAddress('http://127.0.0.1:4443/');
  assert.deepEqual(
    { room, problem, dialect, forceTcp },
    { room: null, problem: null, dialect: 'classic', forceTcp: false },
  );
});

test('an empty room is no room, and nobody’s mistake', () => {
  assert.deepEqual([readAddress('http://h/?room=').room, readAddress('http://h/?room=').problem], [null, null]);
});

test('a room that cannot exist is refused with a reason', () => {
  for (const bad of ['a b', '../x', 'a'.repeat(129), 'caf%C3%A9', '<b>']) {
    const { room, problem } = readAddress(`http://h/?room=${bad}`);
    assert.equal(room, null);
    assert.match(problem, /letters, digits/);
  }
});

test('a room, a name and a dialect are read', () => {
  const read = readAddress('http://h/?room=supper_1-A&name=%20Ada%20&dialect=typescript&forceTcp=true');
  assert.deepEqual(read, { room: 'supper_1-A', problem: null, name: 'Ada', dialect: 'typescript', forceTcp: true });
});

test('an unknown dialect is the classic one', () => {
  assert.equal(readAddress('http://h/?room=a&dialect=klingon').dialect, 'classic');
});

test('what people type becomes a room’s name', () => {
  assert.equal(roomFromText('  Sunday supper! '), 'Sunday-supper');
  assert.equal(roomFromText('Café — été'), 'Cafe-ete');
  assert.equal(roomFromText('a.b/c_d'), 'a-bc_d');
  assert.equal(roomFromText('???'), '');
  assert.equal(roomFromText('x'.repeat(200)).length, 64);
});

test('a suggested room can be opened, whatever chance says', () => {
  for (const random of [() => 0, () => 0.5, () => 0.999999]) {
    const room = suggestRoom(random);
    assert.equal(readAddress(`http://h/?room=${room}`).room, room);
  }
});

test('the WebSocket is at the page’s origin and path, encrypted where the page is', () => {
  assert.equal(
    webSocketAddress('http://127.0.0.1:3000/?room=a#x', 'a', 'p'),
    'ws://127.0.0.1:3000/?roomId=a&peerId=p',
  );
  assert.equal(webSocketAddress('https://h/call/?room=a', 'a', 'p'), 'wss://h/call/?roomId=a&peerId=p');
});

test('an invitation names the room and nothing that is only ours', () => {
  assert.equal(inviteAddress('http://h/?name=Ada&dialect=typescript&room=a#x', 'a'), 'http://h/?room=a');
});
