// Predicates over the trace: `call=connect host=client result=ok port=12345`. Every pair must hold for one event.
// Nothing here looks at source text: a lesson is passed by what happened.

/** @typedef {{ field: string, operator: string, value: string }} Term */

/** @param {string} text @returns {Term[]} */
export function parseCheck(text) {
  return text.split(/\s+/).map((word) => {
    const match = /^([a-z_]+)(!=|>=|<=|=|>|<)(.+)$/.exec(word);
    if (!match) throw new Error(`"${word}" is not a check`);
    return { field: match[1], operator: match[2], value: match[3] };
  });
}

/**
 * @param {Term[]} check
 * @param {Record<string, string | number | undefined>} facts of one event, by `factsOf`
 */
export function holds(check, facts) {
  const asksPhase = check.some(({ field }) => field === "phase");
  if (facts.kind === "call" && !asksPhase && facts.phase !== "end") return false;
  return check.every(({ field, operator, value }) => compare(facts[field], operator, value));
}

/** @param {string | number | undefined} fact @param {string} operator @param {string} value */
function compare(fact, operator, value) {
  if (fact === undefined) return false;
  if (operator === "=") return String(fact) === value;
  if (operator === "!=") return String(fact) !== value;
  const [left, right] = [Number(fact), Number(value)];
  if (operator === ">") return left > right;
  if (operator === "<") return left < right;
  return operator === ">=" ? left >= right : left <= right;
}
