// The page's icons, drawn for it: strokes on a 24 by 24 grid.

const PATHS = {
  microphone:
    'M12 3.5a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0v-5a3 3 0 0 0-3-3z M5.5 11.5a6.5 6.5 0 0 0 13 0 M12 18v3 M9 21h6',
  microphoneOff:
    'M15 9.3V6.5a3 3 0 0 0-5.7-1.3 M9 9v2.5a3 3 0 0 0 4.6 2.5 M5.5 11.5a6.5 6.5 0 0 0 10.3 5.3 M18.5 11.5a6.5 6.5 0 0 1-.7 3 M12 18v3 M9 21h6 M4 3.5l16.5 17',
  camera: 'M3.5 8a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-8a2 2 0 0 1-2-2z M15.5 10.8l5-3v8.4l-5-3',
  cameraOff:
    'M10 6h3.5a2 2 0 0 1 2 2v3.5l5-3.5v8 M15.5 15.5v.5a2 2 0 0 1-2 2h-8a2 2 0 0 1-2-2V8a2 2 0 0 1 1.8-2 M3.5 3.5l17 17',
  leave: 'M14 4.5H6.5a2 2 0 0 0-2 2v11a2 2 0 0 0 2 2H14 M10.5 12h9.5 M16.5 8.5L20 12l-3.5 3.5',
  link: 'M9.5 14.5l5-5 M11 6.5l1.6-1.6a4.2 4.2 0 0 1 6 6L17 12.5 M13 17.5l-1.6 1.6a4.2 4.2 0 0 1-6-6L7 11.5',
  done: 'M4.5 12.5l5 5 10-11',
  warning: 'M12 4.5l8.5 15h-17z M12 10v4.5 M12 17v.1',
  offline:
    'M4 9.5a12 12 0 0 1 4.5-2.7 M20 9.5a12 12 0 0 0-7-3.3 M7.5 13.3a7 7 0 0 1 3-1.7 M16.5 13.3a7 7 0 0 0-1.5-1.1 M12 17.5v.1 M4.5 3.5l15 17',
  bowl: 'M4 12h16c0 4.5-3.5 7.5-8 7.5S4 16.5 4 12z M9 4.5c-1 1 1 2 0 3.5 M12 4c-1 1 1 2.5 0 4 M15 4.5c-1 1 1 2 0 3.5',
  sound: 'M4 10v4h3.5l5 4V6l-5 4z M16 9a4 4 0 0 1 0 6 M18.5 6.5a7.5 7.5 0 0 1 0 11',
};

const NAMESPACE = 'http://www.w3.org/2000/svg';

/** Make an icon; it is decoration, so whoever shows it adds words. */
export function icon(name) {
  const svg = document.createElementNS(NAMESPACE, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(NAMESPACE, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
