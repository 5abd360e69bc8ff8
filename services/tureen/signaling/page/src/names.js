// Names for guests who gave none, and the initials that stand where no picture is. Pure functions.

const SOUPS = (
  'Avgolemono Bisque Borscht Bouillabaisse Chowder Congee Gazpacho Goulash Gumbo Harira Laksa Minestrone Miso ' +
  'Mulligatawny Pho Pozole Ramen Ribollita Shchi Soto Vichyssoise Zurek'
).split(' ');

const MANNERS = 'Bright Calm Clear Golden Hearty Kind Merry Quick Quiet Smoky Spicy Warm'.split(' ');

/** Make up a guest's name, for example `Quiet Bisque`; `random` gives numbers from 0 to 1. */
export function guestName(random) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  return `${pick(MANNERS)} ${pick(SOUPS)}`;
}

/** One or two letters for a name. */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return '?';
  const letters = words.length === 1 ? [words[0]] : [words[0], words.at(-1)];
  return letters.map((word) => [...word][0].toLocaleUpperCase()).join('');
}
