/* The charts: one time axis, one cursor, one zoom for all of them. */
/* Its legend measures with an inline style, which the page's policy refuses; the page has its own. */
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

const charts = []; /* { chart, graph, readouts } */
let syncing = false;

function optionsFor(chart, last) {
  const series = {};
  for (const [i, line] of chart.lines.entries())
    series["y" + i] = { strokePattern: line.dash || null, fillGraph: Boolean(line.fill), color: style(line.color) };
  return {
    labels: ["time", ...chart.lines.map((_, i) => "y" + i)],
    labelsUTC: true,
    series,
    strokeWidth: 1.5,
    fillAlpha: 0.14,
    connectSeparatedPoints: false,
    includeZero: true,
    highlightCircleSize: 3,
    gridLineColor: style("--grid"),
    axisLineColor: style("--grid"),
    animatedZooms: false,
    interactionModel: timeZoom,
    underlayCallback: drawBehind,
    highlightCallback: (event, x, points, row) => moveCursor(row),
    unhighlightCallback: () => moveCursor(null),
    drawCallback: (g, initial) => !initial && shareWindow(g),
    axes: {
      x: { drawAxis: true, axisLabelFormatter: clockLabel, axisLabelWidth: 70, axisHeight: last ? 24 : 8, pixelsPerLabel: 90 },
      y: { axisLabelFormatter: (v) => units[chart.unit](v), axisLabelWidth: 62, pixelsPerLabel: 28 },
    },
    xAxisHeight: last ? 24 : 4,
    rightGap: 10,
  };

  function clockLabel(ms, granularity, opts) {
    return last ? clock(Number(ms)) : "";
  }
}

/* Drag: zoom in time; with Shift: move; double click: all again. Never in height. */
const timeZoom = {
  mousedown(event, g, context) {
    context.initializeMouseDown(event, g, context);
    if (event.shiftKey) Dygraph.startPan(event, g, context);
    else Dygraph.startZoom(event, g, context);
    const move = (e) => {
      if (context.isPanning) Dygraph.movePan(e, g, context);
      if (!context.isZooming) return;
      Dygraph.moveZoom(e, g, context);
    };
    const up = (e) => {
      if (context.isPanning) Dygraph.endPan(e, g, context);
      if (context.isZooming) Dygraph.endZoom(e, g, context);
      document.removeEventListener("mousemove", move);
      document.removeEventListener("mouseup", up);
      context.destroy();
    };
    document.addEventListener("mousemove", move);
    document.addEventListener("mouseup", up);
  },
  willDestroyContextMyself: true,
  touchstart: (event, g, context) => Dygraph.Interaction.startTouch(event, g, context),
  touchmove: (event, g, context) => Dygraph.Interaction.moveTouch(event, g, context),
  touchend: (event, g, context) => Dygraph.Interaction.endTouch(event, g, context),
  dblclick: () => showAll(),
};

function rowsOf(chart) {
  const rows = [];
  for (let i = 0; i < report.chart.n; i++) rows.push([new Date(bucketTime(i)), ...chart.lines.map((line) => line.values[i])]);
  return rows;
}

function drawCharts(table) {
  for (const [i, chart] of table.entries()) {
    const figure = document.getElementById("chart-" + chart.id);
    figure.hidden = false;
    const graph = new Dygraph(figure.querySelector(".plot"), rowsOf(chart), optionsFor(chart, i === table.length - 1));
    charts.push({ chart, graph, figure, readouts: addLegend(figure, chart) });
  }
}

/* The lines' names, each with its own stroke, and its value at the cursor. */
function addLegend(figure, chart) {
  const legend = figure.querySelector(".legend");
  return chart.lines.map((line) => {
    const item = document.createElement("li");
    const key = document.createElement("canvas");
    const value = document.createElement("output");
    key.width = 52;
    key.height = 8;
    key.setAttribute("aria-hidden", "true");
    item.append(key, " ", line.name, " ", value);
    legend.append(item);
    return { key, value, line };
  });
}

function paintKeys() {
  for (const { readouts } of charts)
    for (const { key, line } of readouts) {
      const c = key.getContext("2d");
      c.clearRect(0, 0, key.width, key.height);
      c.strokeStyle = style(line.color);
      c.lineWidth = 4;
      c.setLineDash((line.dash || []).map((x) => 2 * x));
      c.beginPath();
      c.moveTo(0, 4);
      c.lineTo(key.width, 4);
      c.stroke();
    }
}

/* ---- one cursor ---- */

function moveCursor(row) {
  if (syncing) return;
  syncing = true;
  for (const { graph, readouts, chart } of charts) {
    if (row === null) graph.clearSelection();
    else graph.setSelection(row);
    for (const { value, line } of readouts) value.textContent = row === null ? "" : words(chart.unit, line.values[row]);
  }
  const cursor = document.getElementById("cursor");
  const at = document.getElementById("cursor-time");
  if (row !== null) cursor.value = String(row);
  at.textContent = row === null ? "" : clock(bucketTime(row)) + " UTC";
  syncing = false;
}

function cursorWords(row) {
  const parts = [clock(bucketTime(row)) + " UTC"];
  for (const { chart } of charts) for (const line of chart.lines) parts.push(line.name + " " + words(chart.unit, line.values[row]));
  return parts.join(", ");
}

/* ---- one zoom ---- */

function setWindow(from, to) {
  const start = report.chart.start;
  const end = bucketTime(report.chart.n - 1);
  const least = 4 * report.chart.width;
  if (to - from < least) [from, to] = [(from + to - least) / 2, (from + to + least) / 2];
  const window = [Math.max(start, from), Math.min(end, to)];
  if (window[1] <= window[0]) return;
  syncing = true;
  for (const { graph } of charts) graph.updateOptions({ dateWindow: window });
  syncing = false;
  afterZoom();
}

function shareWindow(g) {
  if (syncing) return;
  const [from, to] = g.xAxisRange();
  setWindow(from, to);
}

function showAll() {
  syncing = true;
  for (const { graph } of charts) graph.updateOptions({ dateWindow: null, valueRange: null });
  syncing = false;
  afterZoom();
}

function zoomBy(factor) {
  const [from, to] = charts[0].graph.xAxisRange();
  const middle = (from + to) / 2;
  setWindow(middle - ((to - from) * factor) / 2, middle + ((to - from) * factor) / 2);
}

function zoomAround(from, to) {
  const room = Math.max((to - from) * 0.25, 10 * report.chart.width);
  setWindow(from - room, to + room);
}

function afterZoom() {
  const { graph } = charts[0];
  const [from, to] = graph.xAxisRange();
  placeMarks(document.getElementById("marks"), graph);
  document.getElementById("shown").textContent = dateAndClock(from) + " to " + clock(to) + " UTC";
}

function redraw() {
  for (const [i, { chart, graph }] of charts.entries()) graph.updateOptions(optionsFor(chart, i === charts.length - 1));
  paintKeys();
  afterZoom();
}
