// Below engine.js, dom.js and sort.js, in a report that verifies itself: it asks the engine, and shows what it says.
(() => {
  /** What the engine has written of results, whose texts are escaped. */
  const parsed = html => document.importNode(new DOMParser().parseFromString(html, 'text/html').body, true);
  const count = (n, what) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
  const carried = $('carried').textContent;
  // The report as it was opened: tables may be sorted later.
  const elements = [...$('shown').querySelectorAll('*')], opened = $('shown').cloneNode(true), copies = [...opened.querySelectorAll('*')];

  /** Shows that the engine works, or that it does not. */
  function busy(on, value = 0, max = 1) {
    $('stop').hidden = $('done').hidden = !on;
    $('verify').disabled = on;
    Object.assign($('done'), { value, max });
  }
  function say(text) { $('state').textContent = text; }
  function fail(text) {
    busy(false);
    $('error').textContent = text;
    $('error').hidden = !text;
  }
  function ask(to, question, part, reply) {
    fail('');
    busy(true);
    say('The engine is starting.');
    engine.ask({ slot: 'report', to, question: { carried, ...question }, part, reply: r => { busy(false); reply(r); }, error: text => { say(''); fail(text); } });
  }
  $('stop').onclick = () => {
    engine.stop();
    busy(false);
    say(`Stopped. ${$('state').textContent}`);
  };

  // Verification.
  $('verify').onclick = () => {
    for (const e of document.querySelectorAll('.differs')) e.classList.remove('differs');
    $('differences').replaceChildren();
    ask('verify', {}, v => { busy(true, v.runs, v.of); say(`${progress(v)} so far; runs are drawn at random.`); list(v.differences, v.differing); }, verified);
  };
  const progress = v => `${v.runs.toLocaleString('en')} of ${count(v.of, 'run')} done again, ${count(v.values, 'value')} compared: ${v.differing.toLocaleString('en')} differ${v.differing === 1 ? 's' : ''}`;
  function verified(v) {
    const fresh = parsed(v.shown), others = [...opened.children].flatMap((e, i) => fresh.children[i] ? compare(e, fresh.children[i]) : [e]);
    const pages = others.length ? ` What the page shows is not what its results say, in ${count(others.length, 'place')}, marked below.` : ' What the page shows is what its results say.';
    say(`${progress(v)} from what was derived.${pages} Measured times and conformance checks are of the machine that made the report: they were not looked at.`);
    list(v.differences, v.differing);
    for (const e of others) elements[copies.indexOf(e)].classList.add('differs');
    const whose = new Set(v.differences.map(d => d.optimizer));
    for (const tr of $('shown').querySelectorAll('tbody tr')) if (whose.has(tr.cells[0].textContent)) tr.classList.add('differs');
  }
  /** @returns {Element[]} the innermost elements of a that are not those of b. */
  function compare(a, b) {
    if (a.isEqualNode(b)) return [];
    const inside = [...a.children], other = [...b.children];
    const below = inside.length === other.length ? inside.flatMap((e, i) => compare(e, other[i])) : [];
    return below.length ? below : [a];
  }
  function list(differences, all) {
    if (!differences.length) return;
    const text = x => { const t = JSON.stringify(x === undefined ? null : x); return t.length > 60 ? `${t.slice(0, 60)}…` : t; };
    const cell = (t, left) => make('td', { textContent: t, className: left ? 'text' : '' });
    $('differences').replaceChildren(make('div', { className: 'wide' }, make('table', { className: 'full' },
      make('thead', {}, make('tr', {}, ...['what differs', 'the report says', 'derived'].map(t => make('th', { textContent: t })))),
      make('tbody', {}, ...differences.map(d => make('tr', { className: 'failed' }, cell(d.optimizer && !d.where.includes(d.optimizer) ? `${d.where} (${d.optimizer})` : d.where, true), cell(text(d.stated)), cell(text(d.derived))))))),
      ...all > differences.length ? [make('p', { className: 'note', textContent: `The first ${differences.length} of ${all}.` })] : []);
  }

  // Trying.
  /** @type {{optimizers: string[], seeds: number}} */
  const first = JSON.parse($('first').textContent);
  const published = first.optimizers, entrants = [...published];
  $('seeds').value = first.seeds;
  function offer() {
    $('entrants').replaceChildren(...entrants.map((text, i) => make('p', {},
      make('input', { value: text, spellcheck: false, required: true, ariaLabel: `optimizer ${i + 1}`, oninput: e => { entrants[i] = e.target.value; } }),
      make('button', { type: 'button', textContent: 'Remove', ariaLabel: `remove optimizer ${i + 1}`, disabled: entrants.length < 2, onclick: () => { entrants.splice(i, 1); offer(); } }))));
  }
  $('add').onclick = () => {
    entrants.push('');
    offer();
    $('entrants').lastElementChild.firstElementChild.focus();
  };
  $('try').onsubmit = event => {
    event.preventDefault();
    const asked = entrants.map(t => t.trim()), seeds = $('seeds').valueAsNumber;
    ask('try', { optimizers: asked, seeds }, p => { busy(true, p.done, p.total); say(`${p.done} of ${count(p.total, 'run')} are there.`); }, r => {
      say(`Tried: ${count(r.fresh, 'run')} done here.`);
      const fresh = asked.filter(t => !published.includes(t)), gone = published.filter(t => !asked.includes(t));
      $('asked').textContent = [fresh.length && `With ${fresh.join(', ')}.`, gone.length && `Without ${gone.join(', ')}.`, `${count(seeds, 'scored run')} of each.`,
      `${count(r.fresh, 'run')} done in this window, ${count(r.kept, 'run')} of those that were published. Measured times are those of the published report.`].filter(Boolean).join(' ');
      const found = parsed(r.shown), verdict = found.querySelector('.verdict');
      $('published').replaceChildren(opened.querySelector('.verdict').cloneNode(true));
      $('concluded').replaceChildren(verdict);
      $('found').replaceChildren(...found.childNodes);
      $('tried').hidden = false;
    });
  };
  offer();
  $('live').hidden = false;
})();
