'use strict';
// Below Go's own script in one worker: it starts the engine, and answers questions.
self.onmessage = async ({ data: engine }) => {
  const text = atob(engine), packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const bytes = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
  const go = new /** @type {any} */ (self).Go();
  go.run((await WebAssembly.instantiate(bytes, go.importObject)).instance);
};
/** @typedef {(question: string) => string} Answer */
// The engine calls it when it is ready.
/** @type {any} */ (self).begin = (/** @type {Answer} */ answer) => {
  self.onmessage = ({ data }) => self.postMessage({ kind: data.kind, reply: answer(data.question) });
  self.postMessage({ kind: 'ready' });
};
