import { type AttemptRef, machineNameOf } from '../../domain/ids.ts';
import type { MachineMade, MachineOrder, MachineSeen, Say } from '../cloud.ts';
import type { ComputeApi } from './compute-api.ts';
import { MachineMaker, type MakerOptions } from './machine-maker.ts';
import { MachineRemover } from './machine-remover.ts';
import { MachineSight } from './machine-sight.ts';

const consoleShown = 64 * 1024;

/** Machines of Compute Engine: made by Terraform, looked at and taken away by the API, since only that knows. */
export class GcpMachines {
  readonly #compute: ComputeApi;
  readonly #sight: MachineSight;
  readonly #maker: MachineMaker;
  readonly #remover: MachineRemover;

  constructor(options: Omit<MakerOptions, 'sight' | 'remove'>) {
    this.#compute = options.compute;
    const sight = new MachineSight(options);
    this.#sight = sight;
    this.#remover = new MachineRemover({ ...options, sight });
    this.#maker = new MachineMaker({ ...options, sight, remove: (ref) => this.remove(ref) });
  }

  create(order: MachineOrder, say: Say): Promise<MachineMade> {
    return this.#maker.create(order, say);
  }

  look(ref: AttemptRef): Promise<MachineSeen> {
    return this.#remover.look(ref);
  }

  remove(ref: AttemptRef): Promise<MachineSeen> {
    const name = machineNameOf(ref);
    return this.#remover.remove(ref, {
      revoked: () => this.#maker.stop(name),
      freed: () => this.#maker.abandon(name),
    });
  }

  async console(ref: AttemptRef): Promise<string> {
    const instance = await this.#sight.find(ref, machineNameOf(ref));
    return instance ? (await this.#compute.console(instance.zone, instance.name)).slice(-consoleShown) : '';
  }

  zoneOf(name: string): string | undefined {
    return this.#sight.zoneOf(name);
  }

  seenIn(name: string, zone: string): void {
    this.#sight.seenIn(name, zone);
  }
}
