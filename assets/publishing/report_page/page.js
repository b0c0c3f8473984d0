"use strict";
// What moves on the page: filters, order and CSV of the ranking, the choice of a segment, and the chart.
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const objects = (table) => table.rows.map((row) => Object.fromEntries(table.fields.map((field, at) => [field, row[at]])));

  document.documentElement.classList.add("moving");
  // Browsers take a table whose rows are laid out as cards for no table any more, unless they are told.
  for (const [selector, role] of [["table", "table"], ["thead, tbody", "rowgroup"], ["tr", "row"], ["td", "cell"],
    ["thead th", "columnheader"], ["tbody th", "rowheader"]]) {
    for (const element of document.querySelectorAll(selector)) element.setAttribute("role", role);
  }

  ranking();
  segments();
  chart();

  function ranking() {
    const page = 25;
    const body = byId("top").tBodies[0];
    const rows = objects(data.top).map((account, at) => ({ account, tr: body.rows[at], flagged: data.flagged[at] }));
    const filters = [...document.querySelectorAll("[data-filter]")];
    const order = document.querySelector("[data-order]");
    let limit = page;
    let matching = rows;

    const keeps = {
      search: (row, wanted) => `${row.account.handle ?? ""}\n${row.account.display_name ?? ""}`.toLowerCase().includes(wanted.toLowerCase()),
      clean: (row) => !row.flagged,
    };
    function choose() {
      const chosen = filters.map((input) => [input.dataset.filter, input.type === "checkbox" ? input.checked && "on" : input.value.trim()])
        .filter(([, wanted]) => wanted);
      matching = rows.filter((row) => chosen.every(([name, wanted]) => (name in keeps ? keeps[name](row, wanted) : row.account[name] === wanted)));
      const by = order.value;
      const value = (row) => (by === "rank" ? -row.account.rank : row.account[by]);
      matching.sort((one, other) => value(other) - value(one) || one.account.rank - other.account.rank);
      show();
    }
    function show() {
      const shown = matching.slice(0, limit);
      for (const row of rows) row.tr.hidden = true;
      for (const row of shown) row.tr.hidden = false;
      body.append(...matching.map((row) => row.tr));
      byId("shown").textContent = matching.length
        ? `${shown.length.toLocaleString("en")} of ${matching.length.toLocaleString("en")} shown`
        : "Nothing matches; take a filter away.";
      byId("more").hidden = shown.length === matching.length;
      byId("csv").disabled = !matching.length;
    }
    for (const input of [...filters, order]) {
      input.addEventListener(input.type === "search" ? "input" : "change", () => { limit = page; choose(); });
    }
    byId("more").addEventListener("click", () => {
      const next = matching[limit];
      limit += 4 * page;
      show();
      next.tr.tabIndex = -1;
      next.tr.focus({ preventScroll: true });
    });
    byId("csv").addEventListener("click", () => {
      const lines = [data.top.fields, ...matching.map((row) => data.top.fields.map((field) => row.account[field]))];
      const text = `\ufeff${lines.map((line) => line.map(cell).join(",")).join("\r\n")}\r\n`;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
      link.download = `micro_influencers-${data.date}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    });
    choose();
  }

  // A spreadsheet runs what begins like a formula: such text gets an apostrophe, which it shows as text.
  function cell(value) {
    if (typeof value === "number") return String(value);
    const text = String(value ?? "").replace(/^(?=[=+\-@\t\r\n])/, "'");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  function segments() {
    const dimension = byId("dimension");
    if (!dimension) return;
    const segment = byId("segment");
    const options = [...segment.options];
    const tables = [...document.querySelectorAll(".leaders")];
    const notes = [...document.querySelectorAll(".left-out")];
    function cut() {
      segment.replaceChildren(...options.filter((option) => option.dataset.dimension === dimension.value));
      segment.selectedIndex = 0;
      for (const note of notes) note.hidden = note.dataset.dimension !== dimension.value;
      choose();
    }
    function choose() {
      tables.forEach((table, at) => { table.hidden = String(at) !== segment.value; });
    }
    dimension.addEventListener("change", cut);
    segment.addEventListener("change", choose);
    if ([...dimension.options].some((option) => option.value === "sector")) dimension.value = "sector";
    cut();
  }

  function chart() {
    const platform = byId("chart-platform");
    const metric = byId("chart-metric");
    const place = byId("chart");
    const points = objects(data.points);
    const bins = objects(data.bins);
    const ranked = new Set(data.tiers.filter((tier) => tier.ranked).map((tier) => tier.tier));
    const isRanked = (followers) => data.tiers.some((tier) => tier.ranked && followers >= tier.lowest && followers < (tier.below ?? Infinity));
    const percent = (ratio) => `${(+(ratio * 100).toPrecision(2)).toLocaleString("en", { maximumFractionDigits: 6 })} %`;
    const followers = (number) => (number >= 1e6 ? `${number / 1e6}M` : number >= 1e3 ? `${number / 1e3}k` : `${number}`);
    const ticks = (low, high, digits) => [-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
      .flatMap((power) => digits.map((digit) => +`${digit}e${power}`)).filter((tick) => tick >= low && tick <= high);
    let drawn = 0;

    // From where to where all but two in a thousand accounts lie, on either side.
    function extent(squares, from, to) {
      if (!squares.length) return [];
      const rest = d3.sum(squares, (row) => row.accounts) / 500;
      const within = (sorted) => {
        let passed = 0;
        return sorted.find((row) => (passed += row.accounts) >= rest);
      };
      return [within(d3.sort(squares, (row) => row[from]))[from], within(d3.sort(squares, (row) => -row[to]))[to]];
    }

    function draw() {
      const width = place.clientWidth;
      drawn = width;
      const narrow = width < 560;
      const here = (row) => row.platform === platform.value;
      const dots = points.filter((row) => here(row) && row[metric.value] > 0).map((row) => ({ ...row, ratio: row[metric.value] }));
      const squares = bins.filter((row) => here(row) && row.metric === metric.value).map((row) => ({
        ...row, x1: 10 ** (row.x / row.grid), x2: 10 ** ((row.x + 1) / row.grid),
        y1: 10 ** (row.y / row.grid), y2: 10 ** ((row.y + 1) / row.grid),
      }));
      const cells = data.benchmarks.filter((row) => here(row) && row.metric === metric.value);
      const xs = [...dots.map((row) => row.followers), ...extent(squares, "x1", "x2")];
      const ys = [...dots.map((row) => row.ratio), ...extent(squares, "y1", "y2")];
      for (const row of document.querySelectorAll("#benchmarks tbody tr")) {
        row.hidden = row.dataset.platform !== platform.value || row.dataset.metric !== metric.value;
      }
      if (!xs.length) {
        place.replaceChildren(Object.assign(document.createElement("p"), { textContent: "No account of this platform has this ratio." }));
        return;
      }
      const inside = squares.filter((row) => row.x1 >= d3.min(xs) && row.x2 <= d3.max(xs) && row.y1 >= d3.min(ys) && row.y2 <= d3.max(ys));
      const outside = d3.sum(squares, (row) => row.accounts) - d3.sum(inside, (row) => row.accounts);
      byId("outside").textContent = outside ? `${outside.toLocaleString("en")} accounts lie outside the axes.` : "";
      const [left, right] = [d3.min(xs) / 1.15, d3.max(xs) * 1.15];
      const [bottom, top] = [d3.min(ys) / 1.25, d3.max(ys) * 1.6];
      const spans = data.tiers.map((tier) => ({ ...tier, x1: Math.max(tier.lowest, left), x2: Math.min(tier.below ?? Infinity, right) }))
        .filter((tier) => tier.x1 < tier.x2);
      const spanOf = new Map(spans.map((tier) => [tier.tier, tier]));
      const observed = [...new Map(cells.map((row) => [row.tier, row])).values()].filter((row) => spanOf.has(row.tier))
        .map((row) => ({ ...row, ...spanOf.get(row.tier) }));
      const published = cells.filter((row) => row.published_value && spanOf.has(row.tier)).map((row) => ({ ...row, ...spanOf.get(row.tier) }));
      const most = d3.max(squares, (row) => row.accounts) ?? 1;
      const across = ticks(bottom, top, narrow ? [1, 3] : [1, 2, 5]);
      const figure = Plot.plot({
        className: "chart", width, height: Math.round(Math.min(560, Math.max(380, width * 0.52))),
        marginLeft: 46, marginRight: 8, marginTop: 28, marginBottom: 42, style: { fontSize: "12px", background: "transparent" },
        ariaLabel: `${platform.value}: ${metric.selectedOptions[0].text} against followers, both on logarithmic axes; the table below has the figures of each size.`,
        x: { type: "log", domain: [left, right] },
        y: { type: "log", domain: [bottom, top] },
        marks: [
          Plot.gridY(across, { stroke: "var(--edge)", strokeOpacity: 1 }),
          Plot.axisY(across, { text: percent, label: null, tickSize: 0, fill: "var(--soft)" }),
          Plot.axisX(ticks(left, right, narrow ? [1] : [1, 3]), { text: followers, label: "followers →", labelAnchor: "right", stroke: "var(--other)", fill: "var(--soft)" }),
          Plot.rect(spans.filter((tier) => tier.ranked), { x1: "x1", x2: "x2", y1: bottom, y2: top, fill: "var(--band)" }),
          Plot.ruleX(spans.slice(1), { x: "x1", stroke: "var(--edge)" }),
          Plot.text(spans.filter((tier) => Math.log(tier.x2 / tier.x1) > 0.5), { x: (tier) => Math.sqrt(tier.x1 * tier.x2), frameAnchor: "top", dy: -16, text: "tier", fontWeight: 600, fill: "var(--soft)" }),
          Plot.rect(inside, { x1: "x1", x2: "x2", y1: "y1", y2: "y2", inset: 0.4, fill: (row) => (isRanked((row.x1 * row.x2) ** 0.5) ? "var(--accent)" : "var(--other)"), fillOpacity: (row) => 0.12 + 0.7 * Math.sqrt(row.accounts / most) }),
          Plot.dot(dots.filter((row) => !row.rank), { x: "followers", y: "ratio", r: 2.5, fill: "var(--other)", fillOpacity: 0.55 }),
          Plot.dot(dots.filter((row) => row.rank), { x: "followers", y: "ratio", r: squares.length ? 2 : 3, fill: "var(--accent)", fillOpacity: squares.length ? 0.9 : 0.65 }),
          Plot.rect(observed, { x1: "x1", x2: "x2", y1: "p25", y2: "p75", insetLeft: 4, insetRight: 4, fill: "var(--ink)", fillOpacity: 0.1 }),
          Plot.ruleY(observed, { x1: "x1", x2: "x2", y: "median", insetLeft: 4, insetRight: 4, stroke: "var(--ink)", strokeWidth: 2.5 }),
          Plot.ruleY(published, { x1: "x1", x2: "x2", y: "published_value", insetLeft: 4, insetRight: 4, stroke: "var(--mark)", strokeWidth: 2.5, strokeDasharray: "6 4" }),
          Plot.tip(dots, Plot.pointer({ x: "followers", y: "ratio", maxRadius: 24, fill: "var(--paper)", stroke: "var(--other)", title: (row) => `${row.rank ? `${row.rank}. ` : ""}${row.handle}\n${row.followers.toLocaleString("en")} followers\n${percent(row.ratio)}` })),
        ],
      });
      figure.setAttribute("role", "img");
      // Of an image only its own name counts.
      for (const part of figure.querySelectorAll("[aria-label], [aria-hidden]")) {
        part.removeAttribute("aria-label");
        part.removeAttribute("aria-hidden");
      }
      place.replaceChildren(figure);
    }
    if (!platform.options.length) return;
    // The platform of most accounts first.
    const number = (name) => d3.sum(bins, (row) => row.platform === name && row.accounts) || points.filter((row) => row.platform === name).length;
    platform.value = d3.greatest([...platform.options].map((option) => option.value), number);
    platform.addEventListener("change", draw);
    metric.addEventListener("change", draw);
    new ResizeObserver(() => { if (place.clientWidth !== drawn) requestAnimationFrame(draw); }).observe(place);
    draw();
  }
})();
