/* What is drawn behind the lines: incidents, the evidence that is being looked at, and
 * marks of what was changed. */
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

let lookedAt = null; /* [from, to] in ms, of the evidence under the pointer or the focus */

function shade(canvas, area, g, from, to, color) {
  const a = Math.max(area.x, g.toDomXCoord(from));
  const b = Math.min(area.x + area.w, Math.max(g.toDomXCoord(to), g.toDomXCoord(from) + 2));
  if (b <= area.x || a >= area.x + area.w) return;
  canvas.fillStyle = color;
  canvas.fillRect(a, area.y, b - a, area.h);
}

function verticalLine(canvas, area, g, time, color, dash, width) {
  const x = Math.round(g.toDomXCoord(time)) + 0.5;
  if (x < area.x || x > area.x + area.w) return;
  canvas.save();
  canvas.strokeStyle = color;
  canvas.lineWidth = width;
  canvas.setLineDash(dash);
  canvas.beginPath();
  canvas.moveTo(x, area.y);
  canvas.lineTo(x, area.y + area.h);
  canvas.stroke();
  canvas.restore();
}

function drawBehind(canvas, area, g) {
  for (const incident of report.incidents) {
    const end = incident.end === null ? endOfChart() : incident.end;
    shade(canvas, area, g, incident.start, end, style("--shade"));
    verticalLine(canvas, area, g, incident.start, style("--bad"), [], 1);
    if (incident.end !== null) verticalLine(canvas, area, g, incident.end, style("--good"), [], 1);
  }
  if (lookedAt) {
    shade(canvas, area, g, lookedAt[0], lookedAt[1], style("--looked-at"));
    verticalLine(canvas, area, g, lookedAt[0], style("--accent"), [], 2);
    verticalLine(canvas, area, g, lookedAt[1], style("--accent"), [], 2);
  }
  for (const time of report.marks) verticalLine(canvas, area, g, time, style("--mark"), [3, 3], 1);
}

/* Letters over the charts, where each change and each turn of the incident stands. */
function placeMarks(strip, g) {
  const area = g.getArea();
  let last = -100;
  let row = 0;
  for (const flag of strip.children) {
    const x = g.toDomXCoord(Number(flag.dataset.from));
    flag.hidden = x < area.x - 1 || x > area.x + area.w + 1;
    if (flag.hidden) continue;
    row = x - last < 24 ? (row + 1) % 2 : 0;
    last = x;
    flag.style.left = x + "px";
    flag.style.top = row * 24 + "px";
  }
}
