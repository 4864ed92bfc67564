'use strict';
// Below Go's own script in the worker of a page: it starts the engine, and passes on questions and what is said of them.
self.onmessage = async ({ data: program }) => {
  try {
    if (Array.isArray(program)) {
      program = await compiled(program);
      self.postMessage({ program });
    }
    const go = new /** @type {any} */(self).Go();
    go.run(await WebAssembly.instantiate(program, go.importObject));
  } catch (e) {
    self.postMessage({ failed: e.message });
  }
};
/** The program of texts: compressed, in base 64. */
function compiled(/** @type {string[]} */ texts) {
  const bytes = (/** @type {string} */ text) => /** @type {any} */(Uint8Array).fromBase64 ? /** @type {any} */ (Uint8Array).fromBase64(text) : Uint8Array.from(atob(text), c => c.charCodeAt(0));
  const stream = new Blob(texts.map(bytes)).stream().pipeThrough(new DecompressionStream('gzip'));
  return WebAssembly.compileStreaming(new Response(stream, { headers: { 'Content-Type': 'application/wasm' } }));
}
/** @typedef {(to: string, question: string, part: (text: string) => void, reply: (text: string) => void) => void} Answer */
// The engine calls it when it is ready.
/** @type {any} */ (self).begin = (/** @type {Answer} */ answer) => {
  self.onmessage = ({ data }) => answer(data.to, data.question, part => self.postMessage({ part }), reply => self.postMessage({ reply }));
  self.postMessage({});
};
