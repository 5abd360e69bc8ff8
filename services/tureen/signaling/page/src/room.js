// The room as people see it: puts what a call knows onto the page, and hands what they click to the call.

import { inviteAddress } from './address.js';
import { showControls } from './controls.js';
import { byId, fromTemplate, setText } from './dom.js';
import { Invite } from './invite.js';
import { Monitor } from './monitor.js';
import { showBanners, showCountdown, showPanel, toast } from './notices.js';
import { Sound } from './sound.js';
import { panelWords, peopleWords, stateWords } from './texts.js';
import { Tiles } from './tiles.js';
import { bannersFor, tileViews, waysOf } from './views.js';
import { showWorkers } from './workers.js';

export class Room {
  #call;
  #sound = new Sound({ onChange: () => this.#show() });
  #tiles;
  #monitor;
  #seconds = null;
  #drawn = false;

  constructor(call) {
    this.#call = call;
    const waiting = fromTemplate('waiting-template');
    const address = inviteAddress(location.href, call.roomId);
    new Invite(byId('invite'), address);
    new Invite(waiting.querySelector('button'), address);
    this.#tiles = new Tiles({ waiting });
    this.#monitor = new Monitor({ call, tiles: this.#tiles, onStall: () => this.#show() });
  }

  /** Start to show the call. */
  open() {
    const call = this.#call;
    setText(byId('room-name'), call.roomId);
    call.addEventListener('change', () => this.#soon());
    call.addEventListener('notice', ({ detail }) => toast(detail));
    call.addEventListener('countdown', ({ detail }) => {
      this.#seconds = detail;
      this.#soon();
    });
    byId('microphone').addEventListener('click', () => call.toggleMicrophone());
    byId('camera').addEventListener('click', () => call.toggleCamera());
    byId('leave').addEventListener('click', () => call.leave());
    // The server learns at once, and need not wait for the connection to time out.
    addEventListener('pagehide', () => call.leave());
    this.#show();
  }

  /** Draw once for all that changes in one go. */
  #soon() {
    if (this.#drawn) return;
    this.#drawn = true;
    queueMicrotask(() => {
      this.#drawn = false;
      this.#show();
    });
  }

  #show() {
    const call = this.#call;
    const { state, error, wasJoined } = call;
    const words = stateWords(state, wasJoined);
    setText(byId('state-text'), words.text);
    byId('state').dataset.tone = words.tone;
    const panel = panelWords(state, error, wasJoined);
    setText(byId('people'), state === 'joined' ? peopleWords(call.peers.list().length + 1) : '');
    showPanel(panel && { ...panel, actions: this.#actions() });
    showCountdown(state === 'waiting' && panel ? this.#seconds : null);
    showBanners(bannersFor(call, { sound: this.#sound, seconds: this.#seconds }));
    showControls(call, { enabled: !panel });
    const views = panel ? [] : tileViews(call, (peerId) => this.#monitor.stalled(peerId));
    this.#tiles.show(views, { alone: state === 'joined' && views.length === 1 });
    showWorkers(panel ? [] : waysOf(call));
    this.#sound.play(
      call.peers
        .streams()
        .filter(({ kind }) => kind === 'audio')
        .map(({ consumer }) => consumer),
    );
  }

  #actions() {
    const call = this.#call;
    switch (call.state) {
      case 'asking':
        return [{ label: 'Watch without them', act: () => call.skipCapture() }];
      case 'waiting':
        return [{ label: 'Try now', act: () => call.retryNow(), primary: true }];
      case 'full':
      case 'failed':
        return [{ label: 'Try again', act: () => call.rejoin(), primary: true }];
      case 'ended':
        return [{ label: 'Join again', act: () => call.rejoin(), primary: true }];
      case 'left':
        return [
          { label: 'Join again', act: () => call.start(), primary: true },
          { label: 'Another room', act: () => location.assign('./') },
        ];
      default:
        return [];
    }
  }
}
