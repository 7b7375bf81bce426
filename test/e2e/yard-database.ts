import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import type {
  AttemptRow,
  InstallationRow,
  JobRow,
  LogChunkRow,
  ModelRow,
  PlaceRow,
  PredictionRow,
  RelayRow,
  ResourceRow,
  TimelineRow,
} from '../../db/tables.ts';

/** A look into the database of a yard that runs, beside it and for reading only. */
export function yardDatabase(dataFolder: string) {
  const file = join(dataFolder, 'trainyard.sqlite');
  const rows = <Row>(sql: string, ...given: string[]): Row[] => {
    const database = new BetterSqlite3(file, { readonly: true, fileMustExist: true, timeout: 5000 });
    try {
      return database.prepare(sql).all(...given) as Row[];
    } finally {
      database.close();
    }
  };
  return {
    job: (id: string): JobRow | undefined => rows<JobRow>('select * from jobs where id = ?', id)[0],
    prediction: (id: string): PredictionRow | undefined =>
      rows<PredictionRow>('select * from predictions where id = ?', id)[0],
    attempts: (id: string) => rows<AttemptRow>('select * from attempts where holder_id = ?', id),
    timeline: (id: string) => rows<TimelineRow>('select * from timeline where holder_id = ? order by id', id),
    relays: (id: string) => rows<RelayRow>('select * from relays where holder_id = ?', id),
    places: () => rows<PlaceRow>('select * from places'),
    /** What the ledger has not struck off. */
    standing: () => rows<ResourceRow>(`select * from resources where state <> 'gone'`),
    machines: (id: string) =>
      rows<ResourceRow>(`select * from resources where kind = 'machine' and holder_id = ? order by attempt`, id),
    installationId: () => rows<InstallationRow>('select * from installation')[0]?.id ?? '',
    models: () => rows<ModelRow>('select * from models'),
    chunks: () => rows<LogChunkRow>('select * from log_chunks'),
  };
}

export type YardDatabase = ReturnType<typeof yardDatabase>;
