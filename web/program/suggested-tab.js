// Whether a machine's tab comes to the front by itself for what a lesson suggests next. Knows no tab's content.

export class SuggestedTab {
  /** What was suggested last, and in which tab. */
  #last = "";

  /**
   * Whether the tab is to be opened now, once for each suggestion: whoever goes elsewhere then is not fetched back, and nobody is
   * taken out of a tab that they are at work in.
   * @param {string} tab @param {string} what is suggested there
   * @param {{ chosen: string, chosenByHand: boolean, inUse: boolean }} front the tab in front, whether somebody has ever pressed one,
   *   and whether somebody is at work in it
   */
  opens(tab, what, { chosen, chosenByHand, inUse }) {
    const suggested = `${tab} ${what}`;
    if (suggested === this.#last) return false;
    // Who has pressed a tab before there was anything to suggest stays there.
    if (this.#last === "" && chosenByHand) {
      this.#last = suggested;
      return false;
    }
    // It is suggested once more when they have left that tab.
    if (tab !== chosen && inUse) return false;
    this.#last = suggested;
    return true;
  }
}
