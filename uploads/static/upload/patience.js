// Waiting: places for what runs at once, and trying again, later each time.
const FIRST_WAIT = 500, LONGEST_WAIT = 20_000; // milliseconds

/** So many at once, the others in their order. */
export class Places {
  #free;
  #queue = [];

  constructor(count) {
    this.#free = count;
  }

  async with(work) {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise((go) => this.#queue.push(go));
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/** Ends after `milliseconds`, when the network comes back, or with an AbortError. */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const end = (settle) => () => {
      clearTimeout(timer);
      removeEventListener("online", wake);
      signal?.removeEventListener("abort", stop);
      settle(signal?.reason);
    };
    const wake = end(resolve), stop = end(reject);
    const timer = setTimeout(wake, milliseconds);
    if (signal?.aborted) return stop();
    addEventListener("online", wake);
    signal?.addEventListener("abort", stop);
  });
}

/** Does `work` until it goes well or fails for good. `onWait(error, seconds)` is told of each wait. */
export async function persistently(work, signal, onWait) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !error.passing) throw error;
      const spread = 0.5 + Math.random() / 2;
      const wait = Math.max(error.wait * 1000, Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt) * spread);
      onWait(error, wait / 1000);
      await pause(wait, signal);
    }
  }
}
