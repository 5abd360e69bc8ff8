// What of a call is shown where. Functions of the call's state; they touch no document.

import { ServerError } from './errors.js';
import { sentence } from './texts.js';

/** The ways by which this page gets a peer's streams: one where all come the same way, else one for each kind. */
function routesOf(streams) {
  const routes = streams.map(({ kind, source, served }) => ({ source, served, label: kind }));
  const different = new Set(routes.map(({ source, served }) => JSON.stringify([source, served])));
  return different.size > 1 ? routes : routes.slice(0, 1).map(({ source, served }) => ({ source, served }));
}

function peerView(peer, stalled) {
  const streams = [...peer.streams.values()];
  const live = (kind) => streams.find((stream) => stream.kind === kind && !stream.paused);
  return {
    peerId: peer.peerId,
    name: peer.displayName,
    self: false,
    video: live('video')?.consumer.track ?? null,
    muted: streams.length > 0 && !live('audio'),
    routes: routesOf(streams),
    trouble: stalled(peer.peerId) ? 'Nothing arrives from here' : '',
  };
}

/** The tiles to show: this page's own first. */
export function tileViews(call, stalled) {
  const own = {
    peerId: call.peerId,
    name: call.displayName,
    self: true,
    video: call.devices.tracks.video,
    muted: call.devices.muted,
    routes: [{ source: null, served: call.media?.sendPlace ?? null }],
    trouble: '',
  };
  return [own, ...call.peers.list().map((peer) => peerView(peer, stalled))];
}

/** Each person's way through the workers, for the line of workers. */
export function waysOf(call) {
  const place = call.media?.sendPlace;
  const own = place ? [{ name: 'you', source: place, served: null }] : [];
  return [
    ...own,
    ...call.peers.streams().map(({ peerId, source, served }) => ({
      name: call.peers.list().find((peer) => peer.peerId === peerId).displayName,
      source,
      served,
    })),
  ];
}

/** Why somebody who was in the room is not, at the moment. */
function lossWords(error) {
  if (!(error instanceof ServerError))
    return 'The connection to the server is lost. Media may go on for a while.';
  return error.type === 'NoCapacity'
    ? 'The room is full at the moment.'
    : `The server is not ready: ${sentence(error)}`;
}

/** The banners to show above the tiles. */
export function bannersFor(call, { sound, seconds }) {
  const banners = [];
  const again = seconds ? `Trying again in ${seconds} s.` : 'Trying again.';
  if (call.state === 'waiting' && call.wasJoined) {
    banners.push({
      key: 'offline',
      icon: 'offline',
      tone: 'warning',
      text: `${lossWords(call.error)} ${again}`,
      actions: [{ label: 'Try now', act: () => call.retryNow() }],
    });
  }
  if (call.devices.problem && (call.state === 'joined' || call.state === 'waiting')) {
    banners.push({
      key: 'capture',
      icon: 'cameraOff',
      tone: 'quiet',
      text: call.devices.problem.message,
      actions: [{ label: 'Try again', act: () => call.capture() }],
    });
  }
  if (sound.locked) {
    banners.push({
      key: 'sound',
      icon: 'sound',
      tone: 'warning',
      text: 'Your browser keeps this page silent until you click.',
      actions: [{ label: 'Turn sound on', act: () => sound.unlock() }],
    });
  }
  return banners;
}
