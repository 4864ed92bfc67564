// Answers questions as the engine does in a page's worker, a line of JSON each: node answer.js wasm_exec.js engine.wasm.gz SUBJECT <questions
'use strict';
const fs = require('fs');
const [, , start, program, subject] = process.argv;
require(start);
const questions = fs.readFileSync(0, 'utf8').split('\n').filter(q => q);
const say = text => fs.writeSync(1, text + '\n');
globalThis.begin = answer => {
  const next = () => {
    if (!questions.length) process.exit();
    answer(subject, questions.shift(), say, reply => { say(reply); next(); });
  };
  next();
};
const go = new Go();
WebAssembly.instantiate(require('zlib').gunzipSync(fs.readFileSync(program)), go.importObject).then(({ instance }) => go.run(instance));
