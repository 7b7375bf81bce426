import type { Guests } from '../boot/guest.ts';
import type { MachineProcesses } from '../boot/machine-processes.ts';
import type { Ground } from '../ground.ts';
import { asJson, asList, asText, type Json, lastPart } from '../json.ts';
import { disksIn, diskPath, type Instance, instancePath, instancesIn } from './instance.ts';
import { layOutInstance } from './new-instance.ts';
import { type Operations, pathOf, type Work } from './operations.ts';
import type { Quotas } from './quotas.ts';

/** How long the cloud takes for things, in its own time. */
export interface Delays {
  bootMs: number;
  deleteMs: number;
  changeMs: number;
  /** How long a request waits for its operation to be over before it is answered; Terraform asks only every 10 s after. */
  answerMs: number;
}

const tickMs = 25;
const failures = {
  capacity: (path: string) => ({
    code: 'ZONE_RESOURCE_POOL_EXHAUSTED',
    message: `The zone '${path.replace(/\/instances\/.*/, '')}' does not have enough resources available to fulfill the request.  Try a different zone, or try again later. '(resource type:compute)'.`,
  }),
  quota: (metric: string, limit: number, region: string) => ({
    code: 'QUOTA_EXCEEDED',
    message: `Quota '${metric}' exceeded.  Limit: ${limit.toFixed(1)} in region ${region}.`,
    status: 403,
  }),
  exists: (path: string) => ({
    code: 'RESOURCE_ALREADY_EXISTS',
    message: `The resource '${path}' already exists`,
    status: 409,
  }),
};

/** What happens to instances while time goes by. Every step is on disk before it is taken, and may be taken again. */
export class InstanceLife {
  readonly #ground: Ground;
  readonly #operations: Operations;
  readonly #quotas: Quotas;
  readonly #processes: MachineProcesses;
  readonly #guests: Guests;
  readonly #work;
  readonly #instances;
  readonly #busy = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  readonly #onBug: (error: unknown) => void;

  constructor(
    ground: Ground,
    parts: { operations: Operations; quotas: Quotas; processes: MachineProcesses; guests: Guests },
    onBug: (error: unknown) => void,
  ) {
    this.#ground = ground;
    this.#operations = parts.operations;
    this.#quotas = parts.quotas;
    this.#processes = parts.processes;
    this.#guests = parts.guests;
    this.#work = ground.records.kind<Work>('work');
    this.#instances = instancesIn(ground.records);
    this.#onBug = onBug;
  }

  async begin(): Promise<void> {
    for (const instance of this.#instances.all()) {
      if (instance.metadataPort > 0 && instance.shown.status !== 'TERMINATED')
        await this.#guests.serveMetadata(instance);
    }
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#guests.close();
  }

  add(work: Work): void {
    this.#work.put(work.operation, work);
  }

  /** The cloud wants a spot machine back. */
  preempt(instance: Instance, noticeMs: number): void {
    instance.preempted = { goesAtMs: Date.now() + noticeMs };
    instance.maintenance = 'TERMINATE_ON_HOST_MAINTENANCE';
    instance.shown.status = 'STOPPING';
    this.#keep(instance);
    this.#happened(instance, 'compute.instances.preempted', 'Instance was preempted.');
  }

  /** The host is gone, with the disk and all. */
  async lose(instance: Instance): Promise<void> {
    const path = this.#pathOf(instance);
    await this.#alone(path, async () => {
      await this.#processes.kill(instance.shown.name);
      this.#happened(instance, 'compute.instances.hostError', 'Instance was terminated by a host error.');
      await this.#remove(instance, 'system');
    });
  }

  async loseAll(): Promise<void> {
    await Promise.all(this.#instances.all().map((instance) => this.lose(instance)));
  }

  #tick(): void {
    const now = this.#ground.clock.now();
    for (const work of this.#work.all()) {
      const path = instancePath(this.#ground.project, work.zone, work.instance);
      if (work.dueAtMs <= now) this.#try(path, () => this.#do(work, path));
    }
    for (const instance of this.#instances.all()) {
      if (instance.shown.status === 'RUNNING' || instance.preempted) {
        this.#try(this.#pathOf(instance), () => this.#watch(instance));
      }
    }
  }

  /** One thing at a time for an instance; what cannot be done now is tried at the next tick. */
  #try(path: string, act: () => Promise<void>): void {
    if (this.#busy.has(path)) return;
    this.#busy.add(path);
    void act()
      .catch(this.#onBug)
      .finally(() => this.#busy.delete(path));
  }

  async #alone(path: string, act: () => Promise<void>): Promise<void> {
    while (this.#busy.has(path)) await new Promise((resolve) => setTimeout(resolve, tickMs));
    this.#busy.add(path);
    await act().finally(() => this.#busy.delete(path));
  }

  async #do(work: Work, path: string): Promise<void> {
    const operation = pathOf(this.#ground.project, work.zone, lastPart(work.operation));
    const instance = this.#instances.get(path);
    if (work.act === 'insert') await this.#insert(work, path, operation);
    else if (work.act === 'delete') {
      if (instance) {
        await this.#processes.stop(instance.shown.name);
        await this.#remove(instance, asText(work.body?.['who']));
      }
      this.#operations.close(operation);
    } else if (work.act === 'stop') {
      if (instance) await this.#turnOff(instance);
      this.#operations.close(operation);
    } else if (work.act === 'start') {
      if (instance) await this.#turnOn(instance);
      this.#operations.close(operation);
    } else this.#operations.close(operation);
    this.#work.remove(work.operation);
  }

  async #insert(work: Work, path: string, operation: string): Promise<void> {
    const body = work.body ?? {};
    const known = this.#instances.get(path);
    // Ours, from before a restart; or somebody else's, that came first.
    if (known && known.shown.id !== asText(body['id'])) return this.#operations.close(operation, failures.exists(path));
    const instance = known ?? this.#make(work, path, operation);
    if (!instance) return;
    await this.#turnOn(instance);
    this.#operations.close(operation);
  }

  #make(work: Work, path: string, operation: string): Instance | undefined {
    const { faults, audit } = this.#ground;
    const body: Json = { ...work.body };
    const who = asText(body['who']);
    delete body['who'];
    const machineType = lastPart(asText(body['machineType']));
    const noCapacity = faults.take(
      'no-capacity',
      (fault) => (fault.zone ?? work.zone) === work.zone && (fault.machineType ?? machineType) === machineType,
    );
    if (noCapacity) {
      this.#operations.close(operation, failures.capacity(path));
      return undefined;
    }
    const broken = this.#quotas.brokenBy(work.zone, body);
    if (broken) {
      this.#operations.close(operation, failures.quota(broken.metric, broken.limit, work.zone.replace(/-[a-z]$/, '')));
      return undefined;
    }
    const failed = faults.take('operation', ({ type }) => type === 'insert');
    if (failed) {
      this.#operations.close(operation, { code: failed.code, message: failed.message });
      return undefined;
    }
    const { instance, disks } = layOutInstance(this.#ground, work.zone, body);
    instance.shown.id = asText(body['id']);
    this.#instances.put(path, instance);
    audit.created('instance', path, who);
    for (const disk of disks) {
      const at = diskPath(this.#ground.project, work.zone, disk.name);
      disksIn(this.#ground.records).put(at, disk);
      audit.created('disk', at, who);
    }
    return instance;
  }

  async #turnOn(instance: Instance): Promise<void> {
    const { clock } = this.#ground;
    if (instance.shown.status === 'RUNNING') return;
    instance.shown.status = 'STAGING';
    const scheduling = asJson(instance.shown['scheduling']);
    const seconds = Number(asJson(scheduling['maxRunDuration'])['seconds'] ?? Number.NaN);
    const fixed = Date.parse(asText(scheduling['terminationTime']));
    instance.endsAtMs = Number.isNaN(seconds) ? (Number.isNaN(fixed) ? null : fixed) : clock.now() + seconds * 1000;
    this.#keep(instance);
    await this.#processes.forgetEnd(instance.shown.name);
    await this.#guests.boot(instance);
    instance.shown.status = 'RUNNING';
    instance.shown['lastStartTimestamp'] = clock.stamp();
    if (instance.endsAtMs !== null) {
      instance.shown['resourceStatus'] = { scheduling: { terminationTimestamp: clock.stamp(instance.endsAtMs) } };
    }
    this.#keep(instance);
  }

  async #turnOff(instance: Instance): Promise<void> {
    await this.#processes.stop(instance.shown.name);
    instance.shown.status = 'TERMINATED';
    instance.preempted = null;
    instance.maintenance = 'NONE';
    instance.shown['resourceStatus'] = { scheduling: {} };
    // It has no end any more, until it is started again: it stays, and so does its disk.
    instance.endsAtMs = null;
    instance.shown['lastStopTimestamp'] = this.#ground.clock.stamp();
    this.#keep(instance);
    this.#guests.leave(instance.shown.name);
  }

  /** What an instance comes to by itself: its own end, the end of a notice, its guest switched off. */
  async #watch(instance: Instance): Promise<void> {
    const { name } = instance.shown;
    if (!this.#instances.get(this.#pathOf(instance))) return;
    const end = await this.#processes.end(name);
    if (instance.preempted) {
      if (Date.now() < instance.preempted.goesAtMs && !end) return;
      await this.#processes.kill(name);
      await (instance.deletesAtEnd ? this.#remove(instance, 'system') : this.#turnOff(instance));
    } else if (instance.endsAtMs !== null && this.#ground.clock.now() >= instance.endsAtMs) {
      instance.shown.status = 'STOPPING';
      this.#keep(instance);
      await this.#processes.stop(name);
      this.#happened(
        instance,
        instance.deletesAtEnd ? 'delete' : 'stop',
        'Instance reached the end of its run duration.',
      );
      await (instance.deletesAtEnd ? this.#remove(instance, 'system') : this.#turnOff(instance));
    } else if (end || this.#processes.wantsOff(name)) {
      instance.shown.status = 'STOPPING';
      await this.#turnOff(instance);
      this.#happened(instance, 'compute.instances.guestTerminate', 'Instance terminated by guest OS shutdown.');
    }
  }

  async #remove(instance: Instance, who: string): Promise<void> {
    const { audit, policies, records, project } = this.#ground;
    const path = this.#pathOf(instance);
    await this.#processes.discard(instance.shown.name);
    this.#guests.leave(instance.shown.name);
    this.#instances.remove(path);
    policies.remove(path, who);
    audit.deleted('instance', path, who);
    for (const attached of asList(instance.shown['disks'])) {
      const at = diskPath(project, instance.zoneName, lastPart(asText(attached['source'])));
      const disk = disksIn(records).get(at);
      if (!disk) continue;
      if (attached['autoDelete'] === true) {
        disksIn(records).remove(at);
        audit.deleted('disk', at, who);
      } else {
        delete disk['users'];
        disksIn(records).put(at, disk);
      }
    }
  }

  #happened(instance: Instance, type: string, sentence: string): void {
    this.#operations.happened(instance.zoneName, type, this.#pathOf(instance), instance.shown.id, sentence);
  }

  #keep(instance: Instance): void {
    const path = this.#pathOf(instance);
    this.#instances.put(path, instance);
  }

  #pathOf({ zoneName, shown }: Instance): string {
    return instancePath(this.#ground.project, zoneName, shown.name);
  }
}
