// What the page's address means, and the addresses made from it. Pure functions.

/** Ids on the wire: room and peer ids must match this. */
const ID = /^[A-Za-z0-9_-]{1,128}$/;

const FIRST = [
  'amber',
  'brass',
  'copper',
  'ember',
  'golden',
  'hearth',
  'ivory',
  'maple',
  'pepper',
  'saffron',
  'thyme',
  'velvet',
];
const SECOND = [
  'bowl',
  'broth',
  'cellar',
  'kettle',
  'kitchen',
  'ladle',
  'larder',
  'lantern',
  'pantry',
  'parlour',
  'spoon',
  'table',
];

/**
 * Read the page's address.
 *
 * @param {string} href The whole address, for example `http://127.0.0.1:4443/?room=supper`.
 * @returns {{room: string|null, problem: string|null, name: string|null, dialect: 'classic'|'typescript', forceTcp:
 *    boolean}} `room` is null where the address names none, or one that cannot exist; `problem` then says why.
 */
export function readAddress(href) {
  const query = new URL(href).searchParams;
  const room = query.get('room');
  const valid = room !== null && ID.test(room);
  return {
    room: valid ? room : null,
    problem:
      room && !valid ? 'A room’s name has letters, digits, hyphens and underscores only, 128 at most.' : null,
    name: query.get('name')?.trim().slice(0, 40) || null,
    dialect: query.get('dialect') === 'typescript' ? 'typescript' : 'classic',
    forceTcp: query.get('forceTcp') === 'true',
  };
}

/** Turn what somebody typed into a room's name; an empty string when nothing usable is left. */
export function roomFromText(text) {
  return text
    .normalize('NFKD')
    .trim()
    .replace(/[\s.]+/g, '-')
    .replace(/[^A-Za-z0-9_-]/g, '')
    .replace(/-{2,}/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
}

/**
 * Make up a name for a room.
 *
 * @param {() => number} random Numbers from 0 to 1, as from Math.random.
 */
export function suggestRoom(random) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  return `${pick(FIRST)}-${pick(SECOND)}-${10 + Math.floor(random() * 90)}`;
}

/** The address at which the server speaks protoo: the page's own origin and path. */
export function webSocketAddress(href, roomId, peerId) {
  const url = new URL(href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  url.search = new URLSearchParams({ roomId, peerId }).toString();
  return url.href;
}

/** The address to give to others: this room, and nothing that is only ours. */
export function inviteAddress(href, room) {
  const url = new URL(href);
  url.hash = '';
  url.search = new URLSearchParams({ room }).toString();
  return url.href;
}
