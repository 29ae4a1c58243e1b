// CPython's trampoline: it calls C functions whose signatures are not what their callers think.
//
// A picture of memory keeps the trampoline of the engine that made it, and Node.js 20, which the build may have, has none.
// Then CPython calls by JavaScript: slower by a third, and with frames that no browser can suspend.

/** CPython's own (Python/emscripten_trampoline.c), compiled: tells signatures apart by wasm-gc's types. */
const TRAMPOLINE =
  "0061736d0100000001200560037f7f7f017f60027f7f017f60017f017f6000017f60057f7f7f7f7f017f02310203656e76066d656d6f72790200" +
  "0103656e76195f5f696e6469726563745f66756e6374696f6e5f7461626c6501700001030201040713010f7472616d706f6c696e655f63616c6c" +
  "00000a60015e002000410136020020012500fb1400044020022003200420011100000f0b20012500fb140104402002200320011101000f0b2001" +
  "2500fb14020440200220011102000f0b20012500fb1403044020011103000f0b2000410036020041000b";

/**
 * Gives CPython the trampoline that this engine can have.
 * @param {any} module Pyodide's own
 * @returns {boolean} false where the engine has no wasm-gc: calls go through JavaScript
 */
export function mendTrampoline(module) {
  const pointer = (module.__PyRuntime + module.HEAP32[module.__PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET >> 2]) >> 2;
  // Whatever stands there is a place in another engine's table.
  module.HEAP32[pointer] = 0;
  try {
    const code = Uint8Array.from(TRAMPOLINE.match(/../g) ?? [], (byte) => parseInt(byte, 16));
    const env = { __indirect_function_table: module.wasmTable, memory: module.memory };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { env });
    const at = module.wasmTable.grow(1);
    module.wasmTable.set(at, exports.trampoline_call);
    module.HEAP32[pointer] = at;
    return true;
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return false;
    throw error;
  }
}
