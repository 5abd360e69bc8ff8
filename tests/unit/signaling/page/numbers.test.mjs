// Rates, layout and delays.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { arrange } from '../../../../services/tureen/signaling/page/src/layout.js';
import { bitrateText, qualityText, rates } from '../../../../services/tureen/signaling/page/src/rates.js';
import { delayBefore } from '../../../../services/tureen/signaling/page/src/retry.js';

test('rates come from two samples', () => {
  const before = { at: 1000, bytes: 1000, packets: 10, frames: 5 };
  const now = { at: 3000, bytes: 251_000, packets: 110, frames: 53 };
  assert.deepEqual(rates(before, now), { bitrate: 1_000_000, frameRate: 24, packets: 100 });
});

test('one sample, or a stream made anew, has no rate yet', () => {
  const sample = { at: 1000, bytes: 1000, packets: 10, frames: 5 };
  assert.equal(rates(null, sample).bitrate, null);
  assert.equal(rates(sample, { ...sample, at: 2000, bytes: 3 }).bitrate, null);
});

test('rates are written as people read them', () => {
  assert.equal(bitrateText(1_234_000), '1.2 Mb/s');
  assert.equal(bitrateText(48_400), '48 kb/s');
  assert.equal(bitrateText(999_900), '1.0 Mb/s');
});

test('quality leaves out what is not known', () => {
  assert.equal(
    qualityText({ width: 960, height: 540, frameRate: 23.6, bitrate: 1e6 }),
    '960×540 · 24 fps · 1.0 Mb/s',
  );
  assert.equal(qualityText({ bitrate: 32_000 }), '32 kb/s');
  assert.equal(qualityText({}), '');
});

const STAGE = { width: 1244, height: 600, gap: 14, caption: 52, smallest: 220 };

test('tiles fill the stage and never overflow it', () => {
  for (let count = 1; count <= 12; count += 1) {
    const { columns, width } = arrange({ ...STAGE, count });
    const rows = Math.ceil(count / columns);
    assert.ok(columns * width + (columns - 1) * 14 <= 1244, `${count} tiles are too wide`);
    assert.ok(rows * (width * (9 / 16) + 52) + (rows - 1) * 14 <= 600, `${count} tiles are too high`);
  }
});

test('two tiles stand side by side on a desk, and one above the other on a phone', () => {
  assert.equal(arrange({ ...STAGE, count: 2 }).columns, 2);
  assert.equal(arrange({ ...STAGE, count: 2, width: 362, height: 640 }).columns, 1);
});

test('tiles that would be too small scroll instead', () => {
  const { columns, width } = arrange({ ...STAGE, count: 40 });
  assert.equal(columns, 5);
  assert.ok(width >= 220);
});

test('a stage narrower than any tile still has one column', () => {
  assert.deepEqual(arrange({ ...STAGE, count: 9, width: 180, height: 300 }), { columns: 1, width: 180 });
});

test('after a connection that stood there is hardly a wait', () => {
  assert.deepEqual([delayBefore(0, () => 0), delayBefore(0, () => 1)], [0, 300]);
});

test('delays double up to a limit and never fall in step', () => {
  const longest = [1, 2, 3, 4, 5, 9].map((failures) => delayBefore(failures, () => 0));
  assert.deepEqual(longest, [1000, 2000, 4000, 8000, 15_000, 15_000]);
  assert.equal(
    delayBefore(1, () => 1),
    750,
  );
});
