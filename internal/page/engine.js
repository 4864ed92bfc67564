'use strict';
// Above the script of a page that has an engine.
/**
 * A question to the engine. Of those of one slot only the last counts: one that waits is
 * replaced, and what comes of an earlier one is not heard. An error has a second text, why,
 * where no question can be answered.
 * @typedef {{slot: string, to: string, question: Object, reply: (reply: any) => void, part?: (part: any) => void, error: (text: string, why?: string) => void}} Question
 */
const engine = (() => {
  /** @type {Worker} */
  let worker;
  /** @type {WebAssembly.Module} */
  let program;
  let ready = false;
  /** @type {Question} */
  let asked = null;
  /** @type {Map<string, Question>} */
  const waiting = new Map();
  /** The engine's texts stand behind the script, so that the page does not wait for them. A worker makes a program of them, once. */
  const whole = new Promise(done => addEventListener('DOMContentLoaded', done));

  function begin() {
    const own = worker = new Worker(URL.createObjectURL(new Blob([Uint8Array.from(atob(document.getElementById('worker').textContent), c => c.charCodeAt(0))], { type: 'text/javascript' })));
    own.onerror = e => fail(e.message);
    own.onmessage = ({ data }) => {
      if (data.failed) return fail(data.failed);
      if (data.program) return program = data.program;
      if (data.part) return heard(q => q.part && q.part(JSON.parse(data.part)));
      if (data.reply) {
        const { error, reply } = JSON.parse(data.reply);
        heard(q => error ? q.error(error) : q.reply(reply));
        asked = null;
      }
      ready = true;
      next();
    };
    whole.then(() => own.postMessage(program || [...document.getElementById('engine').children].map(e => e.textContent)));
  }
  /** Calls f with the question that is being answered, if no later one of its slot waits. */
  function heard(/** @type {(q: Question) => void} */ f) { if (asked && !waiting.has(asked.slot)) f(asked); }
  function fail(/** @type {string} */ why) {
    for (const q of [asked, ...waiting.values()]) if (q) q.error(`The engine does not run in this browser: ${why}`, why);
  }
  function next() {
    if (!ready || asked) return;
    const [q] = waiting.values();
    if (!q) return;
    waiting.delete(q.slot);
    asked = q;
    worker.postMessage({ to: q.to, question: JSON.stringify(q.question) });
  }
  return {
    /** Asks; the engine begins with the first question. */
    ask(/** @type {Question} */ q) {
      if (!worker) begin();
      waiting.delete(q.slot);
      waiting.set(q.slot, q);
      next();
    },
    /** Forgets what waits. */
    forget() { waiting.clear(); },
    /** Ends what the engine does and forgets what waits. */
    stop() {
      waiting.clear();
      if (!asked) return;
      worker.terminate();
      asked = null;
      ready = false;
      begin();
    },
    /** Starts the engine before there is a question. */
    begin() { if (!worker) begin(); },
  };
})();
