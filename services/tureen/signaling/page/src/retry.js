// When to try again. Pure functions.

const AT_ONCE = 300;
const FIRST = 1_000;
const LONGEST = 15_000;

/**
 * How long to wait before the next attempt, in milliseconds.
 *
 * After a connection that stood, hardly at all: its worker may have died, and another is waiting. After failed attempts
 * 1 s, doubled each time up to 15 s, less up to a quarter. Chance keeps the many pages of one server from coming back at
 * the same moment.
 *
 * @param {number} failures How many attempts failed in a row; 0 after a connection that stood.
 * @param {() => number} random Numbers from 0 to 1.
 */
export function delayBefore(failures, random) {
  if (failures === 0) return Math.round(AT_ONCE * random());
  const delay = Math.min(LONGEST, FIRST * 2 ** (failures - 1));
  return Math.round(delay * (1 - random() / 4));
}
