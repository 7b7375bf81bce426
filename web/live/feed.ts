/** Where a viewer is in each of a job's streams: the id of an event, `<line>.<metricId>.<leaderboardId>.<version>`. */
export interface Cursor {
  line: number;
  metricId: number;
  leaderboardId: number;
  version: number;
}

export interface FeedEvent {
  event: 'log' | 'metric' | 'leaderboard' | 'job' | 'end';
  data: unknown;
  cursor: Cursor;
}

/** One who looks. `push` answers false when they cannot take more for now; `ready` resolves when they can. */
export interface Viewer {
  push(event: FeedEvent): boolean;
  ready(): Promise<void>;
  end(): void;
}

/** One poller per job that somebody looks at, however many look. */
export interface Feed {
  /** Returns what stops it. Everything after `from` comes, each once, in order. */
  follow(jobId: string, from: Cursor, viewer: Viewer): () => void;
  /** How many jobs are polled now. */
  polled(): number;
  close(): void;
}
