import { aggregateByGroup } from './kinds/aggregate-by-group.ts';
import { binValues } from './kinds/bin-values.ts';
import { bin } from './kinds/bin.ts';
import { changeType } from './kinds/change-type.ts';
import { clipOutliers } from './kinds/clip-outliers.ts';
import { clipValues } from './kinds/clip-values.ts';
import { combineText } from './kinds/combine-text.ts';
import { dateDifference } from './kinds/date-difference.ts';
import { dateParts } from './kinds/date-parts.ts';
import { dropDuplicates } from './kinds/drop-duplicates.ts';
import { dropMissing } from './kinds/drop-missing.ts';
import { extractText } from './kinds/extract-text.ts';
import { fillMissing } from './kinds/fill-missing.ts';
import { filterRows } from './kinds/filter-rows.ts';
import { forwardFill } from './kinds/forward-fill.ts';
import { frequencyEncode } from './kinds/frequency-encode.ts';
import { groupRare } from './kinds/group-rare.ts';
import { join } from './kinds/join.ts';
import { logPower } from './kinds/log-power.ts';
import { makeColumn } from './kinds/make-column.ts';
import { oneHot } from './kinds/one-hot.ts';
import { ordinalEncode } from './kinds/ordinal-encode.ts';
import { renameColumns } from './kinds/rename-columns.ts';
import { replaceValues } from './kinds/replace-values.ts';
import { roundNumbers } from './kinds/round.ts';
import { sampleRows } from './kinds/sample-rows.ts';
import { scale } from './kinds/scale.ts';
import { selectColumns } from './kinds/select-columns.ts';
import { sortRows } from './kinds/sort-rows.ts';
import { splitText } from './kinds/split-text.ts';
import { targetEncode } from './kinds/target-encode.ts';
import { trimText } from './kinds/trim-text.ts';
import type { StepKind } from './step-kind.ts';

/** Every kind of step, in the order in which it is offered. A new one is a file in kinds/ and a line here. */
export const stepKinds: readonly StepKind<unknown>[] = [
  aggregateByGroup,
  binValues,
  bin,
  changeType,
  clipOutliers,
  clipValues,
  combineText,
  dateDifference,
  dateParts,
  dropDuplicates,
  dropMissing,
  extractText,
  fillMissing,
  filterRows,
  forwardFill,
  frequencyEncode,
  groupRare,
  join,
  logPower,
  makeColumn,
  oneHot,
  ordinalEncode,
  renameColumns,
  replaceValues,
  roundNumbers,
  sampleRows,
  scale,
  selectColumns,
  sortRows,
  splitText,
  targetEncode,
  trimText,
];

const byName = new Map(stepKinds.map((kind) => [kind.name, kind]));

export function findKind(name: string): StepKind<unknown> | undefined {
  return byName.get(name);
}
