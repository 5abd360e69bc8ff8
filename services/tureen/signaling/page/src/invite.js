// The button that copies the room's address.

import { element, setChildren } from './dom.js';
import { icon } from './icons.js';

const CONFIRM_MILLISECONDS = 2_000;

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Pages that are not secure have no clipboard; a person can still copy by hand.
  window.prompt('Copy this address:', text);
  return undefined;
}

/** A button that copies an address and says so. */
export class Invite {
  #button;
  #timer = null;

  constructor(button, address) {
    this.#button = button;
    this.#show('link', 'Copy invite link');
    button.title = address;
    button.addEventListener('click', async () => {
      try {
        await copy(address);
        this.#show('done', 'Link copied');
      } catch {
        this.#show('warning', 'Copy it from the address bar');
      }
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#show('link', 'Copy invite link'), CONFIRM_MILLISECONDS);
    });
  }

  #show(name, label) {
    setChildren(this.#button, label, () => [icon(name), element('span', { class: 'button-label' }, label)]);
    // On narrow screens the words are not shown, but still said.
    this.#button.setAttribute('aria-label', label);
  }
}
