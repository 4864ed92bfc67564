// Below dom.js. Makes the book live: each experiment has its parameters as controls, and runs
// in the page. All that it says is in the tables, in the book's language.
/** @typedef {{name: string, label: string, lo: number, hi: number, default: number, log?: boolean, whole?: boolean}} Param */
/** @typedef {{name: string, got: string, want: string, agrees: boolean}} Line */
/** @typedef {{pictures: string[], lines: Line[], verdict: string, holds: boolean, summary: string}} Reply */
(() => {
  if (typeof WebAssembly !== 'object' || typeof DecompressionStream !== 'function') return; // the book as it is printed
  /** @type {{lang: string, say: Object<string, string>, params: Object<string, Param[]>}} */
  const { lang, say, params } = JSON.parse($('tables').textContent);
  /** Chapters whose experiment runs or waits: the engine does one after the other. */
  const busy = new Set();
  const within = (/** @type {Param} */ p, v) => Math.min(p.hi, Math.max(p.lo, p.whole ? Math.round(v) : v));

  /** How a slider moves a parameter: its positions, and the value at each. */
  function scale(/** @type {Param} */ p) {
    const last = p.whole && !p.log ? p.hi - p.lo : 200, [lo, hi] = p.log ? [Math.log(p.lo), Math.log(p.hi)] : [p.lo, p.hi];
    const digits = Math.max(0, 3 - Math.floor(Math.log10(hi - lo)));
    return {
      last,
      value(at) { const v = lo + (hi - lo) * at / last; return within(p, p.log ? +Math.exp(v).toPrecision(3) : +v.toFixed(digits)); },
      at(v) { return last * ((p.log ? Math.log(v) : v) - lo) / (hi - lo); },
    };
  }

  class Chapter {
    constructor(/** @type {HTMLElement} */ section) {
      this.section = section;
      this.params = params[section.id];
      /** @type {Object<string, number>} what is set */
      this.values = {};
      /** @type {Object<string, () => void>} shows what is set */
      this.show = {};
      this.ruling = section.querySelector('.ruling');
      this.judged = this.ruling.textContent;
      this.holds = !this.ruling.classList.contains('no');
      this.state = make('span', { role: 'status' });
      this.stop = make('button', { type: 'button', textContent: say.stop, hidden: true, onclick: stop });
      const again = make('button', { type: 'button', textContent: say.again, onclick: () => { this.set({}); this.remember(); this.ask(); } });
      this.only = make('button', { type: 'button', textContent: say.only, onclick: () => { show(alone === this ? null : this); this.remember(); section.scrollIntoView(); } });
      const form = make('form', { autocomplete: 'off', ariaLabel: section.querySelector('h2').firstChild.textContent, onsubmit: e => e.preventDefault() }, ...this.params.map(p => this.control(p)),
        make('p', {}, again, ' ', this.stop, ' ', this.only, ' ', this.state));
      section.insertBefore(form, section.querySelector('figure, table'));
      this.set({});
    }
    control(/** @type {Param} */ p) {
      const id = `${this.section.id}-${p.name}`, s = scale(p);
      const slider = make('input', { type: 'range', min: 0, max: s.last, step: 1, ariaLabel: p.label });
      const typed = make('input', { type: 'number', id, min: p.lo, max: p.hi, step: p.whole ? 1 : 'any', required: true });
      this.show[p.name] = () => { typed.value = this.values[p.name]; slider.value = s.at(this.values[p.name]); slider.ariaValueText = typed.value; };
      const move = v => { this.values[p.name] = v; this.show[p.name](); this.ask(); };
      slider.oninput = () => move(s.value(+slider.value));
      typed.onchange = () => { move(within(p, Number.isFinite(typed.valueAsNumber) ? typed.valueAsNumber : p.default)); this.remember(); };
      slider.onchange = () => this.remember();
      return make('div', { className: 'row' }, make('label', { htmlFor: id, textContent: p.label }), slider, typed);
    }
    /** Sets parameters, all others as the tutorial has them. */
    set(/** @type {Object<string, number>} */ values) {
      for (const p of this.params) {
        this.values[p.name] = p.name in values ? within(p, values[p.name]) : p.default;
        this.show[p.name]();
      }
    }
    moved() { return this.params.filter(p => this.values[p.name] !== p.default); }
    remember() { history.replaceState(null, '', '#' + [this.section.id, ...this.moved().map(p => `${p.name}=${this.values[p.name]}`), ...alone === this ? ['alone'] : []].join('&')); }
    ask() {
      const began = performance.now(), moved = this.moved();
      const set = Object.fromEntries(moved.map(p => [p.name, this.values[p.name]]));
      busy.add(this);
      setTimeout(() => { if (busy.has(this)) { this.say(say.running); this.stop.hidden = false; } }, 300);
      engine.ask({
        slot: this.section.id, to: 'lab', question: { experiment: this.section.id, set, lang },
        reply: r => { this.done(moved.length ? say.nothing : say.here.replace('%s', r.summary).replace('%s', ((performance.now() - began) / 1000).toFixed(2))); this.came(r, moved.length > 0); },
        error: (text, why) => this.done(why ? say.broken.replace('%s', why) : text)
      });
    }
    say(text) { this.state.textContent = text; }
    done(text) {
      busy.delete(this);
      this.stop.hidden = true;
      this.say(text);
    }
    came(/** @type {Reply} */ r, moved) {
      this.section.querySelectorAll('figure').forEach((f, i) => f.replaceWith(picture(r.pictures[i])));
      this.section.querySelector('tbody').replaceChildren(...r.lines.map(l => make('tr', {},
        ...[l.name, l.got, l.want || '–', l.want && (l.agrees ? '✓' : '✗')].map(textContent => make('td', { textContent })))));
      const other = moved && r.verdict; // a claim that cannot be judged here is as it was
      this.ruling.textContent = other ? say.moved + say.colon + r.verdict : this.judged;
      this.ruling.classList.toggle('no', !(other ? r.holds : this.holds));
    }
  }
  function stop() {
    engine.stop();
    for (const c of busy) c.done(say.stopped);
  }

  const chapters = new Map([...document.querySelectorAll('section')].map(s => [s.id, new Chapter(s)]));
  $('live').hidden = false;
  /** @type {Chapter} the only one that is shown, if there is one */
  let alone = null;
  function show(/** @type {Chapter} */ only) {
    alone = only;
    $('live').parentNode.classList.toggle('alone', Boolean(only));
    for (const c of chapters.values()) {
      c.section.classList.toggle('shown', c === only);
      c.only.textContent = c === only ? say.all : say.only;
    }
  }
  /** The address names an experiment, what is set, and whether the others are hidden: #step-sizes&lr3=0.99&steps=40&alone. */
  function recall() {
    const [, id, text] = /^#([^&]*)&?(.*)/.exec(location.hash) || [], c = chapters.get(id), set = new URLSearchParams(text);
    show(c && set.has('alone') ? c : null);
    if (!c || !text) return;
    c.set(Object.fromEntries([...set].filter(([, v]) => v && Number.isFinite(+v)).map(([name, v]) => [name, +v])));
    c.ask();
    c.section.scrollIntoView();
  }
  onhashchange = recall;
  recall();
})();
