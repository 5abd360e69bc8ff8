// Camera and microphone, and in plain words why there are none.

const WANTED = {
  // The middle between a sharp picture and what two tabs on one laptop can encode three times over.
  video: { width: { ideal: 960 }, height: { ideal: 540 }, frameRate: { ideal: 24, max: 30 } },
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
};

const DEVICES = { audio: 'microphone', video: 'camera' };

/** Why there is no camera or microphone; `message` is for people. */
export class CaptureProblem extends Error {
  constructor(kinds, reason) {
    super(CaptureProblem.#sentence(kinds, reason));
    this.name = 'CaptureProblem';
    this.kinds = kinds;
    this.reason = reason;
  }

  static #sentence(kinds, reason) {
    const devices = kinds.map((kind) => DEVICES[kind]).join(' and ');
    const them = kinds.length > 1 ? 'them' : 'it';
    const are = kinds.length > 1 ? 'are' : 'is';
    return {
      denied:
        `Your browser keeps the ${devices} from this page. ` +
        `Allow ${them} at the left of the address bar, then try again.`,
      absent: `No ${devices.replace(' and ', ' and no ')} was found on this device.`,
      busy: `The ${devices} ${are} in use by another program. Close it there, then try again.`,
      insecure: `Browsers give the ${devices} only to pages from localhost or over https.`,
    }[reason];
  }
}

function reasonOf(error) {
  if (error.name === 'NotAllowedError' || error.name === 'SecurityError') return 'denied';
  if (error.name === 'NotFoundError' || error.name === 'OverconstrainedError') return 'absent';
  return 'busy';
}

async function ask(kinds) {
  if (!navigator.mediaDevices) throw new CaptureProblem(kinds, 'insecure');
  try {
    const stream = await navigator.mediaDevices.getUserMedia(
      Object.fromEntries(kinds.map((kind) => [kind, WANTED[kind]])),
    );
    return Object.fromEntries(stream.getTracks().map((track) => [track.kind, track]));
  } catch (error) {
    throw new CaptureProblem(kinds, reasonOf(error));
  }
}

/** Ask for one device alone. Throws `CaptureProblem`. */
export async function captureOne(kind) {
  return (await ask([kind]))[kind];
}

/**
 * Ask for camera and microphone together, and for each alone if they cannot be had together.
 *
 * @returns {Promise<{audio: MediaStreamTrack|null, video: MediaStreamTrack|null, problem: CaptureProblem|null}>}
 *    Never throws: people who have, or give, neither can still watch.
 */
export async function captureAll() {
  try {
    return { audio: null, video: null, problem: null, ...(await ask(['audio', 'video'])) };
  } catch (together) {
    if (together.reason === 'insecure') return { audio: null, video: null, problem: together };
    const tracks = { audio: null, video: null };
    const refused = [];
    let reason = together.reason;
    for (const kind of ['video', 'audio']) {
      // Once refused by a person, asking again at once would only nag.
      if (together.reason === 'denied' && !(await allowed(kind))) {
        refused.push(kind);
        continue;
      }
      try {
        tracks[kind] = await captureOne(kind);
      } catch (problem) {
        refused.push(kind);
        reason = problem.reason;
      }
    }
    return { ...tracks, problem: refused.length > 0 ? new CaptureProblem(refused, reason) : null };
  }
}

/** Whether the browser already allows this device to the page. */
async function allowed(kind) {
  try {
    return (await navigator.permissions.query({ name: DEVICES[kind] })).state === 'granted';
  } catch {
    return false;
  }
}
