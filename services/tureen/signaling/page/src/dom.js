// Small help with the document.

/** The element with this id; it must exist. */
export const byId = (id) => document.getElementById(id);

/** Make an element: `element('p', {class: 'tile-name', hidden: true}, 'text', child)`. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Copy a template's only element. */
export const fromTemplate = (id) => byId(id).content.firstElementChild.cloneNode(true);

/** Set an element's text, and hide it when there is none. Touches the document only where something changes. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
  if (target.hidden !== !text) target.hidden = !text;
}

/**
 * Replace an element's children only if `key` differs from the last time, so that focus and animations are not
 * lost.
 */
export function setChildren(target, key, makeChildren) {
  if (target.dataset.key === key) return;
  target.dataset.key = key;
  target.replaceChildren(...makeChildren());
}
