// Below dom.js and film.js. What is shared by both modes of the page: its state, which the address has,
// optimizers, time. function.js and net.js have what is of one.
/** @typedef {{name: string, set: Object<string, number|boolean|string>}} Entrant */
/**
 * A mode has fields, a question to ask, and shows what comes of it.
 * @typedef {{state: Object, heads: string[], last: number, blank(): void, parse(p: URLSearchParams): boolean, write(p: URLSearchParams): void, fields(): void,
 *   ask(optimizers: string[]): Object<string, Object>, show: Object<string, (reply: Object) => void>, draw(step: number): void, cells(i: number, step: number): (string|number)[], resize(): void}} Mode
 */
const tables = JSON.parse($('tables').textContent);
const controls = new Map(tables.controls.map(c => [c.name, c]));
const number = v => typeof v === 'number' ? +v.toPrecision(6) + '' : `${v}`;
const count = (n, what) => `${n} ${what}${n === 1 ? '' : 's'}`;
const mark = color => { const i = make('i', { className: 'mark' }); i.style.background = color; return i; };
/** Gives a canvas as many pixels as it has on the screen; false if it is not shown. */
function sharp(c) {
  const dots = window.devicePixelRatio || 1;
  c.width = Math.round(c.clientWidth * dots);
  c.height = Math.round(c.clientHeight * dots);
  return c.width > 0 && c.height > 0;
}
/** @type {Object<string, Mode>} */
const modes = {};

const page = (() => {
  /** @type {Mode} */
  let mode;
  /** @type {Entrant[]} */
  let entrants = [];
  let step = 0, playing = 0, fresh = true, later = 0;
  /** What is being shown, or has been: another ends it. */
  let shows = null;

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

  // The address has the state.
  function remember() {
    const p = new URLSearchParams();
    mode.write(p);
    for (const e of entrants) p.append('o', textOf(e));
    history.replaceState(null, '', `#${p}`);
  }
  function recall() {
    const p = new URLSearchParams(location.hash.slice(1));
    const found = Object.values(modes).find(m => m.parse(p));
    mode = found || modes.function;
    const own = p.getAll('o').map(entrantOf).filter(Boolean);
    if (!found) mode.blank();
    if (own.length) entrants = own;
    else if (found) entrants = ['sgd(lr=0.1)', 'adam(lr=0.02)'].map(entrantOf);
  }

  /** Asks what the mode asks: what takes longer when the first has been shown and nothing has been changed for a while. */
  function ask() {
    const asking = mode, [first, ...others] = Object.entries(mode.ask(entrants.map(textOf)));
    const put = ([kind, question], then = () => { }) => engine.ask({ slot: kind, to: 'play', question, error: tell, reply: r => { if (mode === asking) { tell(''); mode.show[kind](r); then(); } } });
    engine.forget();
    clearTimeout(later);
    put(first, () => { later = setTimeout(() => others.forEach(q => put(q)), 300); });
    remember();
  }
  function tell(error) {
    $('error').textContent = error || '';
    $('error').hidden = !error;
  }

  /** Shows what came: optimizers with their colours and what is said of them in the end. The first time it does so in turn, as browsers take longer then. */
  function came(/** @type {{name: string, color: string, kind: string, more: string}[]} */ runs, curves, /** @type {() => string} */ text) {
    const first = fresh && !matchMedia('(prefers-reduced-motion: reduce)').matches, last = shows = {};
    stop();
    const steps = [() => {
      const marks = document.querySelectorAll('#entrants fieldset');
      runs.forEach((run, i) => { if (marks[i]) /** @type {any} */ (marks[i]).style.borderLeftColor = run.color; });
      $('heads').replaceChildren(make('th', { textContent: 'optimizer' }), ...mode.heads.map(h => make('th', { textContent: h })), make('th', { className: 'text', textContent: 'in the end' }));
      $('ends').replaceChildren(...runs.map(run => make('tr', {}, make('td', {}, mark(run.color), run.name), ...mode.heads.map(() => make('td')),
        make('td', { className: 'text' }, make('span', { textContent: run.kind }), make('small', { textContent: run.more })))));
    }, () => {
      mode.resize();
    }, () => {
      $('at').max = mode.last;
      go(first ? 0 : mode.last);
      $('state').textContent = text();
      $('walked').hidden = false;
    }, () => {
      pictures($('curves'), curves);
      if (first) play();
      fresh = false;
    }];
    if (fresh) inTurn(steps.map(step => () => { if (shows === last) step(); })); else steps.forEach(step => step());
  }

  // Time.
  function go(to) {
    step = to;
    mode.draw(step);
    $('at').value = step;
    [...$('ends').rows].forEach((tr, i) => mode.cells(i, step).forEach((v, j) => {
      if (!j && !i) $('step').textContent = v;
      tr.cells[1 + j].textContent = j ? number(v) : v;
    }));
  }
  function stop() { cancelAnimationFrame(playing); playing = 0; $('run').textContent = 'Play'; }
  function play() {
    if (step >= mode.last) go(0);
    $('run').textContent = 'Pause';
    const from = step, began = performance.now(), rate = Math.max(mode.last / 6, 5) * +$('speed').value; // steps a second
    const frame = now => {
      const to = Math.min(mode.last, from + Math.floor((now - began) / 1000 * rate));
      if (to > step) go(to);
      if (step >= mode.last) return stop();
      playing = requestAnimationFrame(frame);
    };
    playing = requestAnimationFrame(frame);
  }
  $('run').onclick = () => { if (mode.last) playing ? stop() : play(); };
  $('speed').onchange = () => { if (playing) { stop(); play(); } };
  $('at').oninput = () => { if (mode.last) { stop(); go(+$('at').value); } };

  // Optimizers and their settings.
  const scales = {
    '': { to: (t, s) => s.lo + t * (s.hi - s.lo), from: (v, s) => (v - s.lo) / (s.hi - s.lo) },
    log: { to: (t, s) => s.lo * (s.hi / s.lo) ** t, from: (v, s) => Math.log(v / s.lo) / Math.log(s.hi / s.lo) },
    below1: { to: (t, s) => 1 - (1 - s.lo) * ((1 - s.hi) / (1 - s.lo)) ** t, from: (v, s) => Math.log((1 - v) / (1 - s.lo)) / Math.log((1 - s.hi) / (1 - s.lo)) },
  };
  let ids = 0;
  function control(/** @type {Entrant} */ e, s) {
    const id = `setting${ids++}`, label = make('label', { textContent: s.name, title: s.doc, htmlFor: id });
    const set = v => { e.set[s.name] = v; ask(); };
    if (s.kind === 'flag') return make('div', { className: 'row' }, label, make('span', {}, make('input', { id, type: 'checkbox', checked: e.set[s.name], onchange: x => set(x.target.checked) })));
    if (s.kind === 'word') {
      const words = s.choices && s.choices.length ? make('select', { id, onchange: x => set(x.target.value) }, ...s.choices.map(c => make('option', { value: c, textContent: c, selected: c === e.set[s.name] }))) : make('input', { id, value: e.set[s.name], onchange: x => set(x.target.value) });
      return make('div', { className: 'row' }, label, words);
    }
    const scale = scales[s.scale || ''], ends = { lo: s.lo || 0, hi: s.hi || 0 }, slides = ends.lo !== ends.hi;
    const slider = slides ? make('input', {
      type: 'range', min: 0, max: 1000, ariaLabel: `${s.name} of ${e.name}`, oninput: x => {
        const v = scale.to(x.target.value / 1000, ends), near = s.scale === 'below1' ? +(1 - +(1 - v).toPrecision(2)).toPrecision(8) : +v.toPrecision(3);
        typed.value = near;
        set(near);
      }
    }) : make('span');
    const typed = make('input', {
      id, type: 'number', step: 'any', value: e.set[s.name], title: s.range || '', onchange: x => {
        const v = x.target.valueAsNumber;
        if (!Number.isFinite(v)) return;
        if (slides) slider.value = 1000 * scale.from(v, ends);
        set(v);
      }
    });
    if (slides) slider.value = 1000 * scale.from(e.set[s.name], ends);
    return make('div', { className: 'row' }, label, slider, typed);
  }
  function offer() {
    $('entrants').replaceChildren(...entrants.map((e, i) => {
      const c = controls.get(e.name);
      const name = make('select', { ariaLabel: `optimizer ${i + 1}`, onchange: x => { entrants[i] = entrantOf(x.target.value); offer(); ask(); } }, ...tables.controls.map(o => make('option', { value: o.name, textContent: o.name, selected: o.name === e.name })));
      const remove = make('button', { type: 'button', textContent: 'Remove', ariaLabel: `remove ${e.name}`, disabled: entrants.length < 2, onclick: () => { entrants.splice(i, 1); offer(); ask(); } });
      const box = make('fieldset', {}, make('div', { className: 'head' }, name, remove), make('p', { textContent: `${c.doc[0].toUpperCase()}${c.doc.slice(1)}.` + (c.fails ? ` Fails: ${c.fails}.` : '') }));
      const main = c.settings.filter(s => s.name === 'lr'), more = c.settings.filter(s => s.name !== 'lr');
      box.append(...main.map(s => control(e, s)));
      if (more.length) box.append(make('details', { open: !main.length || more.length < 3 }, make('summary', { textContent: 'Settings' }), ...more.map(s => control(e, s))));
      return box;
    }));
  }
  $('add').onclick = () => {
    const taken = entrants.map(e => e.name), name = ['adam', 'momentum', 'rmsprop', 'adagrad', 'sgd'].find(n => !taken.includes(n)) || 'nadam';
    entrants.push(entrantOf(name));
    offer();
    ask();
  };

  /** Shows the mode and its fields. */
  function show() {
    shows = null;
    for (const [name, m] of Object.entries(modes)) {
      const own = m === mode;
      document.querySelectorAll(`[data-mode=${name}]`).forEach(e => { /** @type {any} */ (e).hidden = !own; });
      own ? $('a-' + name).setAttribute('aria-current', 'page') : $('a-' + name).removeAttribute('aria-current');
    }
    fresh = true;
    $('heads').replaceChildren();
    $('ends').replaceChildren();
    $('curves').replaceChildren();
    mode.fields();
    document.querySelectorAll('.late').forEach(e => { /** @type {any} */ (e).hidden = false; });
  }
  function all() { show(); offer(); ask(); }
  onhashchange = () => { recall(); all(); };
  onresize = () => { if (mode.last) { mode.resize(); go(Math.min(step, mode.last)); } };
  document.querySelectorAll('form').forEach(f => { f.onsubmit = e => e.preventDefault(); });

  return {
    ask, came,
    /** Draws the step that is shown again. */
    redraw() { if (mode.last) go(step); },
    /** Takes other optimizers. */
    enter(texts) { entrants = texts.map(entrantOf).filter(Boolean); },
    /** Shows all that is set, and asks. */
    all,
    /** Begins, in steps that are short, as the page is painted between them. */
    begin() {
      engine.begin();
      recall();
      painted(() => inTurn([show, offer, ask]));
    },
  };
})();
