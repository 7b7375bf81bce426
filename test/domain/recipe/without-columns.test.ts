import { fillMissing } from '../../../domain/recipe/kinds/fill-missing.ts';
import { sortRows } from '../../../domain/recipe/kinds/sort-rows.ts';
import type { StepField, StepKind } from '../../../domain/recipe/step-kind.ts';
import { withoutColumns } from '../../../domain/recipe/without-columns.ts';

const kindWith = (...fields: StepField[]): StepKind<unknown> => ({ ...sortRows, fields });

describe('a step without the column to predict', () => {
  it('takes the column out of many, whatever its case', () => {
    const settings = { columns: ['age', 'Churned', 'city'], order: 'up' };
    expect(withoutColumns(sortRows, settings, ['churned'])).toEqual({ columns: ['age', 'city'], order: 'up' });
    expect(withoutColumns(sortRows, settings, ['plan'])).toBe(settings);
  });

  it('is passed over when nothing is left of it', () => {
    expect(withoutColumns(sortRows, { columns: ['churned'] }, ['churned'])).toBeNull();
    const single = kindWith({ name: 'column', title: 'Column', input: 'column' });
    expect(withoutColumns(single, { column: 'churned' }, ['churned'])).toBeNull();
  });

  it('does without a column that it may be without', () => {
    const settings = { columns: ['age'], with: 'mean', constant: '', group: 'churned' };
    expect(withoutColumns(fillMissing, settings, ['churned'])).toEqual({ ...settings, group: '' });
  });

  it('does not look at a setting that is not used', () => {
    const kind = kindWith({ name: 'other', title: 'Other', input: 'column', when: { field: 'to', is: ['column'] } });
    expect(withoutColumns(kind, { to: 'day', other: 'churned' }, ['churned'])).toEqual({ to: 'day', other: 'churned' });
    expect(withoutColumns(kind, { to: 'column', other: 'churned' }, ['churned'])).toBeNull();
  });

  it('takes out pairs of columns, but not pairs of values', () => {
    const pairs = [
      { from: 'churned', to: 'left' },
      { from: 'age', to: 'years' },
    ];
    const columns = kindWith({ name: 'pairs', title: 'Names', input: 'pairs', fromColumn: true });
    expect(withoutColumns(columns, { pairs }, ['churned'])).toEqual({ pairs: [pairs[1]] });
    const values = kindWith({ name: 'pairs', title: 'Values', input: 'pairs' });
    expect(withoutColumns(values, { pairs }, ['churned'])).toEqual({ pairs });
  });

  it('never makes an empty list of a list that means every column when it is empty', () => {
    const kind = kindWith({ name: 'columns', title: 'Columns', input: 'columns', optional: true });
    expect(withoutColumns(kind, { columns: [] }, ['churned'])).toEqual({ columns: [] });
    expect(withoutColumns(kind, { columns: ['churned'] }, ['churned'])).toBeNull();
  });
});
