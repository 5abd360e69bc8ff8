// mediasoup-demo's two dialects of signaling. Pure data and functions.
//
// The server speaks both at once; this page reads and writes one at a time, strictly, so that each is proven by
// use. `classic` is that of `server/lib/Room.js`, `typescript` that of the rewrite.

const classic = {
  name: 'classic',
  /** Whether close, pause, resume and the like are notifications, which nobody answers. */
  tells: false,
  transportRequest: (direction, forceTcp) => ({
    forceTcp,
    producing: direction === 'send',
    consuming: direction === 'recv',
  }),
  capabilities: (answer) => answer,
  transportId: (answer) => answer.id,
  producerId: (answer) => answer.id,
  iceParameters: (answer) => answer,
  consumerId: (data) => data.id,
  peerOf: (data) => ({ peerId: data.id, displayName: data.displayName }),
  newPeer: (data) => classic.peerOf(data),
};

const typescript = {
  name: 'typescript',
  tells: true,
  transportRequest: (direction, forceTcp) => ({
    forceTcp,
    appData: { direction: direction === 'send' ? 'producer' : 'consumer' },
  }),
  capabilities: (answer) => answer.routerRtpCapabilities,
  transportId: (answer) => answer.transportId,
  producerId: (answer) => answer.producerId,
  iceParameters: (answer) => answer.iceParameters,
  consumerId: (data) => data.consumerId,
  peerOf: (data) => ({ peerId: data.peerId, displayName: data.displayName }),
  newPeer: (data) => typescript.peerOf(data.peer),
};

export const DIALECTS = { classic, typescript };
