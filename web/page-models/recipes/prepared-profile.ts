import { type ColumnProfile, type ColumnType, type DatasetProfile, typeWordOf } from '../../../domain/dataset.ts';
import { sameName, type TableSchema } from '../../../domain/recipe/table-schema.ts';

/**
 * The columns after a recipe, as far as they are known before it is carried out: those that it leaves as they are have
 * the profile of the data, new ones only their name and type.
 */
export function preparedProfile(profile: DatasetProfile, schema: TableSchema): DatasetProfile {
  const columns = schema.map(({ name, type }): ColumnProfile => {
    const known = profile.columns.find((column) => sameName(column.name, name) && column.sqlType === type);
    if (known) return { ...known, name };
    return {
      name,
      type: typeWordOf(type) as ColumnType,
      sqlType: type,
      ...{ missing: 0, distinct: 0, min: null, max: null, mean: null },
      ...{ top: [], histogram: [], remarks: [] },
    };
  });
  return { ...profile, columns };
}
