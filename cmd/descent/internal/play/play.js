(() => {
/** @typedef {{name: string, set: Object<string, number|boolean|string>}} Entrant */
/** @typedef {{formula: string, start: number[], steps: number, box: number[][] | null, entrants: Entrant[]}} State */
const $ = id => document.getElementById(id);
const make = (tag, props = {}, ...inside) => { const e = Object.assign(document.createElement(tag), props); e.append(...inside); return e; };
const tables = JSON.parse($('tables').textContent);
const controls = new Map(tables.controls.map(c => [c.name, c]));
const slow = matchMedia('(prefers-reduced-motion: reduce)').matches;
/** @type {State} */
let state;
let reply = null, shown = null, step = 0, playing = 0;

// Optimizers as text, which is how the engine, the address and the command line have them.
function textOf(/** @type {Entrant} */ e) {
  const given = controls.get(e.name).settings.filter(s => e.set[s.name] !== s.default || s.name === 'lr').map(s => `${s.name}=${e.set[s.name]}`);
  return e.name + (given.length ? `(${given.join(', ')})` : '');
}
function entrantOf(text) {
  const [, name, inside] = /^\s*(\w+)\s*(?:\((.*)\))?\s*$/.exec(text) || [];
  const c = controls.get(name);
  if (!c) return null;
  const set = Object.fromEntries(c.settings.map(s => [s.name, s.default]));
  for (const part of (inside || '').split(',').filter(p => p.includes('='))) {
    const [k, v] = part.split('=').map(t => t.trim()), s = c.settings.find(x => x.name === k);
    if (s) set[k] = s.kind === 'number' ? +v : s.kind === 'flag' ? v === 'true' : v;
  }
  return { name, set };
}
function exampleState(e) {
  return { formula: e.Formula, start: [...e.Start], steps: e.Steps, box: null, entrants: e.Optimizers.map(entrantOf) };
}

// The address has the state.
function remember() {
  const p = new URLSearchParams({ f: state.formula, x: state.start.join(' '), n: state.steps });
  if (state.box) p.set('box', state.box.flat().join(' '));
  for (const e of state.entrants) p.append('o', textOf(e));
  history.replaceState(null, '', '#' + p);
}
function recall() {
  const p = new URLSearchParams(location.hash.slice(1));
  if (!p.get('f')) return exampleState(tables.examples[1]);
  const numbers = key => (p.get(key) || '').split(' ').filter(Boolean).map(Number).filter(Number.isFinite), box = numbers('box');
  const entrants = p.getAll('o').map(entrantOf).filter(Boolean);
  return { formula: p.get('f'), start: numbers('x'), steps: Math.min(5000, Math.max(1, Math.round(+p.get('n')) || 100)),
    box: box.length === 4 ? [box.slice(0, 2), box.slice(2)] : box.length === 2 ? [box] : null, entrants: entrants.length ? entrants : [entrantOf('sgd(lr=0.1)')] };
}

// The engine, one question at a time; of those that wait only the last of a kind.
let worker = null, ready = false, busy = false;
const waiting = new Map();
function begin() {
  worker = new Worker(URL.createObjectURL(new Blob([Uint8Array.from(atob($('worker').textContent), c => c.charCodeAt(0))], { type: 'text/javascript' })));
  worker.onerror = e => tell(`The engine does not run in this browser: ${e.message}`);
  worker.onmessage = ({ data }) => {
    busy = false;
    if (data.kind === 'ready') ready = true;
    else (data.kind === 'paths' ? show : showRates)(JSON.parse(data.reply));
    next();
  };
  worker.postMessage($('engine').textContent);
  $('engine').textContent = '';
}
function ask() {
  const q = { formula: state.formula, start: state.start, optimizers: state.entrants.map(textOf), steps: state.steps };
  waiting.set('paths', { ...q, box: state.box || undefined });
  waiting.set('rates', { ...q, rates: true });
  remember();
  next();
}
function next() {
  const kind = waiting.keys().next().value;
  if (!ready || busy || !kind) return;
  busy = true;
  worker.postMessage({ kind, question: JSON.stringify(waiting.get(kind)) });
  waiting.delete(kind);
}

function tell(error) {
  $('error').textContent = error || '';
  $('error').hidden = !error;
}
const number = v => typeof v === 'number' ? +v.toPrecision(6) + '' : `${v}`;
const picture = svg => { const f = make('figure'); f.append(document.importNode(new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement, true)); return f; };

// What the engine says.
function show(r) {
  tell(r.error);
  if (r.error) return;
  const first = !reply;
  reply = r;
  state.start = r.start;
  fields();
  draw();
  const marks = document.querySelectorAll('#entrants fieldset');
  r.film.runs.forEach((run, i) => { if (marks[i]) marks[i].style.borderLeftColor = run.color; });
  $('ends').replaceChildren(...r.runs.map((run, i) => {
    const mark = make('i', { className: 'mark' });
    mark.style.background = r.film.runs[i].color;
    return make('tr', {}, make('td', {}, mark, run.optimizer), ...Array.from({ length: 4 }, () => make('td')), make('td', { className: 'text' }, make('span', { textContent: run.kind }), make('small', { textContent: `${run.stopped}; best f ${number(run.least)} at ${run.best.map(number).join(', ')}` })));
  }));
  $('curves').replaceChildren(...(r.curves || []).map(picture));
  $('at').max = shown.last;
  stop();
  go(shown.last);
  $('state').textContent = `${r.runs.length} optimizers, ${shown.last} steps.`;
  if (first && !slow) { go(0); play(); }
}
function showRates(r) {
  $('limits').replaceChildren(...(r.limits || []).map(l => make('li', { textContent: `${l.optimizer}: ` + (l.rate ? `descends below a learning rate of ${number(l.rate)}; from there on it does not. It has ${number(l.own)}.` : `descends at all rates that were tried, up to ${number(l.most)}.`) })));
  $('rates').replaceChildren(...(r.curves || []).map(picture));
}
function draw() {
  const c = $('map'), dots = window.devicePixelRatio || 1;
  c.width = Math.round(c.clientWidth * dots);
  c.height = Math.round(c.clientHeight * dots);
  shown = film(c, reply.film);
}
function go(to) {
  step = to;
  shown.draw(step);
  $('at').value = step;
  $('step').textContent = step;
  [...$('ends').rows].forEach((tr, i) => {
    const run = reply.runs[i], k = Math.min(step, run.f.length - 1);
    [k, run.f[k], run.gradient[k], run.moved[k]].forEach((v, j) => { tr.cells[1 + j].textContent = j ? number(v) : v; });
  });
}

// Time.
function stop() { cancelAnimationFrame(playing); playing = 0; $('run').textContent = 'Play'; }
function play() {
  if (step >= shown.last) go(0);
  $('run').textContent = 'Pause';
  const from = step, began = performance.now(), rate = Math.max(shown.last / 6, 10); // steps a second
  const frame = now => {
    const to = Math.min(shown.last, from + Math.floor((now - began) / 1000 * rate));
    if (to > step) go(to);
    if (step >= shown.last) return stop();
    playing = requestAnimationFrame(frame);
  };
  playing = requestAnimationFrame(frame);
}
$('run').onclick = () => { if (shown) playing ? stop() : play(); };
$('at').oninput = () => { if (shown) { stop(); go(+$('at').value); } };

// What is shown, and the start.
function zoom(by) {
  if (!reply) return;
  const f = reply.film;
  state.box = [f.x, f.y].slice(0, reply.variables.length).map(([lo, hi]) => { const m = (lo + hi) / 2, h = (hi - lo) / 2 * by; return [m - h, m + h].map(v => +v.toPrecision(6)); });
  ask();
}
$('in').onclick = () => zoom(1 / 1.5);
$('out').onclick = () => zoom(1.5);
$('fit').onclick = () => { state.box = null; ask(); };
function startAt(x) { state.start = x.slice(0, reply.variables.length).map(v => +v.toPrecision(4)); fields(); ask(); }
$('map').onclick = e => {
  if (!shown) return;
  const box = $('map').getBoundingClientRect(), k = $('map').width / box.width;
  if (!state.box) zoomless();
  startAt(shown.at((e.clientX - box.left) * k, (e.clientY - box.top) * k));
};
/** Where the start moves, the map stays. */
function zoomless() { state.box = [reply.film.x, reply.film.y].slice(0, reply.variables.length).map(r => [...r]); }
$('map').onkeydown = e => {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[e.key];
  if (!way || !reply) return;
  e.preventDefault();
  if (!state.box) zoomless();
  const f = reply.film, part = e.shiftKey ? 400 : 40;
  startAt(state.start.map((v, i) => v + way[i] * ([f.x, f.y][i][1] - [f.x, f.y][i][0]) / part));
};
function fields() {
  const names = reply ? reply.variables : [], all = $('start').querySelectorAll('input');
  if (all.length !== names.length || names.some((n, i) => all[i].name !== n)) {
    $('start').replaceChildren(...names.map((name, i) => make('label', {}, `Start ${name}`, make('input', { type: 'number', step: 'any', name, onchange: e => { if (Number.isFinite(e.target.valueAsNumber)) { state.start[i] = e.target.valueAsNumber; ask(); } } }))));
  }
  $('start').querySelectorAll('input').forEach((input, i) => { if (document.activeElement !== input) input.value = state.start[i]; });
}

// Optimizers and their settings.
const scales = {
  '': { to: (t, s) => s.lo + t * (s.hi - s.lo), from: (v, s) => (v - s.lo) / (s.hi - s.lo) },
  log: { to: (t, s) => s.lo * (s.hi / s.lo) ** t, from: (v, s) => Math.log(v / s.lo) / Math.log(s.hi / s.lo) },
  below1: { to: (t, s) => 1 - (1 - s.lo) * ((1 - s.hi) / (1 - s.lo)) ** t, from: (v, s) => Math.log((1 - v) / (1 - s.lo)) / Math.log((1 - s.hi) / (1 - s.lo)) },
};
function control(e, s) {
  const label = make('label', { textContent: s.name, title: s.doc }), id = `c${document.querySelectorAll('.row').length}${s.name}${Math.random().toString(36).slice(2, 8)}`;
  label.htmlFor = id;
  const set = v => { e.set[s.name] = v; ask(); };
  if (s.kind === 'flag') return make('div', { className: 'row' }, label, make('span', {}, make('input', { id, type: 'checkbox', checked: e.set[s.name], onchange: x => set(x.target.checked) })));
  if (s.kind === 'word') {
    const words = s.choices && s.choices.length ? make('select', { id, onchange: x => set(x.target.value) }, ...s.choices.map(c => make('option', { value: c, textContent: c, selected: c === e.set[s.name] }))) : make('input', { id, value: e.set[s.name], onchange: x => set(x.target.value) });
    return make('div', { className: 'row' }, label, words);
  }
  const scale = scales[s.scale || ''], slides = (s.lo || 0) !== (s.hi || 0), has = { lo: s.lo || 0, hi: s.hi || 0 };
  const typed = make('input', { id, type: 'number', step: 'any', value: e.set[s.name], title: s.range || '', onchange: x => { const v = x.target.valueAsNumber; if (Number.isFinite(v)) { if (slides) slider.value = 1000 * scale.from(v, has); set(v); } } });
  const slider = slides ? make('input', { type: 'range', min: 0, max: 1000, ariaLabel: `${s.name} of ${e.name}`, oninput: x => {
    const v = scale.to(x.target.value / 1000, has), near = s.scale === 'below1' ? +(1 - +(1 - v).toPrecision(2)).toPrecision(8) : +v.toPrecision(3);
    typed.value = near;
    set(near);
  } }) : make('span');
  if (slides) slider.value = 1000 * scale.from(e.set[s.name], has);
  return make('div', { className: 'row' }, label, slider, typed);
}
function entrants() {
  $('entrants').replaceChildren(...state.entrants.map((e, i) => {
    const c = controls.get(e.name);
    const name = make('select', { ariaLabel: `optimizer ${i + 1}`, onchange: x => { state.entrants[i] = entrantOf(x.target.value); entrants(); ask(); } }, ...tables.controls.map(o => make('option', { value: o.name, textContent: o.name, selected: o.name === e.name })));
    const remove = make('button', { type: 'button', textContent: 'Remove', ariaLabel: `remove ${e.name}`, disabled: state.entrants.length < 2, onclick: () => { state.entrants.splice(i, 1); entrants(); ask(); } });
    const box = make('fieldset', {}, make('div', { className: 'head' }, name, remove), make('p', { textContent: `${c.doc[0].toUpperCase()}${c.doc.slice(1)}.` + (c.fails ? ` Fails: ${c.fails}.` : '') }));
    const main = c.settings.filter(s => s.name === 'lr'), more = c.settings.filter(s => s.name !== 'lr');
    box.append(...main.map(s => control(e, s)));
    if (more.length) box.append(make('details', { open: !main.length || more.length < 3 }, make('summary', { textContent: 'Settings' }), ...more.map(s => control(e, s))));
    return box;
  }));
}
$('add').onclick = () => {
  const taken = state.entrants.map(e => e.name), name = ['adam', 'momentum', 'rmsprop', 'adagrad', 'lbfgs', 'newton', 'sgd'].find(n => !taken.includes(n)) || 'sgd';
  state.entrants.push(entrantOf(name));
  entrants();
  ask();
};

function all() {
  $('formula').value = state.formula;
  $('steps').value = state.steps;
  entrants();
  ask();
}
$('question').onsubmit = e => e.preventDefault();
$('formula').oninput = () => { state.formula = $('formula').value; state.box = null; $('example').value = ''; ask(); };
$('steps').onchange = () => { state.steps = Math.min(5000, Math.max(1, Math.round($('steps').valueAsNumber) || 1)); $('steps').value = state.steps; ask(); };
$('example').append(make('option', { value: '', textContent: 'one of your own' }), ...tables.examples.map((e, i) => make('option', { value: i, textContent: e.Name })));
$('example').onchange = () => { const e = tables.examples[$('example').value]; if (e) { state = exampleState(e); all(); } };
onhashchange = () => { state = recall(); all(); };
onresize = () => { if (reply && $('map').clientHeight) { draw(); go(Math.min(step, shown.last)); } };

state = recall();
$('example').value = tables.examples.findIndex(e => e.Formula === state.formula);
all();
begin();
})();
