// What of Pyodide's insides Wireside rests on. None of it is promised by anybody, so all of it is looked for at every
// start: a Pyodide without one of them does not run programs wrongly, it does not start.

/** For the trampoline, signals and the bounds of C's stack. */
const ALWAYS = [
  "HEAP8", "HEAP32", "HEAPU32", "memory", "wasmTable", "stackSave", "__PyRuntime", "__PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET",
  "_PyExc_OSError", "addFunction", "UTF8ToString", "stringToNewUTF8", "_PyTuple_New", "_PyTuple_Size", "_PyTuple_GetItem", "_PyTuple_SetItem",
  "_PyLong_AsLong", "_PyLong_FromLong", "_PyUnicode_AsUTF8", "_PyUnicode_FromString", "_PyErr_Clear", "_Py_IncRef", "_Py_DecRef", "_free",
  "__Py_emscripten_signal_clock", "_Py_EMSCRIPTEN_SIGNAL_HANDLING", "_PyUnstable_ThreadState_SetStackProtection", "_PyThreadState_Get",
];
/** For stacks that are suspended. */
const SUSPENDING = [
  "promisingApply", "validSuspender", "PyProxy_getAttrsQuiet", "_captureThreadState", "_restoreThreadState", "stackRestore",
  "_malloc", "stringToUTF8", "error", "_pythonexc2js", "_PyErr_SetRaisedException", "_PyErr_SetString", "_PyExc_RuntimeError",
  "_PyCMethod_New", "_PyImport_AddModule", "_PyModule_AddObject", "_PyThread_get_thread_ident",
];

/** Whether this browser can suspend WebAssembly (JSPI). */
export function suspends() {
  return typeof (/** @type {any} */ (WebAssembly).Suspending) === "function";
}

/** Throws where one is missing. @param {any} module Pyodide's own @param {boolean} suspending whether stacks will be suspended */
export function mustHave(module, suspending) {
  const missing = [...ALWAYS, ...(suspending ? SUSPENDING : [])].filter((name) => module[name] === undefined);
  if (missing.length > 0) throw new Error(`this Pyodide has no ${missing.join(", ")}, which Wireside needs`);
}
