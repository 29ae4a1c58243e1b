// The address of a lesson and of a step in it: `/learn/connect#be-refused`.

/** What stands for a step behind the `#`. @param {string} title */
export function slugOf(title) {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

/** @param {string} lesson its id @param {string} [step] a step's title */
export function addressOf(lesson, step) {
  return `/learn/${lesson}${step === undefined ? "" : `#${slugOf(step)}`}`;
}

/**
 * The lesson and the step that an address asks for; null for any other address.
 * @param {{ pathname: string, hash: string }} address @returns {{ lesson: string, step: string } | null} `step` is what stands for it, and may be empty
 */
export function askedOf({ pathname, hash }) {
  const lesson = /^\/learn\/([a-z0-9-]{1,32})\/?$/.exec(pathname)?.[1];
  return lesson === undefined ? null : { lesson, step: /^#([a-z0-9-]{1,64})$/.exec(hash)?.[1] ?? "" };
}

/** The title of the step that is asked for. @param {{ parts: { steps: string[] }[] }} listed @param {string} slug */
export function stepCalled(listed, slug) {
  return listed.parts.flatMap(({ steps }) => steps).find((title) => slug !== "" && slugOf(title) === slug);
}
