/** What the workflow of a preparation is told; all else is read from its row. */
export interface PreparationOrder {
  id: string;
  owner: string;
  /** Of the dataset that it makes. */
  name: string;
}
