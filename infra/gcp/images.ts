import { type FailureType, TrainyardError } from '../../domain/failures.ts';
import type { Obstacle } from '../cloud.ts';
import { buildImages, imageFamily, type ImageKind, imageName } from '../trainer-image.ts';
import type { GoogleApi } from './google-api.ts';

export interface ImageOptions {
  /** A family of the project, or the address of one image or family; '' is Trainyard's own. */
  image: string;
  /** Which trainer it must carry; '' takes any. */
  trainerHash: string;
  /** What the trainer is made of, for the command that makes its image. */
  trainerFolder: string;
  /** Where none has this trainer, one of a plain system is taken, and set up when it boots. */
  setUpAtBoot?: boolean;
}

export interface ImageChoice {
  path: string;
  /** It is a plain system: the trainer comes by way of the job's bucket. */
  isPlain: boolean;
}

/** What there is of the image that machines of a kind boot from. */
export type ImageSeen =
  | { fit: 'good'; name: string; path: string }
  | { fit: 'missing'; wanted: string }
  | { fit: 'not ready'; name: string; status: string }
  | { fit: 'another'; name: string; carries: string | undefined };

interface Image {
  name: string;
  labels?: Record<string, string>;
  status?: string;
}

const mendedByPerson: ReadonlySet<FailureType> = new Set<FailureType>([
  'ImageMissing',
  'ApiDisabled',
  'BillingDisabled',
  'CredentialsMissing',
  'PermissionDenied',
]);
/** What startup-script.sh is written for. */
const plainDebian = 'projects/debian-cloud/global/images/family/debian-12';
const knownForMs = 60_000;

/** Looks at the very image: the one that is named after this trainer, else what the family has now. */
export async function lookAtImage(
  api: GoogleApi,
  { image, trainerHash }: Pick<ImageOptions, 'image' | 'trainerHash'>,
  kind: ImageKind,
): Promise<ImageSeen> {
  const { project } = api;
  const exact = `projects/${project}/global/images/${imageName(kind, trainerHash)}`;
  const path = pathOf(image || imageFamily(kind), project);
  const own = image === '' && trainerHash !== '' ? await api.get<Image>('compute', exact) : undefined;
  const found = own ?? (await api.get<Image>('compute', path));
  if (!found) {
    const named = image || imageFamily(kind);
    return { fit: 'missing', wanted: named.includes('/') ? named : `image of the family ${named}` };
  }
  const { name, status = 'READY' } = found;
  if (status !== 'READY') return { fit: 'not ready', name, status };
  const carries = found.labels?.['trainyard-trainer'] ?? /-([0-9a-f]{12})$/.exec(name)?.[1];
  if (trainerHash !== '' && carries !== trainerHash) return { fit: 'another', name, carries };
  const [, home = project] = /^projects\/([^/]+)\//.exec(own ? exact : path) ?? [];
  return { fit: 'good', name, path: `projects/${home}/global/images/${name}` };
}

/** The images that machines boot from, looked at before any machine is made; one that fits is known for a minute. */
export class GcpImages {
  readonly #api: GoogleApi;
  readonly #options: ImageOptions;
  readonly #fitting = new Map<ImageKind, { atMs: number; path: string }>();

  constructor(api: GoogleApi, options: ImageOptions) {
    this.#api = api;
    this.#options = options;
  }

  /** What a machine boots from; a plain system only where no image has this trainer, and that is allowed. */
  async choose(kind: ImageKind): Promise<ImageChoice> {
    try {
      return { path: await this.fitting(kind), isPlain: false };
    } catch (error) {
      const plain = this.#options.setUpAtBoot ? await this.#plain(kind) : undefined;
      if (plain === undefined || !(error instanceof TrainyardError) || error.type !== 'ImageMissing') throw error;
      return { path: plain, isPlain: true };
    }
  }

  /** One that carries another trainer is no plain system: its unit would start that. */
  async #plain(kind: ImageKind): Promise<string | undefined> {
    const { image } = this.#options;
    if (image === '') return plainDebian;
    const seen = await lookAtImage(this.#api, this.#options, kind);
    return seen.fit === 'another' && seen.carries === undefined ? pathOf(image, this.#api.project) : undefined;
  }

  /** One with another trainer in it is refused here: a machine of it would cost, and not train. */
  async fitting(kind: ImageKind): Promise<string> {
    const known = this.#fitting.get(kind);
    if (known && Date.now() - known.atMs < knownForMs) return known.path;
    const seen = await lookAtImage(this.#api, this.#options, kind);
    if (seen.fit !== 'good') throw this.#missing(seen, kind);
    this.#fitting.set(kind, { atMs: Date.now(), path: seen.path });
    return seen.path;
  }

  /** The same as an answer. That Google could not be asked is no reason against a job: it is asked again before a machine. */
  async obstacle(kind: ImageKind): Promise<Obstacle | undefined> {
    try {
      await this.choose(kind);
      return undefined;
    } catch (error) {
      if (!(error instanceof TrainyardError) || !mendedByPerson.has(error.type)) return undefined;
      return { reason: error.message, mend: error.hint ?? '' };
    }
  }

  #missing(seen: Exclude<ImageSeen, { fit: 'good' }>, kind: ImageKind): TrainyardError {
    const { project } = this.#api;
    const { image, trainerHash, trainerFolder } = this.#options;
    const build = buildImages({ project, kinds: [kind], hash: trainerHash, trainerFolder });
    const also = image === '' ? '' : ' (gcpImage names another image than those that it makes)';
    return new TrainyardError('ImageMissing', sentenceOf(seen, { project, trainerHash }), `Make it: ${build}${also}`);
  }
}

function sentenceOf(
  seen: Exclude<ImageSeen, { fit: 'good' }>,
  { project, trainerHash }: { project: string; trainerHash: string },
): string {
  if (seen.fit === 'missing') return `The project ${project} has no ${seen.wanted}.`;
  if (seen.fit === 'not ready') return `The machine image ${seen.name} is ${seen.status}.`;
  const carries = seen.carries ? `the trainer ${seen.carries}` : 'no trainer by its name or its label';
  return `The machine image ${seen.name} carries ${carries}, and this Trainyard is at ${trainerHash}: no machine is made of it.`;
}

/** As the machine's stack asks for it: a family of the project, or the address of one image or family. */
function pathOf(named: string, project: string): string {
  if (!named.includes('/')) return `projects/${project}/global/images/family/${named}`;
  const path = named.replace(/^https?:\/\/[^/]+\/(?:compute\/)?v1\//, '');
  if (path.startsWith('projects/')) return path;
  return path.startsWith('global/')
    ? `projects/${project}/${path}`
    : `projects/${project}/global/images/${path.slice(path.lastIndexOf('/') + 1)}`;
}
