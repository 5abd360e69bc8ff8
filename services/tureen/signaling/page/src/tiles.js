// The people's tiles, and how they fill the stage.

import { byId, fromTemplate, setChildren, setText } from './dom.js';
import { icon } from './icons.js';
import { arrange } from './layout.js';
import { initials } from './names.js';
import { routeInWords } from './places.js';
import { showRoutes } from './routes.js';

// In pixels, and as in the style sheet.
const GAP = 14;
const RING = 6;
const SMALLEST = 220;

/**
 * @typedef {object} TileView
 * @property {string} peerId
 * @property {string} name
 * @property {boolean} self Whether it is this page's own picture.
 * @property {MediaStreamTrack|null} video What to show; null shows initials.
 * @property {boolean} muted Whether no sound comes from here.
 * @property {{source: object|null, served: object|null, label?: string}[]} routes
 * @property {string} trouble A sentence to lay over the picture; empty when all is well.
 */

/** One person's tile. */
class Tile {
  #video;
  #stream = null;

  constructor() {
    this.element = fromTemplate('tile-template');
    this.parts = Object.fromEntries(
      ['picture', 'video', 'avatar', 'quality', 'muted', 'trouble', 'caption', 'name', 'routes'].map(
        (part) => [part, this.element.querySelector(`.tile-${part}`)],
      ),
    );
    this.#video = this.parts.video;
  }

  /** @param {TileView} view */
  show(view) {
    const { element, parts } = this;
    element.dataset.peerId = view.peerId;
    element.classList.toggle('tile-self', view.self);
    element.classList.toggle('tile-dark', !view.video);
    element.setAttribute('aria-label', this.#words(view));
    this.#show(view.video);
    setText(parts.avatar, initials(view.name));
    setChildren(parts.name, `${view.name}/${view.self}`, () => [
      view.name,
      ...(view.self ? [' ', this.#you()] : []),
    ]);
    setChildren(parts.muted, String(view.muted), () => [icon('microphoneOff'), 'Muted']);
    parts.muted.hidden = !view.muted;
    setText(parts.trouble, view.trouble);
    showRoutes(parts.routes, view.routes);
  }

  #words({ name, self, muted, routes }) {
    const ways = routes.map(({ source, served }) => routeInWords(source, served)).filter(Boolean);
    return [self ? `${name}, you` : name, muted ? 'muted' : '', ...ways].filter(Boolean).join(', ');
  }

  #you() {
    const you = document.createElement('span');
    you.className = 'tile-you';
    you.textContent = 'you';
    return you;
  }

  #show(track) {
    if (track === (this.#stream?.getTracks()[0] ?? null)) return;
    this.#stream = track ? new MediaStream([track]) : null;
    this.#video.srcObject = this.#stream;
  }

  /** Show a line on the picture's quality; empty for none. */
  set quality(text) {
    setText(this.parts.quality, text);
  }

  /** Show how loud it is, from 0 to 1. */
  set level(value) {
    this.element.style.setProperty('--level', value.toFixed(2));
  }
}

/** All tiles. */
export class Tiles {
  #tiles = new Map();
  #list = byId('tiles');
  #stage = byId('stage');
  #waiting;

  /** @param {{waiting: HTMLElement}} options `waiting` stands beside one's own tile while nobody else is there. */
  constructor({ waiting }) {
    this.#waiting = waiting;
    new ResizeObserver(() => this.#arrange()).observe(this.#stage);
  }

  /** Show exactly these people, in this order. */
  show(views, { alone }) {
    const ids = new Set(views.map(({ peerId }) => peerId));
    for (const [peerId, tile] of this.#tiles) {
      if (ids.has(peerId)) continue;
      tile.element.remove();
      this.#tiles.delete(peerId);
    }
    for (const view of views) this.#tile(view.peerId).show(view);
    if (alone) this.#list.append(this.#waiting);
    else this.#waiting.remove();
    this.#arrange();
  }

  /** The tile of a person, or undefined. */
  get(peerId) {
    return this.#tiles.get(peerId);
  }

  #tile(peerId) {
    if (!this.#tiles.has(peerId)) {
      const tile = new Tile();
      this.#tiles.set(peerId, tile);
      this.#list.append(tile.element);
    }
    return this.#tiles.get(peerId);
  }

  #arrange() {
    const count = this.#list.childElementCount;
    const width = this.#list.clientWidth - 2 * RING;
    const height = this.#list.clientHeight - 2 * RING;
    if (count === 0 || width <= 0) return;
    const caption = Math.max(0, ...[...this.#tiles.values()].map(({ parts }) => parts.caption.offsetHeight));
    const { columns, width: tile } = arrange({ count, width, height, gap: GAP, caption, smallest: SMALLEST });
    this.#list.style.setProperty('--columns', columns);
    this.#list.style.setProperty('--tile-width', `${tile}px`);
  }
}
