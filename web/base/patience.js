// Asks again what the server has no room for just now, for a while and not too often.

/** Seconds that it is asked again for, all waits together. */
const LONGEST = 60;
/** Seconds of the first wait where the server names none; each next one is twice as long. */
const FIRST = 1;
/** What says that it is only now: too much of one address, or of all. */
const FULL = [429, 503];

/**
 * The answer; one that says "not now" only where it stayed that.
 * @param {() => Promise<Response>} ask
 * @param {(seconds: number) => Promise<void>} wait
 * @returns {Promise<Response>}
 */
export async function patiently(ask, wait = sleep) {
  let waited = 0;
  for (let usual = FIRST; ; usual *= 2) {
    const answer = await ask();
    const named = Number(answer.headers.get("Retry-After"));
    // Without that header it is no matter of a moment.
    if (!FULL.includes(answer.status) || !(named > 0)) return answer;
    // Those who were refused together do not come again together.
    const seconds = Math.max(named, usual) * (1 + Math.random() / 2);
    if (waited + seconds > LONGEST) return answer;
    void answer.body?.cancel();
    await wait(seconds);
    waited += seconds;
  }
}

/** @param {number} seconds @returns {Promise<void>} */
function sleep(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
