// The mode in which nets learn which of two classes points are of.
modes.net = (() => {
  const blank = { points: 'circles', own: [], rows: 200, noise: 0.1, seed: 1, model: 'mlp(8,8)', loss: 'bce_logits', epochs: 100, batch: 16, penalty: 0 };
  const state = { ...blank };
  const numbers = ['rows', 'noise', 'seed', 'epochs', 'batch', 'penalty'], texts = ['points', 'model', 'loss'];
  const colors = ['#d55e00', '#0072b2'], pale = [[253, 236, 222], [222, 236, 250]], strong = [[244, 164, 96], [96, 165, 220]];
  let net = null, canvases = [], matrices = [];
  $('points').append(...tables.shapes.map(s => make('option', { value: s.name, textContent: `${s.name}: ${s.doc}` })), make('option', { value: 'own', textContent: 'your own: by clicks, or a file' }));
  for (const name of texts) $(name).onchange = () => { state[name] = $(name).value; if (name === 'points') own(state.points === 'own'); page.ask(); };
  for (const name of numbers) $(name).onchange = () => { const v = $(name).valueAsNumber; if (Number.isFinite(v)) { state[name] = name === 'noise' || name === 'penalty' ? v : Math.round(v); page.ask(); } };
  /** Your own points begin with those that are there. */
  function own(on) {
    state.points = on ? 'own' : state.points;
    if (on && !state.own.length && net) state.own = net.points.map(p => p.map(v => +v.toPrecision(3)));
    $('points').value = state.points;
  }
  /** Where the keys are on the pictures, from -1 to 1. */
  const cursor = [0, 0];
  function add(x, y) {
    const c = $('adds').value;
    if (c === '' || !net) return;
    own(true);
    state.own.push([...[x, y].map(v => +(v * net.size).toPrecision(3)), +c]);
    page.ask();
  }
  function keyed(e) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[e.key];
    if (way) way.forEach((v, k) => { cursor[k] = Math.min(1, Math.max(-1, cursor[k] + v / (e.shiftKey ? 100 : 20))); });
    else if (e.key === 'Enter') add(...cursor);
    else return;
    e.preventDefault();
    page.redraw();
  }
  /** A picture of a net, to which points can be added. */
  function surfaceOf(n) {
    const c = make('canvas', { tabIndex: 0, ariaLabel: `What the net of ${n.optimizer} says of each place. Click, or use the arrow keys and Enter, to add a point.` });
    c.setAttribute('role', 'application');
    c.onclick = e => { const b = c.getBoundingClientRect(); add(2 * (e.clientX - b.left) / b.width - 1, 1 - 2 * (e.clientY - b.top) / b.height); };
    c.onkeydown = keyed;
    c.onfocus = c.onblur = () => page.redraw();
    return c;
  }
  /** Lines of x, y and a class; the first class that occurs is 0. */
  function read(text) {
    const classes = [], rows = [];
    for (const line of text.split(/\r?\n/)) {
      const [x, y, c] = line.split(/[,;\t]/).map(t => t.trim());
      if (x === '' || c === undefined || !Number.isFinite(+x) || !Number.isFinite(+y)) continue; // a header
      if (!classes.includes(c)) classes.push(c);
      rows.push([+x, +y, classes.indexOf(c)]);
    }
    if (classes.length !== 2) return false;
    const mean = k => rows.reduce((s, r) => s + r[k], 0) / rows.length, reach = k => Math.max(...rows.map(r => Math.abs(r[k] - mean(k)))) || 1;
    const [mx, my, sx, sy] = [mean(0), mean(1), reach(0), reach(1)];
    state.own = rows.slice(0, 2000).map(([x, y, c]) => [+((x - mx) / sx).toPrecision(4), +((y - my) / sy).toPrecision(4), c]);
    return true;
  }
  async function take(file) {
    if (!file) return;
    if (read(await file.text())) { own(true); page.ask(); } else { $('state').textContent = `${file.name}: lines of x, y and one of two classes are wanted.`; }
  }
  $('file').onchange = () => take($('file').files[0]);
  $('nets').ondragover = e => e.preventDefault();
  $('nets').ondrop = e => { e.preventDefault(); take(e.dataTransfer.files[0]); };
  /** Gives each dot of a canvas the colour of its number, which counts row by row from above. */
  function dots(c, color) {
    const g = c.getContext('2d'), image = g.createImageData(c.width, c.height);
    for (let i = 0; i < c.width * c.height; i++) image.data.set([...color(i), 255], 4 * i);
    g.putImageData(image, 0, 0);
  }
  /** Numbers from -100 to 100, row by row: orange below 0, blue above. */
  const cells = (c, values) => dots(c, i => mix([255, 255, 255], values[i] < 0 ? [213, 94, 0] : [0, 114, 178], Math.abs(values[i]) / 100));
  /** What a unit gives at each place. */
  function unit(values) {
    const n = Math.sqrt(values.length), c = make('canvas', { width: n, height: n, className: 'unit' });
    c.style.transform = 'scaleY(-1)'; // the first row is the lowest
    cells(c, values);
    return c;
  }
  /** The matrices of a net: a row for each unit, a column for each input. */
  const weightsOf = n => (n.weights || []).map(m => {
    const c = make('canvas', { width: m.rows, height: m.cols, ariaLabel: `weights ${m.name}` });
    c.style.width = `${10 * m.rows}px`;
    c.setAttribute('role', 'img');
    return { m, c };
  });
  const weightFigure = ({ m, c }) => make('div', { className: 'weights' }, c, make('small', { textContent: `${m.name}: ${m.rows} inputs, ${m.cols} ${m.cols === 1 ? 'unit' : 'units'}; up to ${number(m.largest)}` }));
  /** Turns a matrix, so that a row is a unit. */
  const turned = (m, values) => values.map((_, i) => values[(i % m.rows) * m.cols + Math.floor(i / m.rows)]);
  const layersOf = n => (n.units || []).map((units, k) => make('div', { className: 'units', role: 'img', ariaLabel: `what ${units.length} units of hidden layer ${k + 1} give at each place` }, ...units.map(unit)));
  const mix = (a, b, t) => a.map((v, i) => Math.round(v + t * (b[i] - v)));
  function paint(c, surface) {
    if (!sharp(c)) return;
    const g = c.getContext('2d'), n = net.n, small = make('canvas', { width: n, height: n });
    dots(small, i => {
      const p = surface[(n - 1 - Math.floor(i / n)) * n + i % n], side = p >= 50 ? 1 : 0;
      return mix(pale[side], strong[side], Math.abs(p - 50) / 50);
    });
    g.imageSmoothingQuality = 'high';
    g.drawImage(small, 0, 0, c.width, c.height);
    const r = c.width / 90;
    net.points.forEach(([x, y, k], i) => {
      const px = (x / net.size + 1) / 2 * c.width, py = (1 - y / net.size) / 2 * c.height;
      g.beginPath();
      k ? g.rect(px - r, py - r, 2 * r, 2 * r) : g.arc(px, py, r * 1.1, 0, 7);
      g.lineWidth = r / 2;
      const test = i >= net.points.length - net.tests;
      g.fillStyle = test ? '#fff' : colors[k];
      g.strokeStyle = test ? colors[k] : '#fff';
      g.fill();
      g.stroke();
    });
    if (c === document.activeElement && $('adds').value !== '') {
      const px = (cursor[0] + 1) / 2 * c.width, py = (1 - cursor[1]) / 2 * c.height;
      g.lineWidth = r / 2;
      g.strokeStyle = '#000';
      g.strokeRect(px - 2 * r, py - 2 * r, 4 * r, 4 * r);
    }
  }

  return {
    state, heads: ['epoch', 'loss', 'loss of others', '% right', '% of others'],
    get last() { return net ? net.epochs.length - 1 : 0; },
    blank() { Object.assign(state, blank); },
    parse(p) {
      if (!p.get('points')) return false;
      Object.assign(state, blank);
      for (const name of texts) if (p.get(name)) state[name] = p.get(name);
      for (const name of numbers) if (p.get(name) && Number.isFinite(+p.get(name))) state[name] = +p.get(name);
      if (p.get('own')) state.own = p.get('own').split(';').map(t => t.split(',').map(Number)).filter(q => q.length === 3 && q.every(Number.isFinite));
      return true;
    },
    write(p) {
      for (const name of [...texts, ...numbers]) p.set(name, state[name]);
      if (state.points === 'own') p.set('own', state.own.map(q => q.join(',')).join(';'));
    },
    fields() { for (const name of [...texts, ...numbers]) $(name).value = state[name]; },
    ask(optimizers) { return { nets: { net: { ...state, optimizers } } }; },
    show: {
      nets(r) {
        net = r.net;
        const at = canvases.indexOf(document.activeElement);
        canvases = net.nets.map(surfaceOf);
        matrices = net.nets.map(weightsOf);
        $('nets').replaceChildren(...net.nets.map((n, i) => make('figure', {}, make('figcaption', {}, mark(n.color), n.optimizer), canvases[i], ...layersOf(n), ...matrices[i].map(weightFigure))));
        if (canvases[at]) canvases[at].focus({ preventScroll: true });
        page.came(net.nets.map(n => {
          const last = n.scores[n.scores.length - 1];
          return { name: n.optimizer, color: n.color, kind: n.diverged ? `diverged at step ${n.diverged}` : `${number(100 * last.test_hits)} % of the others right`, more: `${net.params} parameters` };
        }), net.curves, () => `${count(net.nets.length, 'net')}, ${net.points.length - net.tests} points in training and ${net.tests} others, which are drawn hollow.`);
      },
    },
    resize() { },
    draw(step) {
      net.nets.forEach((n, i) => {
        paint(canvases[i], n.surfaces[Math.min(step, n.surfaces.length - 1)]);
        for (const { m, c } of matrices[i]) cells(c, turned(m, m.cells[Math.min(step, m.cells.length - 1)]));
      });
    },
    cells(i, step) {
      const n = net.nets[i], k = Math.min(step, n.scores.length - 1), s = n.scores[k];
      return [net.epochs[k], s.train, s.test, 100 * s.train_hits, 100 * s.test_hits];
    },
  };
})();
page.begin();
