// How tiles fill the stage. Pure functions.

const RATIO = 16 / 9;

/**
 * Choose the number of columns that makes the tiles as large as the stage allows.
 *
 * @param {{count: number, width: number, height: number, gap: number, caption: number, smallest: number}} stage
 *   How many tiles; the stage's size, the gap between tiles and a tile's caption's height in pixels; the width below
 *   which a tile is of no use, so that the stage scrolls instead.
 * @returns {{columns: number, width: number}} `width` is a tile's, in whole pixels.
 */
export function arrange({ count, width, height, gap, caption, smallest }) {
  let best = { columns: 1, width: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(count / columns);
    const byWidth = (width - gap * (columns - 1)) / columns;
    const byHeight = ((height - gap * (rows - 1)) / rows - caption) * RATIO;
    const tile = Math.floor(Math.min(byWidth, byHeight));
    if (tile > best.width) best = { columns, width: tile };
  }
  if (best.width >= Math.min(smallest, width)) return best;
  const columns = Math.max(1, Math.min(count, Math.floor((width + gap) / (smallest + gap))));
  return { columns, width: Math.floor((width - gap * (columns - 1)) / columns) };
}
