// One's own camera and microphone, with a browser that grants what a test says.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

// Node 18 has no CustomEvent yet.
globalThis.CustomEvent ??= class extends Event {
  constructor(type, { detail } = {}) {
    super(type);
    this.detail = detail;
  }
};

const { CaptureProblem } = await import('../../../../services/tureen/signaling/page/src/capture.js');
const { Devices } = await import('../../../../services/tureen/signaling/page/src/devices.js');

class Track extends EventTarget {
  enabled = true;
  stopped = false;

  constructor(kind) {
    super();
    this.kind = kind;
  }

  stop() {
    this.stopped = true;
  }
}

/** What the browser does for each device: `granted`, or the name of the error that it throws. */
let browser;
let devices;

beforeEach(() => {
  browser = { audio: 'granted', video: 'granted', asked: [] };
  devices = new Devices();
  const mediaDevices = {
    async getUserMedia(constraints) {
      const kinds = Object.keys(constraints);
      browser.asked.push(kinds.join('+'));
      const refused = kinds.map((kind) => browser[kind]).find((answer) => answer !== 'granted');
      if (refused) throw Object.assign(new Error(refused), { name: refused });
      const tracks = kinds.map((kind) => new Track(kind));
      return { getTracks: () => tracks };
    },
  };
  const permissions = {
    query: async ({ name }) => ({
      state: browser[name === 'camera' ? 'video' : 'audio'] === 'granted' ? 'granted' : 'denied',
    }),
  };
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { mediaDevices, permissions } });
});

const held = () => Object.keys(devices.tracks).filter((kind) => devices.tracks[kind]);

test('both are asked for at once', async () => {
  await devices.openAll();
  assert.deepEqual([held(), browser.asked, devices.problem], [['audio', 'video'], ['audio+video'], null]);
});

test('without a camera the microphone is still used', async () => {
  browser.video = 'NotFoundError';
  await devices.openAll();
  assert.deepEqual(held(), ['audio']);
  assert.equal(devices.problem.message, 'No camera was found on this device.');
});

test('a camera in use elsewhere is told as such', async () => {
  browser.video = 'NotReadableError';
  await devices.openAll();
  assert.match(devices.problem.message, /^The camera is in use by another program/);
});

test('whoever refuses both is not asked again', async () => {
  browser.audio = browser.video = 'NotAllowedError';
  await devices.openAll();
  assert.deepEqual([held(), browser.asked], [[], ['audio+video']]);
  assert.match(devices.problem.message, /keeps the camera and microphone from this page. Allow them/);
});

test('whoever refuses one gives the other', async () => {
  browser.audio = 'NotAllowedError';
  await devices.openAll();
  assert.deepEqual([held(), browser.asked], [['video'], ['audio+video', 'video']]);
  assert.match(devices.problem.message, /keeps the microphone from this page. Allow it/);
});

test('a page that is not secure gets no devices, and says why', async () => {
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: {} });
  await devices.openAll();
  assert.match(devices.problem.message, /only to pages from localhost or over https/);
});

test('opening one alone may fail, and says why', async () => {
  browser.video = 'NotAllowedError';
  await assert.rejects(devices.open('video'), CaptureProblem);
});

test('a second click does not open a second camera', async () => {
  await Promise.all([devices.open('video'), devices.open('video')]);
  assert.equal(held().length, 1);
  assert.equal(devices.tracks.video.stopped, false);
});

test('whoever leaves before answering the browser’s question is not filmed afterwards', async () => {
  const opening = devices.openAll();
  devices.closeAll();
  await opening;
  assert.deepEqual(held(), []);
});

test('closing lets the light go out, and is no surprise', async () => {
  await devices.openAll();
  const { video } = devices.tracks;
  devices.addEventListener('gone', () => assert.fail('it was closed on purpose'));
  devices.close('video');
  video.dispatchEvent(new Event('ended'));
  assert.deepEqual([video.stopped, held()], [true, ['audio']]);
});

test('an unplugged camera is told', async () => {
  await devices.openAll();
  const gone = [];
  devices.addEventListener('gone', ({ detail }) => gone.push(detail));
  devices.tracks.video.dispatchEvent(new Event('ended'));
  assert.deepEqual([gone, held()], [['video'], ['audio']]);
});

test('muted means that no sound is taken in, for whatever reason', async () => {
  assert.equal(devices.muted, true);
  await devices.openAll();
  assert.equal(devices.muted, false);
  devices.setMuted(true);
  assert.equal(devices.muted, true);
});
