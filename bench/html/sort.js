for (const table of /** @type {any} */ (document.querySelectorAll("table.full"))) {
  const body = table.tBodies[0];
  const heads = Array.from(table.tHead.rows[0].cells);
  const number = (text) => {
    const m = text.replace("−", "-").match(/-?[0-9]+([.][0-9]+)?(e[-+]?[0-9]+)?/);
    return m ? Number(m[0]) : NaN;
  };
  heads.forEach((head, i) => {
    head.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const h of heads) h.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => (row.cells[i].firstChild ? row.cells[i].firstChild.textContent : "");
      const order = (a, b) => {
        const x = number(key(a)), y = number(key(b));
        if (i === 0 || isNaN(x) || isNaN(y)) return Number(isNaN(x)) - Number(isNaN(y)) || key(a).localeCompare(key(b));
        return x - y;
      };
      const rows = Array.from(body.rows).sort(order);
      if (!up) rows.reverse();
      body.append(...rows);
    });
  });
}
