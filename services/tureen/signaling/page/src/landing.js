// The page without a room: ask which one.

import { roomFromText, suggestRoom } from './address.js';
import { byId, setText } from './dom.js';
import { guestName } from './names.js';

/**
 * Show the form. Resolves never: it leads to the room's own address, which loads the page anew.
 *
 * @param {{problem: string|null, name: string}} options `problem` says what is wrong with the room in the address.
 */
export function showLanding({ problem, name }) {
  const room = byId('landing-room');
  const help = byId('landing-room-help');
  room.value = suggestRoom(Math.random);
  byId('landing-name').value = name;
  byId('landing-name').placeholder = guestName(Math.random);
  const complain = (text) => {
    setText(help, text);
    help.dataset.tone = 'wrong';
    room.setAttribute('aria-invalid', 'true');
  };
  if (problem) complain(problem);
  byId('landing-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const chosen = roomFromText(room.value);
    if (!chosen) {
      complain('Please give the room a name, with letters or digits.');
      room.focus();
      return;
    }
    localStorage.setItem('tureen.name', byId('landing-name').value.trim());
    const url = new URL(location.href);
    url.searchParams.set('room', chosen);
    location.assign(url);
  });
  byId('landing').hidden = false;
  room.select();
}
