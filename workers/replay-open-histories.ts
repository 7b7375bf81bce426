import { Client, Connection } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { connectionOptions, type TemporalAddress } from '../temporal/connect.ts';
import { createDataConverter } from '../temporal/data-converter.ts';
import { workflowBundle } from './workflow-bundle.ts';

export interface ReplayReport {
  checked: number;
  problems: { workflowId: string; message: string }[];
}

/**
 * Replays every open history with the code that is about to take over. A workflow that would decide differently than
 * it did is a problem to be known before the switch, not a job that hangs after it.
 */
export async function replayOpenHistories(to: TemporalAddress, cacheFolder: string): Promise<ReplayReport> {
  const connection = await Connection.connect(await connectionOptions(to));
  try {
    const client = new Client({ connection, namespace: to.namespace, dataConverter: createDataConverter() });
    const open = client.workflow.list({ query: "ExecutionStatus = 'Running'" });
    const results = Worker.runReplayHistories(
      {
        workflowBundle: await workflowBundle(cacheFolder),
        dataConverter: createDataConverter(),
        replayName: 'before-the-switch',
      },
      open.intoHistories(),
    );
    const report: ReplayReport = { checked: 0, problems: [] };
    for await (const { workflowId, error } of results) {
      report.checked += 1;
      if (error) report.problems.push({ workflowId, message: error.message });
    }
    return report;
  } finally {
    await connection.close();
  }
}
