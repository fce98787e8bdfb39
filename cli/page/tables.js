/* The numbers behind each chart, made when they are asked for. */
function cell(row, kind, text) {
  const c = document.createElement(kind);
  if (kind === "th") c.scope = row.parentElement.tagName === "THEAD" ? "col" : "row";
  c.textContent = text;
  row.append(c);
}

function fillTable(figure, chart) {
  const table = figure.querySelector("table");
  if (table.tBodies.length) return;
  const head = table.createTHead().insertRow();
  cell(head, "th", "from (UTC)");
  for (const line of chart.lines) cell(head, "th", line.name);
  const body = table.createTBody();
  for (let i = 0; i < report.chart.n; i++) {
    const row = body.insertRow();
    cell(row, "th", clock(bucketTime(i)));
    for (const line of chart.lines) cell(row, "td", words(chart.unit, line.values[i]));
  }
}

function watchTables() {
  for (const { chart, figure } of charts) {
    const details = figure.querySelector("details");
    details.addEventListener("toggle", () => details.open && fillTable(figure, chart));
  }
}
