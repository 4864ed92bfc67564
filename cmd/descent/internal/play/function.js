// The mode in which optimizers descend a function.
modes.function = (() => {
const state = { formula: '', start: [], steps: 60, box: null };
let reply = null, map = null;
function take(e) {
  Object.assign(state, { formula: e.Formula, start: [...e.Start], steps: e.Steps, box: null });
  page.enter(e.Optimizers);
}
function starts() {
  const names = reply ? reply.variables : [], all = $('start').querySelectorAll('input');
  if (all.length !== names.length || names.some((n, i) => all[i].name !== n)) {
    $('start').replaceChildren(...names.map((name, i) => make('label', {}, `Start ${name}`, make('input', { type: 'number', step: 'any', name, onchange: e => { if (Number.isFinite(e.target.valueAsNumber)) { state.start[i] = e.target.valueAsNumber; page.ask(); } } }))));
  }
  $('start').querySelectorAll('input').forEach((input, i) => { if (document.activeElement !== input) input.value = state.start[i]; });
}
function draw() { if (sharp($('map'))) map = film($('map'), reply.film); }
/** What is shown of each variable. */
const shown = () => [reply.film.x, reply.film.y].slice(0, reply.variables.length);
function startAt(x) {
  if (!state.box) state.box = shown().map(r => r.map(v => +v.toPrecision(6))); // where the start moves, the map stays
  state.start = x.slice(0, reply.variables.length).map(v => +v.toPrecision(4));
  starts();
  page.ask();
}
$('map').onclick = e => {
  if (!map) return;
  const box = $('map').getBoundingClientRect(), k = $('map').width / box.width;
  startAt(map.at((e.clientX - box.left) * k, (e.clientY - box.top) * k));
};
$('map').onkeydown = e => {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[e.key];
  if (!way || !reply) return;
  e.preventDefault();
  startAt(state.start.map((v, i) => v + way[i] * (shown()[i][1] - shown()[i][0]) / (e.shiftKey ? 400 : 40)));
};
function zoom(by) {
  if (!reply) return;
  state.box = shown().map(([lo, hi]) => { const m = (lo + hi) / 2, h = (hi - lo) / 2 * by; return [m - h, m + h].map(v => +v.toPrecision(6)); });
  page.ask();
}
$('in').onclick = () => zoom(1 / 1.5);
$('out').onclick = () => zoom(1.5);
$('fit').onclick = () => { state.box = null; page.ask(); };
$('formula').oninput = () => { state.formula = $('formula').value; state.box = null; $('example').value = ''; page.ask(); };
$('steps').onchange = () => { state.steps = Math.min(5000, Math.max(1, Math.round($('steps').valueAsNumber) || 1)); $('steps').value = state.steps; page.ask(); };
$('example').append(make('option', { value: '', textContent: 'one of your own' }), ...tables.examples.map((e, i) => make('option', { value: i, textContent: e.Name })));
$('example').onchange = () => { const e = tables.examples[$('example').value]; if (e) { take(e); page.all(); } };

return {
  state, heads: ['step', 'f', 'gradient', 'step length'],
  get last() { return map ? map.last : 0; },
  blank() { take(tables.examples[1]); },
  parse(p) {
    if (!p.get('f')) return false;
    const numbers = key => (p.get(key) || '').split(' ').filter(Boolean).map(Number).filter(Number.isFinite), box = numbers('box');
    Object.assign(state, { formula: p.get('f'), start: numbers('x'), steps: Math.min(5000, Math.max(1, Math.round(+p.get('n')) || 100)),
      box: box.length === 4 ? [box.slice(0, 2), box.slice(2)] : box.length === 2 ? [box] : null });
    return true;
  },
  write(p) {
    p.set('f', state.formula);
    p.set('x', state.start.join(' '));
    p.set('n', `${state.steps}`);
    if (state.box) p.set('box', state.box.flat().join(' '));
  },
  fields() {
    $('formula').value = state.formula;
    $('steps').value = state.steps;
    const i = tables.examples.findIndex(e => e.Formula === state.formula);
    $('example').value = i < 0 ? '' : i;
    starts();
  },
  ask(optimizers) {
    const q = { formula: state.formula, start: state.start, optimizers, steps: state.steps };
    return { paths: { ...q, box: state.box || undefined }, rates: { ...q, rates: true } };
  },
  show: {
    paths(r) {
      reply = r;
      state.start = r.start;
      starts();
      draw();
      page.came(r.runs.map((run, i) => ({ name: run.optimizer, color: r.film.runs[i].color, kind: run.kind, more: `${run.stopped}; best f ${number(run.least)} at ${run.best.map(number).join(', ')}` })), r.curves || [], `${r.runs.length} optimizers, ${map.last} steps.`);
    },
    rates(r) {
      $('limits').replaceChildren(...(r.limits || []).map(l => make('li', { textContent: `${l.optimizer}: ` + (l.rate ? `descends below a learning rate of ${number(l.rate)}; from there on it does not. It has ${number(l.own)}.` : `descends at all rates that were tried, up to ${number(l.most)}.`) })));
      $('rates').replaceChildren(...(r.curves || []).map(picture));
    },
  },
  resize: draw,
  draw(step) { map.draw(step); },
  cells(i, step) {
    const run = reply.runs[i], k = Math.min(step, run.f.length - 1);
    return [k, run.f[k], run.gradient[k], run.moved[k]];
  },
};
})();
