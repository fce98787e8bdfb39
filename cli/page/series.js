/* The data of the page: buckets of counts and latencies, as columns for the charts.
 * Nothing here or below makes markup from text: it is set as textContent, always. */
const report = JSON.parse(document.getElementById("rca-data").textContent);

const pad = (n) => String(n).padStart(2, "0");

/* "14:30:05", UTC: what the logs and the text of the page say too. */
function clock(ms) {
  const d = new Date(ms);
  return pad(d.getUTCHours()) + ":" + pad(d.getUTCMinutes()) + ":" + pad(d.getUTCSeconds());
}

function dateAndClock(ms) {
  return new Date(ms).toISOString().slice(0, 10) + " " + clock(ms);
}

const significant = (x) => String(Number(x.toPrecision(3)));

const units = {
  rate: (x) => significant(x) + "/s",
  share: (x) => significant(100 * x) + " %",
  seconds: (x) => (x === 0 ? "0 s" : x < 0.9995 ? significant(1000 * x) + " ms" : significant(x) + " s"),
  busy: (x) => significant(x) + " s/s",
};
const words = (unit, x) => (x === null || x === undefined || Number.isNaN(x) ? "–" : units[unit](x));

/* One chart a row: what it shows, in which unit, and its lines. A line that is not there
 * (no durations in the logs, no database) leaves its chart out. */
function chartTable() {
  const c = report.chart;
  const perSecond = (a) => a.map((x) => (x === null ? null : x / (c.width / 1000)));
  return [
    { id: "requests", unit: "rate", lines: [{ name: "requests", color: "--calm", values: perSecond(c.requests), fill: true }] },
    {
      id: "failing",
      unit: "share",
      lines: [{ name: "failed", color: "--bad", values: c.failed.map((k, i) => (c.requests[i] > 0 ? k / c.requests[i] : null)), fill: true }],
    },
    {
      id: "latency",
      unit: "seconds",
      lines: [
        { name: "p99", color: "--line-3", dash: [2, 3], values: c.p99 },
        { name: "p95", color: "--line-2", values: c.p95 },
        { name: "p50", color: "--line-1", dash: [7, 3], values: c.p50 },
      ],
    },
    {
      id: "statements",
      unit: c.statementsTimed ? "busy" : "rate",
      lines: c.statements.map((s, i) => ({
        name: s.name,
        color: "--line-" + (i + 1),
        dash: [null, [7, 3], [2, 3], [9, 3, 2, 3], [4, 2]][i],
        values: perSecond(c.statementsTimed ? s.seconds : s.count),
      })),
    },
  ].filter((chart) => chart.lines.some((line) => line.values.some((x) => x !== null)));
}

const bucketTime = (i) => report.chart.start + i * report.chart.width;
const endOfChart = () => bucketTime(report.chart.n);
