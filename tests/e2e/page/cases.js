// Runs a case as a person does: its files are dropped on the machines, arguments and input typed, programs run and stopped. Gives
// what each program printed beside what plain CPython printed, both without what differs each time.
(async ({ runs, stop = [], anyOrder, files, oracle }, patience) => {
  const SIDES = { client: "left", server: "right" };
  const until = async (what, look) => {
    const end = performance.now() + patience;
    for (;;) {
      const found = look();
      if (found) return found;
      if (performance.now() > end) throw new Error(`in vain: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const side = (on) => document.querySelector(`#${SIDES[on]}`);
  const tab = ({ on, file }) => side(on).querySelector(`.machine-tab[data-key="${CSS.escape(file)}"]`);
  const pane = ({ on, file }) => side(on).querySelector(`code-editor[label="${file} on ${on}"]`).closest(".program");
  const printed = (run) => [...pane(run).querySelectorAll(".output-line:not([data-stream=note])")].map((line) => line.textContent).join("\n");
  const isRunning = (run) => tab(run).dataset.mark === "running";
  const press = (run) => side(run.on).querySelector(".machine-run button").click();

  const clear = async (on) => {
    for (;;) {
      const old = [...side(on).querySelectorAll(".machine-tab")].find(({ dataset }) => dataset.key !== "By hand");
      if (!old) return;
      old.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true }));
      const menu = await until("a file's menu", () => document.querySelector(".file-menu"));
      [...menu.querySelectorAll("button")].find(({ textContent }) => textContent === "Delete").click();
      await until("a file to go", () => !old.isConnected);
    }
  };
  const drop = async (on) => {
    const dataTransfer = new DataTransfer();
    for (const [name, text] of Object.entries(files)) dataTransfer.items.add(new File([text], name));
    side(on).querySelector(".workspace").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    await until("the files", () => Object.keys(files).every((file) => tab({ on, file })));
  };
  const type = async (run) => {
    for (const [seen, line] of run.types ?? []) {
      const form = await until(`${run.file} on ${run.on} to print ${seen} and ask`, () => {
        const form = pane(run).querySelector(".program-ask");
        return printed(run).includes(seen) && !form.hidden && form;
      });
      form.querySelector("input").value = line;
      form.requestSubmit();
      run.typed.push(line);
    }
  };
  const same = (text) =>
    text
      .replace(/Traceback[^]*KeyboardInterrupt\s*$/, "")
      .replace(/\/tmp\/tmp\w+/g, "TMP")
      .replace(/[\d.]+ MB in [\d.]+ s, \d+ Mbps/g, "RATE")
      // Of a thread that the program's end overtakes, or not.
      .replace(/\(the server has closed\)\s*$/, "")
      .replace(/was deaf \d+ times/g, "was deaf TIMES")
      .trimEnd();

  for (const on of ["client", "server"]) {
    await clear(on);
    await drop(on);
  }
  const typing = [];
  for (const run of runs) {
    run.typed = [];
    tab(run).click();
    const field = pane(run).querySelector(".program-arguments");
    field.value = run.arguments ?? "";
    press(run);
    await until(`${run.file} to run`, () => isRunning(run));
    typing.push(type(run));
    // The next one finds it waiting.
    await until(`${run.file} to wait or end`, () => !isRunning(run) || /waiting/.test(side(run.on).querySelector(".machine-state").textContent));
  }
  await Promise.all(typing);
  const stays = ({ on, file }) => stop.includes(`${on}:${file}`);
  await until("the programs to end", () => runs.every((run) => stays(run) || !isRunning(run)));
  for (const run of runs.filter(stays)) {
    tab(run).click();
    press(run);
    await until(`${run.file} to stop`, () => !isRunning(run));
  }
  const compared = (run) => {
    const text = run.typed.reduce((text, line) => text.replace(`${line}\n`, ""), `${printed(run)}\n`);
    const told = oracle.split(/^(?=--- )/m).find((part) => part.startsWith(`--- ${run.on}:${run.file} `)) ?? "";
    const between = { lines: "\n", words: /\s+/ }[anyOrder];
    const [lines, expected] = [text, told.slice(told.indexOf("\n") + 1)].map((all) => (between ? same(all).split(between).sort().join("\n") : same(all)));
    return { run: `${run.on}:${run.file}`, printed: lines, expected };
  };
  // What was printed last may be drawn after the tab has told of the end.
  await until("all that is expected", () => runs.map(compared).every(({ printed, expected }) => printed === expected)).catch(() => {});
  return runs.map(compared);
})
