// The buttons for one's own microphone and camera, and for leaving.

import { byId, element, setChildren } from './dom.js';
import { icon } from './icons.js';

function show(id, { name, label, pressed, enabled }) {
  const control = byId(id);
  // A toggle keeps its name and says by `aria-pressed` what it is; the words beside the icon say what a click does.
  setChildren(control, `${name}/${label}`, () => [
    icon(name),
    element('span', { class: 'control-label' }, label),
  ]);
  control.setAttribute('aria-label', label);
  control.dataset.off = String(pressed);
  control.disabled = !enabled;
}

/** Show the buttons as the call is. */
export function showControls(call, { enabled }) {
  const silent = call.devices.muted;
  const dark = !call.devices.tracks.video;
  show('microphone', {
    name: silent ? 'microphoneOff' : 'microphone',
    label: silent ? 'Unmute' : 'Mute',
    pressed: silent,
    enabled,
  });
  show('camera', {
    name: dark ? 'cameraOff' : 'camera',
    label: dark ? 'Camera on' : 'Camera off',
    pressed: dark,
    enabled,
  });
  show('leave', { name: 'leave', label: 'Leave', pressed: false, enabled });
}
