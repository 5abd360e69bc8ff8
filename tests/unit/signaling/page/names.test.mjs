// Names for guests, and initials.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { guestName, initials } from '../../../../services/tureen/signaling/page/src/names.js';

test('guests are named, whatever chance says', () => {
  for (const random of [() => 0, () => 0.5, () => 0.999999]) assert.match(guestName(random), /^[A-Z]\w+ [A-Z]\w+$/);
});

test('initials are of the first and the last word', () => {
  assert.equal(initials('Ada'), 'A');
  assert.equal(initials('ada king lovelace'), 'AL');
  assert.equal(initials('Łukasz Żak'), 'ŁŻ');
  assert.equal(initials('😀 smile'), '😀S');
  assert.equal(initials('   '), '?');
});
