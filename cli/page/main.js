function lookAt(element) {
  lookedAt = element ? [Number(element.dataset.from), Number(element.dataset.to)] : null;
  for (const { graph } of charts) graph.updateOptions({});
}

/* Evidence and marks show their span while the pointer is over them or they have the focus;
 * a click goes there. */
function watchSpans() {
  for (const element of document.querySelectorAll("[data-from]")) {
    element.addEventListener("pointerenter", () => lookAt(element));
    element.addEventListener("pointerleave", () => lookAt(null));
    element.addEventListener("focusin", () => lookAt(element));
    element.addEventListener("focusout", () => lookAt(null));
  }
  for (const button of document.querySelectorAll("button.go"))
    button.addEventListener("click", () => {
      const span = button.closest("[data-from]");
      zoomAround(Number(span.dataset.from), Number(span.dataset.to));
      if (!inView(document.getElementById("charts"))) document.getElementById("charts").scrollIntoView();
    });
}

function inView(element) {
  const box = element.getBoundingClientRect();
  return box.top < innerHeight / 2 && box.bottom > innerHeight / 4;
}

function watchTools() {
  const act = { in: () => zoomBy(0.5), out: () => zoomBy(2), all: showAll, incident: () => zoomAround(report.incidents[0].start, report.incidents[0].end ?? endOfChart()) };
  for (const button of document.querySelectorAll("button[data-zoom]")) button.addEventListener("click", act[button.dataset.zoom]);
  const cursor = document.getElementById("cursor");
  cursor.max = String(report.chart.n - 1);
  cursor.addEventListener("input", () => {
    moveCursor(Number(cursor.value));
    cursor.setAttribute("aria-valuetext", cursorWords(Number(cursor.value)));
  });
  cursor.setAttribute("aria-valuetext", cursorWords(0));
}

/* Wider charts are made smaller; a canvas whose size is changed now would be printed empty. */
const PAPER = 670;

function fitToPaper(printing) {
  for (const plot of document.querySelectorAll(".plot")) plot.style.zoom = printing ? Math.min(1, PAPER / plot.clientWidth) : "";
}

/* On paper: black on white, the cited lines unfolded, charts no wider than the page. */
function watchPrinting() {
  const folded = [];
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details.cited:not([open])")) {
      folded.push(details);
      details.open = true;
    }
    document.documentElement.classList.add("printing");
    fitToPaper(true);
    redraw();
  });
  addEventListener("afterprint", () => {
    for (const details of folded.splice(0)) details.open = false;
    document.documentElement.classList.remove("printing");
    fitToPaper(false);
    redraw();
  });
}

if (report.chart.n > 1) {
  document.getElementById("charts").hidden = false;
  drawCharts(chartTable());
  paintKeys();
  afterZoom();
  watchSpans();
  watchTools();
  watchTables();
  watchPrinting();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("resize", () => requestAnimationFrame(afterZoom));
}
