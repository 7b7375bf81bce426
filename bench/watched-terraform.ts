import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** One run of Terraform, as whoever stands between it and the product saw it. */
export interface TerraformRun {
  verb: string;
  /** Of the job's, or the prediction's, things. */
  bucket: string;
  stack: string;
  fromMs: number;
  toMs: number;
}

export interface WatchedTerraform {
  /** For the setting gcpTerraform. */
  program: string;
  runs(): TerraformRun[];
  /** What it was told to make, as it was told it. */
  stackOf(bucket: string, stack: string): string;
}

/** Terraform, with its times written down: a script in front of it, which costs two milliseconds. */
export function watchTerraform(folder: string, terraform: string): WatchedTerraform {
  const [program, log, stacks] = ['terraform', 'runs.log', 'stacks'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(stacks, { recursive: true });
  // With jobs of their own (-m): else what a shell starts beside it would not hear an interrupt.
  const script = `#!/bin/bash
set -m
from=$(date +%s%3N)
here=$PWD
[ "$1" = apply ] && cp main.tf.json "${stacks}/$(basename "$(dirname "$here")")--$(basename "$here").json"
"${terraform}" "$@" &
child=$!
trap 'kill -INT "$child"' INT
wait "$child"
code=$?
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  code=$?
done
echo "$1 $from $(date +%s%3N) $here" >>"${log}"
exit $code
`;
  writeFileSync(program, script);
  writeFileSync(log, '');
  chmodSync(program, 0o755);
  return {
    program,
    runs: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [verb = '', from, to, folderOfStack = ''] = line.split(' ');
          return {
            verb,
            bucket: basename(dirname(folderOfStack)),
            stack: basename(folderOfStack),
            fromMs: Number(from),
            toMs: Number(to),
          };
        }),
    stackOf(bucket, stack) {
      const name = readdirSync(stacks).find((file) => file === `${bucket}--${stack}.json`);
      if (!name) throw new Error(`Terraform was not told of ${stack} of ${bucket}.`);
      return readFileSync(join(stacks, name), 'utf8');
    },
  };
}

/** The most that were at work at one moment. */
export function mostAtOnce(spans: readonly { fromMs: number; toMs: number }[]): number {
  const changes = spans
    .flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, by: 1 },
      { atMs: toMs, by: -1 },
    ])
    .toSorted((a, b) => a.atMs - b.atMs || a.by - b.by);
  let [now, most] = [0, 0];
  for (const { by } of changes) most = Math.max(most, (now += by));
  return most;
}
