// What the page says about the state of the call. Pure functions.

import { Unreachable } from './errors.js';

/** The few words beside the dot in the bar, and the dot's tone. */
export function stateWords(state, wasJoined) {
  switch (state) {
    case 'joined':
      return { text: 'Connected', tone: 'good' };
    case 'asking':
      return { text: 'Waiting for camera and microphone', tone: 'busy' };
    case 'connecting':
      return { text: wasJoined ? 'Reconnecting' : 'Connecting', tone: 'busy' };
    case 'waiting':
      return { text: 'Disconnected', tone: 'bad' };
    case 'full':
      return { text: 'Room is full', tone: 'bad' };
    case 'ended':
    case 'failed':
      return { text: 'Not connected', tone: 'bad' };
    case 'left':
      return { text: 'You left', tone: 'quiet' };
    default:
      return { text: 'Starting', tone: 'busy' };
  }
}

/** The panel for states in which there is no call to show; null for the others. */
export function panelWords(state, error, wasJoined) {
  switch (state) {
    case 'asking':
      return {
        icon: 'camera',
        title: 'May we see and hear you?',
        text: 'Your browser asks whether this page may use your camera and microphone.',
        tone: 'busy',
      };
    case 'connecting':
      return wasJoined
        ? null
        : { icon: 'bowl', title: 'Joining the room', text: 'Finding a worker to serve you.', tone: 'busy' };
    case 'waiting':
      return wasJoined ? null : waitingWords(error);
    case 'full':
      return {
        icon: 'bowl',
        title: 'This room is full',
        text: 'No worker has room for another guest. Try again when somebody has left, or ask for more workers.',
        tone: 'bad',
      };
    case 'ended':
      return {
        icon: 'leave',
        title: 'The server ended this connection',
        text: 'The room was closed, or this place in it was taken by another connection.',
        tone: 'bad',
      };
    case 'failed':
      return { icon: 'warning', title: 'Joining the room failed', text: sentence(error), tone: 'bad' };
    case 'left':
      return {
        icon: 'leave',
        title: 'You left the room',
        text: 'Camera and microphone are off.',
        tone: 'quiet',
      };
    default:
      return null;
  }
}

function waitingWords(error) {
  const title = error instanceof Unreachable ? 'The server cannot be reached' : 'The server is not ready';
  return { icon: 'offline', title, text: sentence(error), tone: 'bad' };
}

/** An error as a sentence: first letter large, a full stop at the end. */
export function sentence(error) {
  const text = (error?.message ?? '').trim();
  if (!text) return '';
  const ended = /[.!?…]$/.test(text) ? text : `${text}.`;
  return ended[0].toLocaleUpperCase() + ended.slice(1);
}

/** How many people are here, this page included. */
export function peopleWords(count) {
  return count === 1 ? 'Only you' : `${count} people`;
}
