import { proxyActivities } from '@temporalio/workflow';

/** As many activities as a job has, one after the other, and nothing else: what the durable engine itself costs. */
export async function bareWorkflow(activities: number): Promise<void> {
  const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({
    startToCloseTimeout: '1 min',
    heartbeatTimeout: '5 s',
  });
  for (let i = 0; i < activities; i++) await nothing();
}
