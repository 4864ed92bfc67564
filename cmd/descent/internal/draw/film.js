'use strict';
/**
 * Draws the film d, see draw.Film, on a canvas, at any size.
 * @param {HTMLCanvasElement} c
 * @param {{names: string[], x: number[], y: number[], n?: number, grid?: number[], curve?: (number|null)[][], mark?: number[], runs: {color: string, path: number[][]}[]}} d
 */
function film(c, d) {
  const g = c.getContext('2d'), u = Math.max(c.width / 1120, 0.6 * (window.devicePixelRatio || 1)); // of texts and lines
  const left = 90 * u, top = 20 * u, w = c.width - left - 20 * u, h = c.height - top - 70 * u;
  const [x0, x1] = d.x, [y0, y1] = d.y;
  const px = x => left + (x - x0) / (x1 - x0) * w, py = y => top + h - (y - y0) / (y1 - y0) * h;
  const back = document.createElement('canvas');
  back.width = c.width; back.height = c.height;

  function ticks(lo, hi) {
    const raw = (hi - lo) / Math.min(6, w / (110 * u)), p = 10 ** Math.floor(Math.log10(raw)), s = [1, 2, 5, 10].find(k => k * p >= raw) * p, out = [];
    for (let t = Math.ceil(lo / s); t * s <= hi; t++) out.push(+(t * s).toPrecision(12));
    return out;
  }
  /** The colour of a rank, hsl(215 - 40t, 55 - 15t %, 52 + 42t %): https://www.w3.org/TR/css-color-4/#hsl-to-rgb */
  function shade(t) {
    if (t < 0) return [187, 187, 187, 255];
    const l = 0.52 + 0.42 * t, a = (0.55 - 0.15 * t) * Math.min(l, 1 - l), hue = (215 - 40 * t) / 30;
    const of = n => 255 * (l - a * Math.max(-1, Math.min((n + hue) % 12 - 3, 9 - (n + hue) % 12, 1)));
    return [of(0), of(8), of(4), 255];
  }
  function ground(b) { // a pixel for each point of the grid, magnified: the browser blends them
    const n = d.n, small = document.createElement('canvas'), s = small.getContext('2d'), dots = s.createImageData(n, n);
    small.width = small.height = n;
    const shades = new Uint32Array(Uint8ClampedArray.from(Array.from({ length: 257 }, (_, k) => shade(k < 256 ? k / 255 : -1)).flat()).buffer), pixels = new Uint32Array(dots.data.buffer);
    d.grid.forEach((t, i) => { pixels[(n - 1 - Math.floor(i / n)) * n + i % n] = shades[t < 0 ? 256 : Math.round(255 * t)]; });
    s.putImageData(dots, 0, 0);
    b.imageSmoothingQuality = 'high';
    b.drawImage(small, left, top, w, h);
  }
  function curve(b) {
    b.save(); b.beginPath(); b.rect(left, top, w, h); b.clip();
    b.strokeStyle = '#555'; b.lineWidth = 2 * u; b.beginPath();
    let pen = false;
    for (const [x, y] of d.curve) {
      if (y !== null) b[pen ? 'lineTo' : 'moveTo'](px(x), py(y));
      pen = y !== null;
    }
    b.stroke(); b.restore();
  }
  function axes(b) {
    b.strokeStyle = '#333'; b.lineWidth = u; b.strokeRect(left, top, w, h);
    b.fillStyle = '#222'; b.font = `${20 * u}px sans-serif`; b.textAlign = 'center';
    for (const t of ticks(x0, x1)) { b.fillText(t, px(t), top + h + 26 * u); b.fillRect(px(t), top + h, u, 6 * u); }
    b.fillText(d.names[0], left + w / 2, top + h + 56 * u);
    b.textAlign = 'right';
    for (const t of ticks(y0, y1)) { b.fillText(t, left - 12 * u, py(t) + 7 * u); b.fillRect(left - 6 * u, py(t), 6 * u, u); }
    b.save(); b.translate(22 * u, top + h / 2); b.rotate(-Math.PI / 2); b.textAlign = 'center'; b.fillText(d.names[1], 0, 0); b.restore();
  }
  function mark(b) { // a white cross with a dark edge
    const x = px(d.mark[0]), y = py(d.mark[1]), r = 8 * u;
    b.save(); b.beginPath(); b.rect(left, top, w, h); b.clip();
    for (const [color, width] of [['#222', 6 * u], ['#fff', 2.5 * u]]) {
      b.strokeStyle = color; b.lineWidth = width; b.lineCap = 'round'; b.beginPath();
      b.moveTo(x - r, y - r); b.lineTo(x + r, y + r); b.moveTo(x - r, y + r); b.lineTo(x + r, y - r); b.stroke();
    }
    b.restore();
  }
  const b = back.getContext('2d');
  b.fillStyle = '#fff'; b.fillRect(0, 0, c.width, c.height);
  if (d.grid) ground(b); else curve(b);
  if (d.mark) mark(b);
  axes(b);
  return {
    /** The number of the last step. */
    last: Math.max(0, ...d.runs.map(r => r.path.length - 1)),
    /** Draws all paths up to a step. */
    draw(step) {
      g.drawImage(back, 0, 0);
      g.save(); g.beginPath(); g.rect(left, top, w, h); g.clip();
      for (const r of d.runs) {
        const k = Math.min(step, r.path.length - 1);
        g.strokeStyle = g.fillStyle = r.color; g.lineWidth = 3 * u; g.beginPath();
        for (let j = 0; j <= k; j++) g[j ? 'lineTo' : 'moveTo'](px(r.path[j][0]), py(r.path[j][1]));
        g.stroke();
        g.save(); g.fillStyle = '#fff'; g.beginPath(); g.arc(px(r.path[0][0]), py(r.path[0][1]), 7 * u, 0, 7); g.fill(); g.stroke(); g.restore(); // the start
        g.beginPath(); g.arc(px(r.path[k][0]), py(r.path[k][1]), 9 * u, 0, 7); g.fill(); g.strokeStyle = '#fff'; g.stroke();
      }
      g.restore();
    },
    /** The point of the function at a place of the canvas, in its own pixels. */
    at: (x, y) => [x0 + (x - left) / w * (x1 - x0), y0 + (top + h - y) / h * (y1 - y0)],
  };
}
