// When to try again. Pure functions.

const FIRST = 1_000;
const LONGEST = 15_000;

/**
 * How long to wait before the next attempt, in milliseconds: 1 s, doubled each time up to 15 s, less up to a
 * quarter, so that all the pages of a server that was away do not come back at the same moment.
 *
 * @param {number} failures How many attempts failed in a row, at least 1.
 * @param {() => number} random Numbers from 0 to 1.
 */
export function delayBefore(failures, random) {
  const delay = Math.min(LONGEST, FIRST * 2 ** (failures - 1));
  return Math.round(delay * (1 - random() / 4));
}
