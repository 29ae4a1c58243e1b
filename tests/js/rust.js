// The page's Rust in Node.js: modules that ask it are tested with it, and not with something that stands in for it.
// `script/test js` puts it beside `web/`, as the build made it.
import { readFileSync } from "node:fs";

import { initSync } from "../../web/client/web.js";

initSync({ module: readFileSync(new URL("../../web/client/web_bg.wasm", import.meta.url)) });
