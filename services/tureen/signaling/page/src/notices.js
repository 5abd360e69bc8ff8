// What the page has to say: toasts for what passes, banners for what stays, and a panel in the middle for what
// stops the call.

import { byId, element, setChildren, setText } from './dom.js';
import { icon } from './icons.js';

const TOAST_MILLISECONDS = 4_500;

/** Say something in passing. */
export function toast(text) {
  const made = element('p', { class: 'toast' }, text);
  byId('toasts').append(made);
  setTimeout(() => made.remove(), TOAST_MILLISECONDS);
}

function button({ label, act, primary = false }) {
  const made = element(
    'button',
    { class: `button ${primary ? 'button-primary' : 'button-quiet'}`, type: 'button' },
    label,
  );
  made.addEventListener('click', act);
  return made;
}

/**
 * Show the banners, and no others.
 *
 * @param {{key: string, icon: string, text: string, tone: 'warning'|'quiet', actions: {label: string, act: () =>
 *    void}[]}[]} banners
 */
export function showBanners(banners) {
  const target = byId('banners');
  // The text changes while one counts down; the buttons stay, and keep their focus.
  setChildren(target, JSON.stringify(banners.map(({ key, actions }) => [key, actions])), () =>
    banners.map(({ icon: name, tone, actions }) =>
      element(
        'div',
        { class: 'banner', role: 'status', 'data-tone': tone },
        icon(name),
        element('p'),
        ...actions.map(button),
      ),
    ),
  );
  banners.forEach(({ text }, index) => setText(target.children[index].querySelector('p'), text));
}

/**
 * Show the panel, or hide it with null.
 *
 * @param {null|{icon: string, title: string, text: string, tone?: string, actions: {label: string, act: () => void,
 *    primary?: boolean}[]}} view
 */
export function showPanel(view) {
  const panel = byId('panel');
  const appears = panel.hidden && view;
  panel.hidden = !view;
  document.body.classList.toggle('has-panel', Boolean(view));
  if (!view) return;
  panel.dataset.tone = view.tone ?? 'busy';
  byId('panel-title').textContent = view.title;
  byId('panel-text').textContent = view.text;
  setChildren(byId('panel-icon'), view.icon, () => [icon(view.icon)]);
  setChildren(byId('panel-actions'), JSON.stringify(view.actions), () => view.actions.map(button));
  // Whoever uses a keyboard or a screen reader is taken to what stopped the call.
  if (appears) byId('panel-actions').querySelector('.button')?.focus({ preventScroll: true });
}

/** Show in how many seconds the page tries again; null for not at all. */
export function showCountdown(seconds) {
  const text = seconds === null ? '' : `Trying again in ${seconds} s`;
  byId('panel-countdown').textContent = text;
  byId('panel-countdown').hidden = !text;
}
