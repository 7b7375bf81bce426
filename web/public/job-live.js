// An open job: log, metrics and everything that the server renders follow one stream of events. The browser resumes it
// by Last-Event-ID; nothing is asked any more after its end.
import { chartView } from './chart-view.js';
import { keepParts } from './live-parts.js';
import { logView } from './log-view.js';
import { watchServer } from './server-watch.js';

const root = document.querySelector('[data-job]');
const box = document.getElementById('log-box');
const log = logView(box);
const charts = new Map();

function findCharts() {
  for (const holder of document.querySelectorAll('[data-chart]')) {
    const name = holder.dataset.chart;
    if (charts.get(name)?.holder === holder) continue;
    charts.get(name)?.view.leave();
    charts.set(name, { holder, view: chartView(holder) });
  }
}
if (window.uPlot) findCharts();

if (root.dataset.liveParts) follow();

function follow() {
  const parts = keepParts(root);
  const stream = new EventSource(box.dataset.events);
  watchServer(stream);
  const on = (name, handle) => stream.addEventListener(name, (event) => handle(JSON.parse(event.data)));

  on('log', ({ lines }) => log.add(lines));
  on('metric', ({ points }) => {
    const byName = Map.groupBy(points, (point) => point.name);
    for (const [name, own] of byName) {
      const chart = charts.get(name);
      if (chart) chart.view.add(own.map((point) => [point.step, point.value]));
    }
    // Last and best, and the drawings of how it learns, are the server's.
    parts.soon();
  });
  on('leaderboard', () => parts.soon());
  on('job', () => parts.soon());
  on('end', () => {
    stream.close();
    // Result, cost and buttons are those of a done job now.
    location.reload();
  });
  document.addEventListener('part-changed', () => window.uPlot && requestAnimationFrame(findCharts));
}
