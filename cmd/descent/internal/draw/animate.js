(() => {
  const d = JSON.parse(document.getElementById('data').textContent);
  const $ = s => document.querySelector(s), played = film($('canvas'), d), last = played.last;
  const rows = d.runs.map(r => {
    const tr = $('tbody').insertRow(), name = tr.insertCell(), mark = document.createElement('i');
    mark.style.background = r.color;
    name.append(mark, r.name);
    return [tr.insertCell(), tr.insertCell()];
  });
  function draw(step) {
    played.draw(step);
    d.runs.forEach((r, i) => {
      const k = Math.min(step, r.path.length - 1);
      rows[i][0].textContent = k; rows[i][1].textContent = r.f[k] === null ? 'not finite' : r.f[k].toPrecision(8);
    });
    $('output').textContent = step;
  }
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
