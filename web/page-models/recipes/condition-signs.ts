/** How a condition compares, in the order in which a person looks for it. The kinds of steps check them again. */
export const conditionSigns = [
  '=',
  '≠',
  '<',
  '<=',
  '>',
  '>=',
  'is one of',
  'is not one of',
  'contains',
  'does not contain',
  'starts with',
  'ends with',
  'is missing',
  'is not missing',
] as const;
