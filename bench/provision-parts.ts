import type { RequestSeen } from '../test/cloud-sim/gcp/request-log.ts';
import type { TerraformRun } from './watched-terraform.ts';

export interface Span {
  fromMs: number;
  toMs: number;
}

/** Where the time went between “accept” and the moment at which the machine was asked for. */
export interface ProvisionParts {
  totalMs: number;
  /** Somebody asked the cloud something and nothing came back yet, or Google's provider slept between two questions. */
  cloudMs: number;
  sleepMs: number;
  /** The rest: ours, Terraform's and its provider's own work, of which the next four are Terraform's. */
  ownMs: number;
  initMs: number;
  /** From the start of `apply` until it made its first thing: it starts the provider, reads the state and plans. */
  planMs: number;
  applyMs: number;
  /** Before the first Terraform: accepted, started, a place, a bucket, an account; and between the two. */
  beforeMs: number;
  betweenMs: number;
}

/** Google's provider asks in a loop after each change of rights, a second apart; no shorter gap counts as its sleep. */
const leastSleepMs = 500;
const providerAgent = /terraform-provider-google/;

/** `requests` are those of one job alone, `runs` its runs of Terraform. */
export function partsOf(acceptedAtMs: number, requests: readonly RequestSeen[], runs: readonly TerraformRun[]) {
  const asked = requests.find(
    ({ method, path, fromMs }) => fromMs >= acceptedAtMs && method === 'POST' && /\/instances(\?|$)/.test(path),
  );
  if (!asked) throw new Error('No machine was asked for.');
  const whole: Span = { fromMs: acceptedAtMs, toMs: asked.fromMs };
  const within = (spans: readonly Span[]) => lengthOf(spans, whole);
  const applies = runs.filter(({ verb }) => verb === 'apply');
  const plans = applies.map((run) => ({ fromMs: run.fromMs, toMs: firstChange(run, requests) ?? run.toMs }));
  const inFlight = requests.map(({ fromMs, toMs }) => ({ fromMs, toMs }));
  const sleeps = applies.flatMap((run) => sleepsIn(run, requests));
  const terraform = runs.map(({ fromMs, toMs }) => ({ fromMs, toMs }));
  const first = Math.min(...terraform.map(({ fromMs }) => fromMs));
  const totalMs = whole.toMs - whole.fromMs;
  const cloudMs = within([...inFlight, ...sleeps]);
  const parts: ProvisionParts = {
    totalMs,
    cloudMs,
    sleepMs: within(sleeps),
    ownMs: totalMs - cloudMs,
    initMs: within(runs.filter(({ verb }) => verb === 'init')),
    planMs: within(plans),
    applyMs: within(applies) - within(plans),
    beforeMs: first - acceptedAtMs,
    betweenMs: totalMs - (first - acceptedAtMs) - within(terraform),
  };
  return parts;
}

function firstChange(run: TerraformRun, requests: readonly RequestSeen[]): number | undefined {
  const changes = ({ method, agent, fromMs }: RequestSeen) =>
    method !== 'GET' && providerAgent.test(agent) && fromMs >= run.fromMs && fromMs <= run.toMs;
  return requests.filter((one) => changes(one) && !one.path.startsWith('/token'))[0]?.fromMs;
}

function sleepsIn(run: TerraformRun, requests: readonly RequestSeen[]): Span[] {
  const its = requests
    .filter(({ agent, fromMs, toMs }) => providerAgent.test(agent) && fromMs >= run.fromMs && toMs <= run.toMs)
    .toSorted((a, b) => a.fromMs - b.fromMs);
  const from = firstChange(run, requests) ?? run.toMs;
  const sleeps: Span[] = [];
  let quietSince = Number.POSITIVE_INFINITY;
  for (const { fromMs, toMs } of its) {
    if (quietSince >= from && fromMs - quietSince >= leastSleepMs) sleeps.push({ fromMs: quietSince, toMs: fromMs });
    quietSince = quietSince === Number.POSITIVE_INFINITY ? toMs : Math.max(quietSince, toMs);
  }
  return sleeps;
}

/** How much of a time is covered, what overlaps once. */
function lengthOf(spans: readonly Span[], { fromMs, toMs }: Span): number {
  let [covered, until] = [0, fromMs];
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const [from, to] = [Math.max(span.fromMs, until), Math.min(span.toMs, toMs)];
    if (to <= from) continue;
    covered += to - from;
    until = to;
  }
  return covered;
}
