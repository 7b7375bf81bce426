import { z } from 'zod';
import { reservedPrefix } from './step-kind.ts';

/** A text that can stand in SQL: the engine reads a statement up to its first zero byte. */
export const plainText = (longest: number) =>
  z
    .string()
    .max(longest, `At most ${longest} letters are possible.`)
    .refine((text) => !text.includes('\0'), {
      message: 'This text has a letter in it that cannot be shown.',
    });

const MOST_COLUMNS = 10_000;

export const someColumns = z
  .array(z.string().min(1, 'Choose a column.'))
  .min(1, 'Choose at least one column.')
  .max(MOST_COLUMNS);

export const oneColumn = z.string().min(1, 'Choose a column.');

/** The name of a column that a step makes. */
export const newName = plainText(200)
  .trim()
  .min(1, 'Give the column a name.')
  .refine((name) => !name.toLowerCase().startsWith(reservedPrefix), `A name cannot begin with ${reservedPrefix}.`);
