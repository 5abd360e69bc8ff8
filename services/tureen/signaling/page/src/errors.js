// What went wrong, in two senses: for the program, which decides whether to try again, and for people.

/** A coded answer of the server: `code` and `type` are those of the contract, for example 503 and `NoCapacity`. */
export class ServerError extends Error {
  constructor(code, reason) {
    const match = /^([A-Z][A-Za-z]+): (.*)$/s.exec(reason ?? '');
    super(match ? match[2] : reason || 'The server gave no reason.');
    this.name = 'ServerError';
    this.code = code;
    this.type = match ? match[1] : null;
  }
}

/** The server cannot be reached, or the connection to it broke. */
export class Unreachable extends Error {
  constructor(message) {
    super(message);
    this.name = 'Unreachable';
  }
}

/** The server closed the connection for good, for example because another tab took this peer's place. */
export class Dismissed extends Error {
  constructor() {
    super('The server ended this connection.');
    this.name = 'Dismissed';
  }
}

const PASSING = new Set([
  'Unavailable',
  'Draining',
  'Busy',
  'RateLimited',
  'Timeout',
  'Stale',
  'WorkerClosedError',
]);

/**
 * What a failed attempt to join means.
 *
 * @returns {'full'|'ended'|'again'|'failed'} `again`: the same attempt may succeed in a moment. `failed`: it will
 *    not.
 */
export function outcomeOf(error) {
  if (error instanceof Dismissed) return 'ended';
  if (error instanceof Unreachable) return 'again';
  if (error instanceof ServerError) {
    if (error.type === 'NoCapacity') return 'full';
    return PASSING.has(error.type) || error.code === 504 ? 'again' : 'failed';
  }
  return 'failed';
}
