/** What is wrong with a formula, where, and what to do: the only thing that reading one ever throws. */
export class FormulaProblem extends Error {
  readonly instead: string;
  /** Of the first letter that it is about, from 0; and how many there are. */
  readonly at: number;
  readonly length: number;

  constructor(message: string, instead: string, place: { at: number; end: number }) {
    super(message);
    this.name = 'FormulaProblem';
    this.instead = instead;
    this.at = place.at;
    this.length = Math.max(1, place.end - place.at);
  }
}
