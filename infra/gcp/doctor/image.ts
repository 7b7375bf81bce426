import type { GcpCheckOptions, GcpFinding } from '../../gcp-checks.ts';
import { buildImages, imageKinds, type ImageKind } from '../../trainer-image.ts';
import type { OfferedType } from '../catalogue.ts';
import { lookAtImage } from '../images.ts';
import type { Looking } from './look.ts';

type ImageSettings = Pick<GcpCheckOptions, 'image' | 'setUpAtBoot' | 'trainerHash' | 'trainerFolder'>;

/** Each image that a machine of the catalogue boots from, and whether this trainer is in it: as the house looks. */
export async function imagesFit(
  looking: Looking,
  settings: ImageSettings,
  types: readonly OfferedType[],
): Promise<GcpFinding[]> {
  const { image, trainerHash: hash, trainerFolder } = settings;
  const { project } = looking;
  const build = (kinds: readonly ImageKind[]) => buildImages({ project, kinds, hash, trainerFolder });
  const used = (kind: ImageKind) => types.some(({ gpus }) => gpus.length > 0 === (kind === 'gpu'));
  const kinds = imageKinds.filter(used);
  if (image !== '') {
    return [
      await oneFits(looking, settings, {
        kind: kinds[0] ?? 'cpu',
        title: 'Image',
        build: build(imageKinds),
        needed: true,
      }),
    ];
  }
  return Promise.all(
    kinds.map((kind, place) =>
      // Jobs on the other kind of machine can start without it.
      oneFits(looking, settings, { kind, title: `Image ${kind}`, build: build([kind]), needed: place === 0 }),
    ),
  );
}

interface Wanted {
  kind: ImageKind;
  title: string;
  build: string;
  needed: boolean;
}

async function oneFits({ api }: Looking, settings: ImageSettings, wanted: Wanted): Promise<GcpFinding> {
  const { title: name, build: mend } = wanted;
  const { trainerHash } = settings;
  const seen = await lookAtImage(api, settings, wanted.kind);
  const plain = settings.image === '' || (seen.fit === 'another' && seen.carries === undefined);
  const setsUp = settings.setUpAtBoot === true && plain;
  const state = wanted.needed && !setsUp ? 'bad' : 'later';
  const without = wanted.needed ? '' : '; jobs on machines of this kind cannot start';
  const what = setsUp ? '; each machine sets itself up from a plain system, in minutes that are billed' : without;
  if (seen.fit === 'missing') return { state, name, detail: `there is no ${seen.wanted}${what}`, mend };
  if (seen.fit === 'not ready') return { state, name, detail: `${seen.name} is ${seen.status}${what}` };
  if (seen.fit === 'good') return { state: 'good', name, detail: `${seen.name}, with this trainer (${trainerHash})` };
  const has = seen.carries ? `the trainer ${seen.carries}` : 'no trainer by its name';
  return { state, name, detail: `${seen.name} carries ${has}, and this is ${trainerHash}${what}`, mend };
}
