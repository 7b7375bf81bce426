import { closerLook } from '../../../web/page-models/closer-look.ts';
import { readReport, type Report } from '../../../web/page-models/report.ts';
import { resultView } from '../../../web/page-models/result-view.ts';
import { reportOfChurn, reportOfFees } from '../seed-report.ts';

function read(report: object): Report {
  const found = readReport(JSON.stringify(report));
  if (!found) throw new Error('the report was refused');
  return found;
}

test('shows each part that a report has', () => {
  const look = closerLook(read(reportOfChurn));
  expect(look.hints).toEqual([expect.stringContaining('“cancelled_on” alone tells “churned”')]);
  expect(look.classes?.rows[1]?.cells.map(({ text }) => text)).toEqual(['yes', '–', '0.7132', '0.7575', '530', '468']);
  expect(look.thresholds?.rows.map(({ isChosen }) => isChosen)).toEqual([false, true, false]);
  expect(look.calibration?.sentence).toContain('“yes”');
  expect(look.calibration?.drawing.points.map(({ x, y }) => [x, y])).toEqual([
    [59.2, 191.2],
    [316.8, 41.6],
  ]);
  expect(look.dependence.map(({ name, drawing }) => [name, drawing !== null])).toEqual([
    ['tenure', true],
    ['plan', false],
  ]);
  expect(look.worst?.rows[0]?.cells.map(({ text }) => text)).toEqual(['yes', 'no', '98 %', '48', '<b>pro</b>']);
  expect(look.worst?.rows[0]?.cells.map(({ kind }) => kind)).toEqual(['nowrap', 'nowrap', 'num', 'nowrap', 'nowrap']);
  expect(look.leftOut).toEqual(['importance of some columns: there was no time for all columns']);
  expect(resultView(read(reportOfChurn), 'm', 0).baseline).toMatch(
    /Better by 0\.4367 in ROC AUC, 95 % interval 0\.428/,
  );
});

test('names the files beside the archive', () => {
  const extras = [{ name: 'held-out.csv', title: 'Predictions of the held-out rows' }];
  expect(resultView(read({ ...reportOfChurn, extras }), 'm', 0).extras).toEqual([
    { ...extras[0], href: '/models/m/extras/held-out.csv' },
  ]);
  expect(resultView(read(reportOfChurn), 'm', 0).extras).toEqual([]);
});

test('draws what was learned by epoch, and leaves out what is not known', () => {
  const [drawing, ...others] = closerLook(read(reportOfChurn)).learning;
  expect(others).toEqual([]);
  expect(drawing?.title).toBe('loss by epoch');
  expect(drawing?.axis.slice(0, 3).map(({ text }) => text)).toEqual(['1', 'epoch', '3']);
  expect(drawing?.lines.map(({ path }) => path)).toEqual(['M48 35L188 145L328 200', 'M48 24L328 156']);
});

test('a number has its errors by prediction and in quantiles', () => {
  const group = { rows: 9, low: -3, median: 0, high: 3 };
  const look = closerLook(
    read({
      ...reportOfFees,
      residuals: {
        ...reportOfFees.residuals,
        byPredicted: [
          { ...group, from: 0, to: 10 },
          { ...group, from: 10, to: 30 },
        ],
        quantiles: [{ percent: 50, error: -0.5, size: 2.5 }],
      },
      worst: { columns: [], rows: [{ truth: 10, predicted: 2.5, size: 7.5, values: [] }], columnsLeftOut: 0 },
    }),
  );
  expect(look.errors?.drawing?.points).toHaveLength(2);
  expect(look.errors?.table?.rows[0]?.cells.map(({ text }) => text)).toEqual(['50 %', '-0.5000', '2.5000']);
  expect(look.worst?.heads[2]?.text).toBe('Off by');
});

test('of several labels each has its row, and a wrong row says how sure it was', () => {
  const scores = { logLoss: 0.2, precision: 0.5, recall: 0.25, f1: 0.3333, support: 40, predicted: 20 };
  const look = closerLook(
    read({
      ...reportOfChurn,
      confusion: null,
      perClass: null,
      perLabel: [
        { label: 'toxic', rocAuc: 0.9, ...scores },
        { label: 'threat', rocAuc: null, ...scores },
      ],
      worst: {
        columns: [],
        rows: [{ truth: 'none', predicted: 'toxic, threat', size: 0.98, values: [] }],
        columnsLeftOut: 0,
      },
    }),
  );
  const cells = look.labels?.rows.map((row) => row.cells.map(({ text }) => text));
  expect(cells).toEqual([
    ['toxic', '0.9000', '0.2000', '0.5000', '0.2500', '0.3333', '40', '20'],
    ['threat', '–', '0.2000', '0.5000', '0.2500', '0.3333', '40', '20'],
  ]);
  expect(look.classes).toBeNull();
  expect(look.worst?.rows[0]?.cells.map(({ text }) => text)).toEqual(['none', 'toxic, threat', '98 %']);
});

test('a report from before these parts is shown without them', () => {
  const old = resultView(read(reportOfFees), 'm', 0);
  expect(old.closer).toEqual({
    hints: [],
    classes: null,
    labels: null,
    thresholds: null,
    calibration: null,
    errors: null,
    learning: [],
    dependence: [],
    worst: null,
    leftOut: [],
  });
  expect(old.residuals).not.toBeNull();
});

test('a part that cannot be read costs the page that part only', () => {
  const view = resultView(read({ ...reportOfChurn, calibration: { bins: 'none' }, worst: 7 }), 'm', 0);
  expect(view.closer.calibration).toBeNull();
  expect(view.closer.worst).toBeNull();
  expect(view.closer.classes).not.toBeNull();
  expect(view.confusion).not.toBeNull();
});

test('of a metric that no job is chosen by, the title is known', () => {
  const { scores } = resultView(read({ ...reportOfChurn, scores: { test: { roc_auc_ovr: 0.9 } } }), 'm', 0);
  expect(scores.map(({ metric }) => metric)).toContain('ROC AUC (one against the rest)');
});
