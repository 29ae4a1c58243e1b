// Puts the page's modules and styles together, so that a browser asks for a few dozen files and not for two hundred.
//
// Each document of the page gets a copy that names its script and its style under `/bundle`. The client stays what it is, a library
// of its own modules: who imports it by its address, in a script of theirs, has the one that the page has. A program's worker and
// the client's are one file each, at the addresses of the modules that they begin with.
// Usage: node bundle.mjs WEB SERVED
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { build } from "esbuild";

const [web, served] = process.argv.slice(2).map((path) => resolve(path));
/** Where bundles are served, below the server's root. */
const BUNDLE = "bundle";
const WORKERS = ["client/worker.js", "py/pane-worker.js"];
/** Of these a visitor needs a part, and which is seen only then: what is imported later stays a file of its own. */
const IN_PARTS = ["embed/embed.html"];
const SCRIPT = /^ *<script type="module" src="\/([^"]+)"><\/script>\n/gm;
const STYLE = /^ *<link rel="stylesheet" href="\/([^"]+)"( crossorigin)?>\n/gm;

const common = {
  bundle: true,
  format: "esm",
  target: "es2022",
  // Names and lines stay, so that an error says where it is.
  minifySyntax: true,
  legalComments: "none",
  logLevel: "warning",
  outbase: web,
};
const page = { ...common, outdir: join(served, BUNDLE) };

/** The address of a file of the tree. @param {string} file */
const address = (file) => `/${relative(web, file)}`;

/**
 * What the tree does not have, the server does: the client's WebAssembly, and what came by npm.
 * @param {{ others?: RegExp, beside?: string }} [where] `others` are left out too; `beside` is the folder of the tree from which the
 *   bundle will name them: a copy of the client has other addresses
 */
const elsewhere = ({ others, beside } = {}) => ({
  name: "elsewhere",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const file = resolve(resolveDir, path);
      const isThere = statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
      if (isThere && !others?.test(address(file))) return null;
      return { path: beside ? `./${relative(beside, file)}` : address(file), external: true };
    });
  },
});

/** The client, and what it has in common with the workers. */
const CLIENT = /^\/(client|py)\//;

/** A module's address stays the one it has in the tree. */
const addresses = {
  name: "addresses",
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (!text.includes("import.meta.url")) return null;
      return { contents: text.replaceAll("import.meta.url", `new URL(${JSON.stringify(address(path))}, import.meta.url).href`) };
    });
  },
};

/** Our part of Python's library comes with the worker that needs it. */
const library = {
  name: "library",
  setup({ onLoad }) {
    onLoad({ filter: /\/py\/library\.js$/ }, async ({ path }) => {
      const { LIBRARY } = await import(`data:text/javascript,${encodeURIComponent(readFileSync(path, "utf8"))}`);
      const texts = LIBRARY.map((name) => [name, readFileSync(join(dirname(path), name), "utf8")]);
      return { contents: `const texts = ${JSON.stringify(texts)};\nexport const library = async () => texts;\n` };
    });
  },
};

/** Names a module that imports a document's scripts, one after the other. @param {Iterable<RegExpMatchArray>} scripts */
const together = (scripts) => `all:${[...scripts].map(([, path]) => path).join(",")}`;

/** What `together` names. */
const all = {
  name: "all",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^all:/ }, ({ path }) => ({ path: path.slice("all:".length), namespace: "all" }));
    onLoad({ filter: /.*/, namespace: "all" }, ({ path }) => ({
      contents: path.split(",").map((script) => `import "./${script}";\n`).join(""),
      resolveDir: web,
    }));
  },
};

/** @param {string} folder @returns {string[]} */
function documents(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return documents(path);
    return entry.name.endsWith(".html") && readFileSync(path, "utf8").search(SCRIPT) >= 0 ? [path] : [];
  });
}

for (const path of WORKERS) {
  const entry = join(web, path);
  await build({ ...common, outdir: served, entryPoints: [entry], plugins: [elsewhere({ beside: dirname(entry) }), library] });
}
for (const file of documents(web)) {
  const text = readFileSync(file, "utf8");
  const name = address(file).slice(1).replace(/\.html$/, "");
  const [script, style] = [`${BUNDLE}/${name}.js`, `${BUNDLE}/${name}.css`];
  await build({
    ...page,
    entryPoints: [{ in: together(text.matchAll(SCRIPT)), out: name }],
    splitting: IN_PARTS.includes(`${name}.html`),
    chunkNames: `${name}-[hash]`,
    plugins: [all, elsewhere({ others: CLIENT }), addresses],
  });
  const styles = [...text.matchAll(STYLE)];
  const { outputFiles } = await build({
    bundle: true,
    write: false,
    logLevel: "warning",
    minify: true,
    // What older browsers need is written in the tree; nothing is added for them here.
    target: "esnext",
    stdin: { contents: styles.map(([, path]) => `@import "./${path}";`).join("\n"), resolveDir: web, loader: "css" },
  });
  put(join(served, style), outputFiles[0].contents);
  const [, , crossorigin = ""] = styles[0];
  const linked = first(text, STYLE, `    <link rel="stylesheet" href="/${style}"${crossorigin}>\n`);
  put(join(served, address(file)), first(linked, SCRIPT, `    <script type="module" src="/${script}"></script>\n`));
}

/** The first of what is found becomes `one`, the others nothing. @param {string} text @param {RegExp} found @param {string} one */
function first(text, found, one) {
  let isFirst = true;
  return text.replace(found, () => {
    const here = isFirst ? one : "";
    isFirst = false;
    return here;
  });
}

/** @param {string} file @param {string | Uint8Array} contents */
function put(file, contents) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, contents);
}
