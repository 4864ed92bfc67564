// The mode in which optimizers descend a function.
modes.function = (() => {
  const state = { formula: '', problem: '', start: [], steps: 60, box: null, surface: false };
  let reply = null, map = null;
  /** Takes an example. */
  function take(e) {
    Object.assign(state, { formula: e.Formula, problem: '', start: [...e.Start], steps: e.Steps, box: null });
    page.enter(e.Optimizers);
  }
  /** Takes a problem of a suite. */
  function takeProblem(p) {
    Object.assign(state, { formula: '', problem: p.name, start: [...p.start], steps: 200, box: p.box || null });
    page.enter(['lbfgs', 'adam(lr=0.1)', 'cmaes']);
  }
  function starts() {
    const names = reply ? reply.variables : [], all = $('start').querySelectorAll('input');
    if (all.length !== names.length || names.some((n, i) => all[i].name !== n)) {
      $('start').replaceChildren(...names.map((name, i) => make('label', {}, `Start ${name}`, make('input', { type: 'number', step: 'any', name, onchange: e => { if (Number.isFinite(e.target.valueAsNumber)) { state.start[i] = e.target.valueAsNumber; page.ask(); } } }))));
    }
    $('start').querySelectorAll('input').forEach((input, i) => { if (document.activeElement !== input) input.value = state.start[i]; });
  }
  function draw() {
    const r = reply.relief;
    $('map').hidden = !!r;
    $('relief').hidden = !r;
    if (r) map = relief(r); else if (sharp($('map'))) map = film($('map'), reply.film);
  }
  /** Plays paths on a surface: what film does on a map. */
  function relief(r) {
    const figure = picture(r.svg), svg = figure.firstChild;
    const put = (tag, props) => { const e = document.createElementNS(svg.namespaceURI, tag); for (const [k, v] of Object.entries(props)) e.setAttribute(k, v); svg.append(e); return e; };
    const drawn = reply.film.runs.map(run => [put('path', { fill: 'none', stroke: run.color, 'stroke-width': 2, 'stroke-linejoin': 'round' }), put('circle', { r: 5, fill: run.color, stroke: '#fff', 'stroke-width': 1.5 })]);
    $('relief').replaceChildren(figure);
    return {
      last: Math.max(0, ...r.runs.map(steps => steps.length - 1)),
      draw(step) {
        r.runs.forEach((steps, i) => {
          const line = steps.slice(0, step + 1).flat(), [path, end] = drawn[i];
          path.setAttribute('d', line.length ? `M${line.join('L')}` : '');
          end.setAttribute('visibility', line.length ? 'visible' : 'hidden');
          if (line.length) ['cx', 'cy'].forEach((k, j) => end.setAttribute(k, line[line.length - 1][j]));
        });
      },
    };
  }
  /** What is shown of each variable. */
  const shown = () => [reply.film.x, reply.film.y].slice(0, reply.variables.length);
  function startAt(x) {
    if (!state.box) state.box = shown().map(r => r.map(v => +v.toPrecision(6))); // where the start moves, the map stays
    state.start = x.slice(0, reply.variables.length).map(v => +v.toPrecision(4));
    starts();
    page.ask();
  }
  // The start is where the pointer is while it is down.
  function pointed(e) {
    const box = $('map').getBoundingClientRect(), k = $('map').width / box.width;
    if (map && !reply.relief) startAt(map.at((e.clientX - box.left) * k, (e.clientY - box.top) * k));
  }
  $('map').onpointerdown = e => { $('map').setPointerCapture(e.pointerId); pointed(e); };
  $('map').onpointermove = e => { if ($('map').hasPointerCapture(e.pointerId)) pointed(e); };
  $('map').onkeydown = $('relief').onkeydown = e => {
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
  $('as').onchange = () => { state.surface = !!$('as').value; page.ask(); };
  $('fit').onclick = () => { state.box = null; page.ask(); };
  $('formula').oninput = () => { Object.assign(state, { formula: $('formula').value, problem: '', box: null }); $('example').value = ''; page.ask(); };
  $('steps').onchange = () => { state.steps = Math.min(5000, Math.max(1, Math.round($('steps').valueAsNumber) || 1)); $('steps').value = state.steps; page.ask(); };
  const group = (label, ...options) => { const g = make('optgroup'); g.label = label; g.append(...options); return g; };
  $('example').append(make('option', { value: '', textContent: 'one of your own' }),
    group('Examples', ...tables.examples.map(e => make('option', { value: e.Name, textContent: e.Name }))),
    ...['classic', 'bbob'].map(suite => group(`bench --suite ${suite}`, ...tables.problems.filter(p => p.suite === suite).map(p => make('option', { value: p.name, textContent: `${p.name}: ${p.about}` })))));
  $('example').onchange = () => {
    const name = $('example').value, e = tables.examples.find(x => x.Name === name), p = tables.problems.find(x => x.name === name);
    if (e) take(e); else if (p) takeProblem(p); else return;
    page.all();
  };

  return {
    state, heads: ['step', 'f', 'gradient', 'step length'],
    get last() { return map ? map.last : 0; },
    blank() { take(tables.examples[1]); },
    parse(p) {
      if (!p.get('f') && !p.get('problem')) return false;
      const numbers = key => (p.get(key) || '').split(' ').filter(Boolean).map(Number).filter(Number.isFinite), box = numbers('box');
      Object.assign(state, {
        formula: p.get('f') || '', problem: p.get('problem') || '', start: numbers('x'), steps: Math.min(5000, Math.max(1, Math.round(+p.get('n')) || 100)), surface: p.get('as') === 'surface',
        box: box.length === 4 ? [box.slice(0, 2), box.slice(2)] : box.length === 2 ? [box] : null
      });
      return true;
    },
    write(p) {
      p.set(state.problem ? 'problem' : 'f', state.problem || state.formula);
      p.set('x', state.start.join(' '));
      p.set('n', `${state.steps}`);
      if (state.surface) p.set('as', 'surface');
      if (state.box) p.set('box', state.box.flat().join(' '));
    },
    fields() {
      $('formula').value = state.formula;
      $('steps').value = state.steps;
      $('as').value = state.surface ? 'surface' : '';
      const e = tables.examples.find(x => x.Formula === state.formula), p = tables.problems.find(x => x.name === state.problem);
      $('formula').placeholder = p ? `${p.name}: ${p.about}` : '';
      $('example').value = p ? p.name : e ? e.Name : '';
      starts();
    },
    ask(optimizers) {
      const q = { formula: state.formula, problem: state.problem, start: state.start, optimizers, steps: state.steps };
      return { paths: { ...q, box: state.box || undefined, surface: state.surface }, states: { ...q, states: true }, rates: { ...q, rates: true } };
    },
    show: {
      paths(r) {
        reply = r;
        map = null; // until it is drawn
        const best = r.runs.reduce((a, b) => b.least < a.least ? b : a), most = Math.max(0, ...best.curvatures || []);
        $('why').textContent = most ? `Near where ${best.optimizer} came to, the curvature is up to ${number(most)}: along it, a step of gradient descent multiplies the distance to the minimum by 1 − rate × ${number(most)}: from a rate of 2/${number(most)} = ${number(2 / most)} on, each step ends further away.` : '';
        state.start = r.start;
        $('as').disabled = r.variables.length < 2;
        starts();
        page.came(r.runs.map((run, i) => ({ name: run.optimizer, color: r.film.runs[i].color, kind: run.kind, more: `${run.stopped}; best f ${number(run.least)} at ${run.best.map(number).join(', ')}${r.known ? `, ${number(run.least - r.known.min)} above the lowest` : ''}` })), r.curves || [],
          () => `${count(r.runs.length, 'optimizer')}, ${count(map.last, 'step')}.` + (r.known ? ` The lowest value is ${number(r.known.min)} at ${r.known.at.map(number).join(', ')}, the cross on the map.` : ''));
      },
      states(r) {
        $('kept').hidden = !r.curves;
        pictures($('states'), r.curves || []);
      },
      rates(r) {
        $('limits').replaceChildren(...(r.limits || []).map(l => make('li', { textContent: `${l.optimizer}: ` + (l.rate ? `descends below a learning rate of ${number(l.rate)}; from there on it does not. It has ${number(l.own)}.` : `descends at all rates that were tried, up to ${number(l.most)}.`) })));
        pictures($('rates'), r.curves || []);
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
