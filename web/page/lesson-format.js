// Reads a lesson: Markdown with front matter. `# ` begins a part, `## ` a step, the first paragraph is what the
// strip says, and a list of `- key: value` carries the rest. A lesson is data: adding one touches no code.

/**
 * @typedef {{ host: string, line: string, waits: boolean }} Doing one line for a machine's console
 * @typedef {{ title: string, text: string, hint: string, passed: string, does: Doing[], checks: string[] }} Step
 * @typedef {{ title: string, audience: string, steps: Step[] }} Part
 * @typedef {{ id: string, title: string, front: Record<string, string>, parts: Part[] }} Lesson
 */

/** @param {string} source @returns {Lesson} */
export function parseLesson(source) {
  const lines = source.split(/\r?\n/);
  const { front, next } = frontMatter(lines);
  /** @type {Part[]} */
  const parts = [];
  for (let at = next; at < lines.length; at += 1) {
    try {
      takeLine(lines[at], parts);
    } catch (error) {
      throw new Error(`line ${at + 1}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { id: front.id ?? "", title: front.title ?? "", front, parts };
}

/** @param {string[]} lines */
function frontMatter(lines) {
  /** @type {Record<string, string>} */
  const front = {};
  if (lines[0] !== "---") throw new Error("line 1: a lesson begins with ---");
  const end = lines.indexOf("---", 1);
  if (end < 0) throw new Error("line 1: the front matter has no end");
  for (let at = 1; at < end; at += 1) {
    const [key, value] = pair(lines[at]);
    front[key] = value;
  }
  return { front, next: end + 1 };
}

/** @param {string} line @param {Part[]} parts */
function takeLine(line, parts) {
  const part = parts.at(-1);
  const step = part?.steps.at(-1);
  if (line.trim() === "") return;
  if (line.startsWith("## ")) {
    if (!part) throw new Error("a step before the first part");
    part.steps.push({ title: line.slice(3).trim(), text: "", hint: "", passed: "", does: [], checks: [] });
  } else if (line.startsWith("# ")) {
    parts.push({ title: line.slice(2).trim(), audience: "everybody", steps: [] });
  } else if (line.startsWith("- ")) {
    if (!step) throw new Error("a list before the first step");
    property(step, ...pair(line.slice(2)));
  } else if (step) {
    step.text = step.text ? `${step.text} ${line.trim()}` : line.trim();
  } else if (part) {
    const [key, value] = pair(line);
    if (key !== "for") throw new Error(`unknown key "${key}"`);
    part.audience = value;
  } else {
    throw new Error("text before the first part");
  }
}

/** @param {Step} step @param {string} key @param {string} value */
function property(step, key, value) {
  if (key === "hint" || key === "passed") step[key] = value;
  else if (key === "check") step.checks.push(value);
  else if (key === "do") step.does.push(doing(value));
  else throw new Error(`unknown key "${key}"`);
}

/** `client: s.recv(1024)`; a `&` at the end says that nobody waits for it, as in a shell. @param {string} value */
function doing(value) {
  const [host, rest] = pair(value);
  const waits = rest.endsWith(" &");
  return { host, line: waits ? rest.slice(0, -2).trimEnd() : rest, waits };
}

/** @param {string} line @returns {[string, string]} */
function pair(line) {
  const colon = line.indexOf(":");
  if (colon < 1) throw new Error(`expected "key: value", found "${line}"`);
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

/**
 * The text of a step as nodes: `code` in backticks, everything else as it stands.
 * @param {string} text
 * @param {(code: string) => string} rename what a name in backticks is called here
 * @returns {(string | HTMLElement)[]}
 */
export function inline(text, rename = (code) => code) {
  return text.split("`").map((piece, at) => {
    if (at % 2 === 0) return piece;
    const code = document.createElement("code");
    code.textContent = rename(piece);
    return code;
  });
}
