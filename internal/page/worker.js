'use strict';
// Below Go's own script in the worker of a page: it starts the engine, and passes on questions and what is said of them.
self.onmessage = async ({ data: program }) => {
  const go = new /** @type {any} */ (self).Go();
  go.run(await WebAssembly.instantiate(program, go.importObject));
};
/** @typedef {(to: string, question: string, part: (text: string) => void, reply: (text: string) => void) => void} Answer */
// The engine calls it when it is ready.
/** @type {any} */ (self).begin = (/** @type {Answer} */ answer) => {
  self.onmessage = ({ data }) => answer(data.to, data.question, part => self.postMessage({ part }), reply => self.postMessage({ reply }));
  self.postMessage({});
};
