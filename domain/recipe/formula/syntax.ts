interface Place {
  /** Where it stands in the formula. */
  at: number;
  end: number;
}

export type Arithmetic = '+' | '-' | '*' | '/' | '%' | '^';
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** What a formula says, before anything is known of the table. */
export type Syntax = Place &
  (
    | { kind: 'number'; text: string }
    | { kind: 'text'; text: string }
    | { kind: 'truth'; value: boolean }
    | { kind: 'missing' }
    | { kind: 'column'; name: string }
    | { kind: 'minus'; of: Syntax }
    | { kind: 'not'; of: Syntax }
    | { kind: 'arithmetic'; sign: Arithmetic; left: Syntax; right: Syntax }
    | { kind: 'comparison'; sign: Comparison; left: Syntax; right: Syntax }
    | { kind: 'junction'; word: 'and' | 'or'; left: Syntax; right: Syntax }
    | { kind: 'is missing'; of: Syntax; not: boolean }
    | { kind: 'in'; of: Syntax; list: readonly Syntax[]; not: boolean }
    | { kind: 'call'; name: string; of: readonly Syntax[] }
  );

export function partsOf(syntax: Syntax): readonly Syntax[] {
  switch (syntax.kind) {
    case 'minus':
    case 'not':
    case 'is missing':
      return [syntax.of];
    case 'arithmetic':
    case 'comparison':
    case 'junction':
      return [syntax.left, syntax.right];
    case 'in':
      return [syntax.of, ...syntax.list];
    case 'call':
      return syntax.of;
    default:
      return [];
  }
}
