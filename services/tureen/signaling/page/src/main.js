// Where the page starts: no room in the address shows the form, a room starts the call.
//
// The address may say `?room=NAME`, `&name=YOURS`, `&dialect=typescript` (which of the server's two dialects to speak)
// and `&forceTcp=true` (media by TCP only).

import { readAddress, webSocketAddress } from './address.js';
import { Call } from './call.js';
import { DIALECTS } from './dialects.js';
import { byId } from './dom.js';
import { expose } from './inspect.js';
import { showLanding } from './landing.js';
import { guestName } from './names.js';
import { Room } from './room.js';

/** A peer id of our own; crypto.randomUUID exists only on secure pages. */
function newPeerId() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

/** The name given in the address, else the one given before, else a guest's, kept as long as the tab. */
function ownName(given) {
  const name = given ?? (localStorage.getItem('tureen.name') || sessionStorage.getItem('tureen.guest'));
  if (name) return name;
  const guest = guestName(Math.random);
  sessionStorage.setItem('tureen.guest', guest);
  return guest;
}

function start() {
  const { room, problem, name, dialect, forceTcp } = readAddress(location.href);
  if (!room) {
    document.body.dataset.view = 'landing';
    showLanding({ problem, name: localStorage.getItem('tureen.name') ?? '' });
    return;
  }
  document.body.dataset.view = 'call';
  document.title = `${room} · Tureen`;
  byId('call').hidden = false;
  const peerId = newPeerId();
  const call = new Call({
    address: webSocketAddress(location.href, room, peerId),
    roomId: room,
    peerId,
    displayName: ownName(name),
    dialect: DIALECTS[dialect],
    forceTcp,
  });
  expose(call, dialect);
  new Room(call).open();
  call.start();
}

start();
