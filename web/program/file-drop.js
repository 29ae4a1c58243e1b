// Files that are dropped on a machine, from the person's computer.

/** @param {HTMLElement} place @param {(files: File[], folders: string[]) => void} take */
export function acceptDrops(place, take) {
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
  // Before an editor, which would put a file's text into its own.
  const listen = (/** @type {string} */ kind, /** @type {(event: DragEvent) => void} */ act) =>
    place.addEventListener(
      kind,
      (event) => {
        if (!hasFiles(/** @type {DragEvent} */ (event))) return;
        event.preventDefault();
        event.stopPropagation();
        act(/** @type {DragEvent} */ (event));
      },
      { capture: true },
    );
  listen("dragenter", () => place.classList.add("drop-here"));
  listen("dragover", ({ dataTransfer }) => {
    if (dataTransfer) dataTransfer.dropEffect = "copy";
  });
  listen("dragleave", ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && place.contains(relatedTarget))) place.classList.remove("drop-here");
  });
  listen("drop", ({ dataTransfer }) => {
    place.classList.remove("drop-here");
    const items = [...(dataTransfer?.items ?? [])].filter(({ kind }) => kind === "file");
    const folders = items.map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry?.isDirectory);
    const names = new Set(folders.map((folder) => folder?.name ?? ""));
    // A folder comes as a file too, which cannot be read.
    const files = items.map((item) => (item.webkitGetAsEntry?.()?.isDirectory ? null : item.getAsFile()));
    take(/** @type {File[]} */ (files.filter(Boolean)), [...names]);
  });
}
