'use strict';
(() => {
const d = JSON.parse(document.getElementById('data').textContent);
const $ = s => document.querySelector(s), c = $('canvas'), g = c.getContext('2d');
const left = 90, top = 20, w = c.width - left - 20, h = c.height - top - 70;
const [x0, x1] = d.x, [y0, y1] = d.y;
const px = x => left + (x - x0) / (x1 - x0) * w, py = y => top + h - (y - y0) / (y1 - y0) * h;
const back = document.createElement('canvas');
back.width = c.width; back.height = c.height;

function ticks(lo, hi) {
  const raw = (hi - lo) / 6, p = 10 ** Math.floor(Math.log10(raw)), s = [1, 2, 5, 10].find(k => k * p >= raw) * p, out = [];
  for (let t = Math.ceil(lo / s); t * s <= hi; t++) out.push(+(t * s).toPrecision(12));
  return out;
}
function background() {
  const b = back.getContext('2d');
  b.fillStyle = '#fff'; b.fillRect(0, 0, c.width, c.height);
  if (d.grid) {
    // A pixel for each point of the grid, magnified: the browser blends them.
    const n = d.n, small = document.createElement('canvas'), s = small.getContext('2d');
    small.width = small.height = n;
    for (let i = 0; i < n * n; i++) {
      const t = d.grid[i];
      s.fillStyle = t < 0 ? '#bbb' : `hsl(${215 - 40 * t} ${55 - 15 * t}% ${52 + 42 * t}%)`;
      s.fillRect(i % n, n - 1 - Math.floor(i / n), 1, 1);
    }
    b.imageSmoothingQuality = 'high';
    b.drawImage(small, left, top, w, h);
  } else {
    b.strokeStyle = '#555'; b.lineWidth = 2; b.beginPath();
    d.curve.forEach(([x, y], i) => { if (y !== null) (i && d.curve[i - 1][1] !== null ? b.lineTo(px(x), py(y)) : b.moveTo(px(x), py(y))); });
    b.save(); b.beginPath(); b.rect(left, top, w, h); b.clip(); b.beginPath();
    d.curve.forEach(([x, y], i) => { if (y !== null) b[i ? 'lineTo' : 'moveTo'](px(x), py(y)); });
    b.stroke(); b.restore();
  }
  b.strokeStyle = '#333'; b.lineWidth = 1; b.strokeRect(left, top, w, h);
  b.fillStyle = '#222'; b.font = '20px sans-serif'; b.textAlign = 'center';
  for (const t of ticks(x0, x1)) { b.fillText(t, px(t), top + h + 26); b.fillRect(px(t), top + h, 1, 6); }
  b.fillText(d.names[0], left + w / 2, top + h + 56);
  b.textAlign = 'right';
  for (const t of ticks(y0, y1)) { b.fillText(t, left - 12, py(t) + 7); b.fillRect(left - 6, py(t), 6, 1); }
  b.save(); b.translate(22, top + h / 2); b.rotate(-Math.PI / 2); b.textAlign = 'center'; b.fillText(d.names[1], 0, 0); b.restore();
}
const last = Math.max(...d.runs.map(r => r.path.length)) - 1;
const rows = d.runs.map(r => {
  const tr = $('tbody').insertRow(), name = tr.insertCell(), mark = document.createElement('i');
  mark.style.background = r.color;
  name.append(mark, r.name);
  return [tr.insertCell(), tr.insertCell()];
});
function draw(step) {
  g.drawImage(back, 0, 0);
  g.save(); g.beginPath(); g.rect(left, top, w, h); g.clip();
  d.runs.forEach((r, i) => {
    const k = Math.min(step, r.path.length - 1), p = r.path.slice(0, k + 1);
    g.strokeStyle = g.fillStyle = r.color; g.lineWidth = 3; g.beginPath();
    p.forEach(([x, y], j) => g[j ? 'lineTo' : 'moveTo'](px(x), py(y)));
    g.stroke();
    g.beginPath(); g.arc(px(p[k][0]), py(p[k][1]), 9, 0, 7); g.fill(); g.strokeStyle = '#fff'; g.stroke();
    rows[i][0].textContent = k; rows[i][1].textContent = r.f[k] === null ? 'not finite' : r.f[k].toPrecision(8);
  });
  g.restore();
  $('output').textContent = step;
}
background();
const slider = $('input'), button = $('button');
slider.max = last;
slider.oninput = () => draw(+slider.value);
let timer = 0;
function stop() { clearInterval(timer); timer = 0; button.textContent = 'Play'; }
button.onclick = () => {
  if (timer) return stop();
  if (+slider.value >= last) slider.value = 0;
  button.textContent = 'Pause';
  const stride = Math.max(1, Math.round(last / 200));
  timer = setInterval(() => {
    slider.value = Math.min(last, +slider.value + stride);
    draw(+slider.value);
    if (+slider.value >= last) stop();
  }, 50);
};
slider.value = last;
draw(last);
})();
