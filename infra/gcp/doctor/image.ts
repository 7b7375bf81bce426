import type { GcpCheckOptions, GcpFinding } from '../../gcp-checks.ts';
import type { OfferedType } from '../catalogue.ts';
import { lastPart, type Looking } from './look.ts';

interface Image {
  name: string;
  labels?: Record<string, string>;
  status?: string;
  diskSizeGb?: string;
  creationTimestamp?: string;
}

type ImageSettings = Pick<GcpCheckOptions, 'image' | 'trainerHash'>;

/** Each image that a machine of the catalogue boots from, and whether this trainer is in it. */
export async function imagesFit(
  looking: Looking,
  { image, trainerHash }: ImageSettings,
  types: readonly OfferedType[],
): Promise<GcpFinding[]> {
  const build = `gcloud builds submit --project ${looking.project} --config trainer-image/images/cloudbuild-machine.yaml --substitutions _TRAINER_HASH=${trainerHash} .`;
  if (image !== '') return [await oneFits(looking, { named: image, title: 'Image', build, trainerHash, needed: true })];
  const kinds = [
    { kind: 'cpu', used: types.some(({ gpus }) => gpus.length === 0) },
    { kind: 'gpu', used: types.some(({ gpus }) => gpus.length > 0) },
  ].filter(({ used }) => used);
  return Promise.all(
    kinds.map(({ kind }, place) =>
      oneFits(looking, {
        named: `trainyard-${kind}`,
        title: `Image ${kind}`,
        build: build.replace('_TRAINER_HASH=', `_KINDS=${kind},_TRAINER_HASH=`),
        trainerHash,
        // Jobs on the other kind of machine can start without it.
        needed: place === 0,
      }),
    ),
  );
}

interface Wanted {
  named: string;
  title: string;
  build: string;
  trainerHash: string;
  needed: boolean;
}

async function oneFits({ api, project }: Looking, wanted: Wanted): Promise<GcpFinding> {
  const { named, title: name, build: mend, trainerHash } = wanted;
  const state = wanted.needed ? 'bad' : 'later';
  const what = wanted.needed ? '' : '; jobs on machines of this kind cannot start';
  const path = pathOf(named, project);
  const found = await api.get<Image>('compute', path);
  if (!found)
    return {
      state,
      name,
      detail: `there is no ${named.includes('/') ? named : `image of the family ${named}`}${what}`,
      mend,
    };
  if (found.status !== undefined && found.status !== 'READY') {
    return { state, name, detail: `${found.name} is ${found.status}${what}` };
  }
  const carried = found.labels?.['trainyard-trainer'] ?? /-([0-9a-f]{12})$/.exec(found.name)?.[1];
  if (carried === trainerHash)
    return { state: 'good', name, detail: `${found.name}, with this trainer (${trainerHash})` };
  const has = carried ? `the trainer ${carried}` : 'no trainer by its name';
  return { state, name, detail: `${found.name} carries ${has}, and this is ${trainerHash}${what}`, mend };
}

/** As the machine's stack asks for it: a family of the project, or the address of one image or family. */
function pathOf(named: string, project: string): string {
  if (!named.includes('/')) return `projects/${project}/global/images/family/${named}`;
  const path = named.replace(/^https?:\/\/[^/]+\/(?:compute\/)?v1\//, '');
  if (path.startsWith('projects/')) return path;
  return path.startsWith('global/')
    ? `projects/${project}/${path}`
    : `projects/${project}/global/images/${lastPart(path)}`;
}
