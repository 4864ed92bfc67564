'use strict';
// What tests ask of any page. Each question is answered with a list of what is wrong.
const sound = (() => {
  /** @typedef {[number, number, number, number]} Color of light, from 0 to 255, and opacity */
  /** @returns {Color} */
  function colorOf(/** @type {string} */ text, opacity = 1) {
    const m = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(text);
    if (!m) throw new Error(`color ${text}`);
    return [+m[1], +m[2], +m[3], (m[4] === undefined ? 1 : +m[4]) * opacity];
  }
  /** @returns {Color} a over b, which is opaque. */
  const over = (/** @type {Color} */ a, /** @type {Color} */ b) => [a[0] * a[3] + b[0] * (1 - a[3]), a[1] * a[3] + b[1] * (1 - a[3]), a[2] * a[3] + b[2] * (1 - a[3]), 1];
  // WCAG 2.2, relative luminance and contrast ratio.
  const linear = (/** @type {number} */ v) => v <= 0.04045 * 255 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  const luminance = (/** @type {Color} */ c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
  function ratio(/** @type {Color} */ a, /** @type {Color} */ b) {
    const x = luminance(a), y = luminance(b);
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  }
  /** @returns {Color} what an element of a page or a picture is filled with. */
  function fill(/** @type {Element} */ e) {
    const s = getComputedStyle(e);
    if (!(e instanceof SVGGraphicsElement) || e instanceof SVGSVGElement) return colorOf(s.backgroundColor);
    return s.fill === 'none' || e instanceof SVGTextContentElement || e instanceof SVGGElement ? [0, 0, 0, 0] : colorOf(s.fill, +s.fillOpacity * +s.opacity);
  }
  /** What lies behind the text of an element, from the front. */
  function behind(/** @type {Element} */ e, /** @type {DOMRect} */ box) {
    if (e instanceof SVGElement) {
      e.scrollIntoView({ block: 'center', inline: 'center' });
      const r = e.getBoundingClientRect();
      return document.elementsFromPoint(r.x + r.width / 2, r.y + r.height / 2).filter(o => o !== e);
    }
    const all = [];
    for (let o = e; o; o = o.parentElement) all.push(o);
    return all;
  }
  /** @returns {Color} */
  function ground(/** @type {Element} */ e, /** @type {DOMRect} */ box) {
    const s = getComputedStyle(e);
    if (e instanceof SVGElement && s.paintOrder.startsWith('stroke') && s.stroke !== 'none') return colorOf(s.stroke); // a halo
    /** @type {Color[]} */
    const layers = [];
    for (const o of behind(e, box)) {
      layers.push(fill(o));
      if (layers[layers.length - 1][3] === 1) break;
    }
    return layers.reduceRight((b, a) => over(a, b), /** @type {Color} */([255, 255, 255, 1]));
  }
  const shown = (/** @type {Element} */ e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const say = (/** @type {Element} */ e) => `${e.tagName.toLowerCase()}${e.id ? '#' + e.id : ''} ${JSON.stringify((e.getAttribute('aria-label') || e.textContent || '').trim().slice(0, 40))}`;
  /** Elements with a text of their own. */
  function* texts() {
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
    for (let n = walk.nextNode(); n; n = walk.nextNode()) {
      range.selectNodeContents(n);
      const e = n.parentElement, box = range.getBoundingClientRect();
      if (n.textContent.trim() && shown(e) && !e.closest('select, script, style, title, :disabled') && box.width > 0) yield { e, box };
    }
    for (const e of document.querySelectorAll('input:not([type=range], [type=checkbox], [type=radio]), select, textarea')) {
      if (shown(e) && !e.matches(':disabled')) yield { e, box: e.getBoundingClientRect() };
    }
  }
  /** What a user can act on. */
  const controls = () => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter(e => shown(e) && !e.matches(':disabled, [tabindex="-1"]'));
  /** @type {Set<Element>} */
  let reached = new Set();

  return {
    /** Texts whose contrast is below WCAG's AA. */
    contrast() {
      const wrong = new Set();
      for (const { e, box } of texts()) {
        const s = getComputedStyle(e), size = parseFloat(s.fontSize), large = size >= 24 || size >= 18.66 && +s.fontWeight >= 700;
        const b = ground(e, box), a = over(e instanceof SVGElement ? colorOf(s.fill, +s.fillOpacity) : colorOf(s.color), b), r = ratio(a, b);
        if (r < (large ? 3 : 4.5)) wrong.add(`contrast ${r.toFixed(2)} of ${say(e)}, ${a.slice(0, 3).map(Math.round)} on ${b.slice(0, 3).map(Math.round)}`);
      }
      return [...wrong];
    },
    /** What makes the page wider than the window. */
    wide() {
      const most = document.documentElement.clientWidth;
      const scrolls = (/** @type {Element} */ e) => e !== document.body && e !== document.documentElement && (getComputedStyle(e).overflowX !== 'visible' || !!e.parentElement && scrolls(e.parentElement));
      if (document.documentElement.scrollWidth <= most) return [];
      return [`the page is ${document.documentElement.scrollWidth} pixels wide`, ...[...document.body.querySelectorAll('*')].filter(e => shown(e) && e.getBoundingClientRect().right > most + 1 && !scrolls(e.parentElement)).slice(-3).map(e => `too wide: ${say(e)}`)];
    },
    /** Opens all that is folded. */
    open() { for (const d of document.querySelectorAll('details')) d.open = true; return []; },
    /** Begins to walk over the page by keys. */
    start() { reached = new Set(); /** @type {HTMLElement} */ (document.activeElement)?.blur(); window.scrollTo(0, 0); return []; },
    /** Notes where the keyboard is; tells whether it has not been there. */
    walk() {
      const e = document.activeElement;
      if (!e || e === document.body || reached.has(e)) return false;
      reached.add(e);
      return true;
    },
    /** The focus, if it is not to be seen. */
    unseen() {
      const s = getComputedStyle(document.activeElement);
      return s.outlineStyle === 'none' || parseFloat(s.outlineWidth) === 0 ? [`the focus is not to be seen on ${say(document.activeElement)}`] : [];
    },
    /** What the walk has not come to. */
    missed: () => controls().filter(e => !reached.has(e)).map(e => `the keyboard does not reach ${say(e)}`),
  };
})();
