// Linux's numbers in the OSErrors that C raises: CPython was compiled for Emscripten, which has numbers of its own.
//
// Every such error is made by calling OSError with a number and its words, and so through the type's `tp_new`. There a pair
// that is Emscripten's becomes Linux's; whatever else a script or the library passes is what it is.

/** In a PyTypeObject, in words. */
const TP_NAME = 3;
const TP_NEW = 39;

/**
 * @param {any} module Pyodide's own
 * @param {Record<number, [string, number, string]>} table by Emscripten's number: its words, Linux's number and words
 */
export function mendErrno(module, table) {
  const type = module.HEAP32[module._PyExc_OSError >> 2];
  if (module.UTF8ToString(module.HEAP32[(type >> 2) + TP_NAME]) !== "OSError") throw new Error("this Pyodide's types are laid out differently");
  const slot = (type >> 2) + TP_NEW;
  const original = module.wasmTable.get(module.HEAP32[slot]);
  const text = (/** @type {number} */ object) => {
    const at = module._PyUnicode_AsUTF8(object);
    if (at === 0) module._PyErr_Clear();
    return at === 0 ? null : module.UTF8ToString(at);
  };
  const translated = (/** @type {number} */ args) => {
    const size = module._PyTuple_Size(args);
    if (size < 2) return 0;
    const number = module._PyLong_AsLong(module._PyTuple_GetItem(args, 0));
    if (number === -1) module._PyErr_Clear();
    const found = table[number];
    if (!found || text(module._PyTuple_GetItem(args, 1)) !== found[0]) return 0;
    const made = module._PyTuple_New(size);
    module._PyTuple_SetItem(made, 0, module._PyLong_FromLong(found[1]));
    const words = module.stringToNewUTF8(found[2]);
    module._PyTuple_SetItem(made, 1, module._PyUnicode_FromString(words));
    module._free(words);
    for (let at = 2; at < size; at += 1) {
      const item = module._PyTuple_GetItem(args, at);
      module._Py_IncRef(item);
      module._PyTuple_SetItem(made, at, item);
    }
    return made;
  };
  const make = (/** @type {number} */ wanted, /** @type {number} */ args, /** @type {number} */ keywords) => {
    const other = wanted === type ? translated(args) : 0;
    const made = original(wanted, other || args, keywords);
    if (other) module._Py_DecRef(other);
    return made;
  };
  module.HEAP32[slot] = module.addFunction(make, "iiii");
}
