// Waiting for things. Tests never wait for a time to pass; they wait until something holds, or say what did not.

const POLL_MS = 40;

/** Resolves with the first truthy value of `probe`; errors of the probe count as "not yet". `what` is for the failure's message. */
export async function until(what, probe, { timeout = 15_000 } = {}) {
  const end = Date.now() + timeout;
  let last = "nothing yet";
  for (;;) {
    try {
      const value = await probe();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`waited ${timeout} ms for ${what}; last seen: ${last?.stack ?? JSON.stringify(last)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Resolves after `ms`. For agents, which beat by the clock; tests use `until`. */
export const beatPause = (ms, signal) =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
