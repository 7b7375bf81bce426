#!/usr/bin/env node
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { apiClient } from './client.ts';
import { commands, type PredictOptions } from './commands.ts';
import { dataCommands, type PrepareOptions } from './data-commands.ts';
import type { TrainOptions } from './job-request.ts';
import { type KindToDelete, kindsToDelete } from './library-commands.ts';
import { exitCodes, exitCodesHelp, report } from './exit-codes.ts';
import { machines } from './machine-choice.ts';
import { endWithItsReader, output } from './output.ts';
import { orphans } from './orphans.ts';
import { callMe } from './show.ts';
import { taskKinds } from '../domain/task.ts';
import { type SweepOptions, sweepCommands } from './sweep-commands.ts';

const several = (value: string, before: string[] = []) => [...before, value];

let address = '';

const program = new Command(callMe)
  .description('Turns data into a trained model on a machine that always comes home.')
  .addHelpText('after', () => exitCodesHelp(address))
  .exitOverride();

/** Every command takes --json, and ends with the code that its work answers with. */
function command(
  usage: string,
  description: string,
  run: (...given: never[]) => Promise<number>,
  under: Command = program,
): Command {
  return under
    .command(usage)
    .description(description)
    .option('--json', 'print JSON')
    .exitOverride()
    .action(async (...given: unknown[]) => {
      process.exitCode = await run(...(given as never[]));
    });
}

const on = (options: { json?: boolean }) => commands(apiClient(address), output(options.json ?? false));
const onData = (options: { json?: boolean }) => dataCommands(apiClient(address), output(options.json ?? false));
const onSweeps = (options: { json?: boolean }) => sweepCommands(apiClient(address), output(options.json ?? false));
type Json = { json?: boolean };

command('train <file>', 'train a model on a file of data', (file: string, options: TrainOptions & Json) =>
  on(options).train(file, options),
)
  .requiredOption('-l, --label <column>', 'the column to predict; repeated, several columns of yes or no', several)
  .option('-e, --engine <name>', 'what trains; “engines” lists them', 'sklearn')
  .option('-t, --time <time>', 'how long it may train: 90s, 10m, 1h30m (10m unless told)')
  .option('-n, --name <name>', 'what to call it; the name of the file unless told')
  .addOption(new Option('--task <kind>', 'what to predict; guessed unless told').choices([...taskKinds]))
  .option('--metric <name>', 'what to choose the best model by')
  .option('--positive <class>', 'of two classes, the one that is looked for; the rarer one unless told')
  .option('--budget <dollars>', 'the most that it may cost; a machine that is billed needs it')
  .option('--machine <cloud/type>', 'where it trains, as “machines” lists them; this computer unless told')
  .option('--spot', 'on a spot machine: cheaper, and its cloud may take it back')
  .option('--ssh', 'people with a role for it may log in to its machine')
  .option('--ignore <column>', 'a column that the model must not see; may be repeated', several)
  .option('--holdout <percent>', 'how much no model sees until the winner is judged, 5 to 50 (20 unless told)')
  .option('--folds <count>', 'into how many folds the rest is divided for validation; the engine decides unless told')
  .option('--seed <number>', 'the same seed divides the rows the same way (0 unless told)')
  .option('--group <column>', 'rows with the same value here are never on both sides of the split')
  .option('--by-time <column>', 'hold out the latest rows by this column')
  .option('--weight <column>', 'how much each row counts')
  .option('-s, --set <key=value>', 'a setting of the engine; may be repeated', several)
  .option('--settings <file>', 'settings from a file, like a hyperparams.json; --set goes before them')
  .option('-r, --recipe <recipe>', 'prepare the data by it first: its id or name, with @3 for version 3')
  .option(
    '--continue <job>',
    'go on from the model of this job, its id or name, on data with the same columns; “engines” says what each does',
  )
  .option('-f, --follow', 'show what happens until the end');

command(
  'submit <file>',
  'train by a request in a YAML file, as the confirm page shows it',
  (file: string, options: { follow?: boolean } & Json) => on(options).submit(file, options),
).option('-f, --follow', 'show what happens until the end');

command('jobs', 'list jobs', (options: { open?: boolean; search?: string; limit?: string } & Json) =>
  on(options).jobs(options),
)
  .option('--open', 'only those that are not done')
  .option('--search <text>', 'only those with this in their name')
  .option('--limit <count>', 'how many', '20');

command('job <id>', 'show a job', (id: string, options: Json) => on(options).job(id));

command(
  'logs <id>',
  'print the log of a job',
  (id: string, options: { follow?: boolean; tail?: string; search?: string } & Json) => on(options).logs(id, options),
)
  .option('-f, --follow', 'go on until the end')
  .option('--tail <lines>', 'only the last lines')
  .option('--search <text>', 'only lines with this in them');

command('cancel <id>', 'cancel a job; nothing of it is kept', (id: string, options: Json) =>
  on(options).ask(id, 'cancel'),
);
command('stop <id>', 'stop a job and keep the best so far', (id: string, options: Json) => on(options).ask(id, 'stop'));

command(
  'extend <id> <time>',
  'give an open job more time: its new limit in all, as 90s, 10m or 1h30m',
  (id: string, time: string, options: Json) => on(options).extend(id, time),
);
command(
  'delete <id>',
  'remove a job that is done, with its model; or what --kind says',
  (id: string, options: { kind: KindToDelete; withLog?: boolean } & Json) => on(options).delete(id, options),
)
  .addOption(new Option('--kind <kind>', 'what it is').choices(kindsToDelete).default('job'))
  .option('--with-log', 'the log of the job too');

command('datasets', 'list the data', (options: { limit?: string } & Json) => on(options).datasets(options)).option(
  '--limit <count>',
  'how many',
  '20',
);

command('predictions', 'list predictions, or cancel one', (options: { limit?: string; cancel?: string } & Json) =>
  on(options).predictions(options),
)
  .option('--limit <count>', 'how many', '20')
  .option('--cancel <id>', 'cancel this one; nothing of it is kept');

command('preparations', 'list preparations, or cancel one', (options: { limit?: string; cancel?: string } & Json) =>
  on(options).preparations(options),
)
  .option('--limit <count>', 'how many', '20')
  .option('--cancel <id>', 'cancel this one; nothing of it is kept');

command('report <id>', 'save the report of a job', (id: string, options: { output: string; format: string } & Json) =>
  on(options).report(id, options),
)
  .requiredOption('-o, --output <file>', 'where to; - is standard output')
  .addOption(new Option('--format <format>', 'a page or its numbers').choices(['html', 'json']).default('html'));

command('model <id>', 'save the model of a job', (id: string, options: { output: string; extra?: string } & Json) =>
  on(options).model(id, options),
)
  .requiredOption('-o, --output <file>', 'where to; - is standard output')
  .option('--extra <name>', 'in place of the archive, a file that its engine gives beside it: model.pkl');

command(
  'predict <id> <file>',
  'predict a file of data with the model of a job',
  (id: string, file: string, options: PredictOptions & Json) => on(options).predict(id, file, options),
)
  .requiredOption('-o, --output <file>', 'where to; - is standard output')
  .addOption(new Option('--format <format>', 'of the output').choices(['csv', 'json', 'parquet']).default('csv'))
  .option('--no-extra-columns', 'refuse data with columns that the model does not know; they are ignored unless told')
  .option('--no-cast-types', 'refuse columns of another type than in the training; they are cast unless told')
  .option('--budget <dollars>', 'the most that it may cost; a machine that is billed needs it');

command('orphans', 'ask the clouds for what belongs to nobody any more', (options: Json) =>
  orphans(apiClient(address), output(options.json ?? false)),
);

command('machines', 'list the kinds of machines and what they cost', (options: Json) =>
  machines(apiClient(address), output(options.json ?? false)),
);

command('engines', 'list the engines and their settings', (options: Json) => on(options).engines());

command(
  'upload <file>',
  'send a file as a dataset; what was broken off goes on when it is sent again',
  (file: string, options: { name?: string; option?: string[] } & Json) => onData(options).upload(file, options),
)
  .option('-n, --name <name>', 'what to call it; the name of the file unless told')
  .option('--option <name=value>', 'how to read it: delimiter=; header=no badRows="set aside" …', several);

command('recipes', 'list recipes', (options: { search?: string; limit?: string } & Json) =>
  onData(options).recipes(options),
)
  .option('--search <text>', 'only those with this in their name')
  .option('--limit <count>', 'how many', '20');

const recipe = program.command('recipe').description('recipes as files').exitOverride();
command(
  'export <recipe>',
  'save a recipe as YAML',
  (given: string, options: { output: string; recipeVersion?: string } & Json) =>
    onData(options).exportRecipe(given, options),
  recipe,
)
  .option('-o, --output <file>', 'where to; - is standard output', '-')
  .option('--recipe-version <number>', 'a saved version; the draft unless told');
command(
  'import <file>',
  'make a recipe of a YAML file, and say what does not fit',
  (file: string, options: { dataset: string; name?: string } & Json) => onData(options).importRecipe(file, options),
  recipe,
)
  .requiredOption('-d, --dataset <id>', 'the dataset to work on')
  .option('-n, --name <name>', 'what to call it; as the file says unless told');

command('prepare <recipe>', 'carry a recipe out on a whole dataset', (given: string, options: PrepareOptions & Json) =>
  onData(options).prepare(given, options),
)
  .option('-d, --dataset <id>', 'another dataset than that of the recipe')
  .option('--recipe-version <number>', 'a saved version; the draft, saved as one, unless told')
  .option('-n, --name <name>', 'what to call the dataset that it makes')
  .option('-f, --follow', 'go on until the end')
  .option('-o, --output <file>', 'wait for it and save it; - is standard output')
  .addOption(new Option('--format <format>', 'of the output').choices(['csv', 'parquet']).default('csv'));

const sweep = program.command('sweep').description('try several settings or seeds, and compare them').exitOverride();
command(
  'start <file>',
  'train on a file of data with several settings, as one sweep',
  (file: string, options: SweepOptions & Json) => onSweeps(options).start(file, options),
  sweep,
)
  .requiredOption('-l, --label <column>', 'the column to predict; repeated, several columns of yes or no', several)
  .option('-e, --engine <name>', 'what trains; “engines” lists them', 'sklearn')
  .option('--grid <name=values>', 'values to try in every combination: trees=50,100,200; may be repeated', several)
  .option('--random <name=range>', 'what to draw from: rate=0.001..0.1:log or depth=2,4,8; may be repeated', several)
  .option('--count <count>', 'how many to draw, with --random', '10')
  .option('--seeds <count>', 'how many seeds for each; alone, the same settings with so many seeds')
  .option('--parallel <count>', 'how many trials may be open at once')
  .option('-t, --time <time>', 'how long each may train: 90s, 10m, 1h30m (10m unless told)')
  .option('--total-time <time>', 'how long all of them together may train')
  .option('--budget <dollars>', 'the most that all of them together may cost')
  .option('--machine <cloud/type>', 'where they train, as “machines” lists them; this computer unless told')
  .option('--spot', 'on spot machines: cheaper, and their cloud may take them back')
  .option('-n, --name <name>', 'what to call it; the name of the file unless told')
  .addOption(new Option('--task <kind>', 'what to predict; guessed unless told').choices([...taskKinds]))
  .option('--metric <name>', 'what to compare by')
  .option('--positive <class>', 'of two classes, the one that is looked for; the rarer one unless told')
  .option('--ignore <column>', 'a column that the models must not see; may be repeated', several)
  .option('--holdout <percent>', 'how much no model sees until the winner is judged, 5 to 50 (20 unless told)')
  .option('--folds <count>', 'into how many folds the rest is divided for validation; the engine decides unless told')
  .option('--seed <number>', 'the same seed divides the rows the same way (0 unless told)')
  .option('--group <column>', 'rows with the same value here are never on both sides of the split')
  .option('--by-time <column>', 'hold out the latest rows by this column')
  .option('--weight <column>', 'how much each row counts')
  .option('-s, --set <key=value>', 'a setting that all trials have; may be repeated', several)
  .option('-r, --recipe <recipe>', 'prepare the data by it first: its id or name, with @3 for version 3')
  .option(
    '--continue <job>',
    'go on from the model of this job, its id or name, on data with the same columns; “engines” says what each does',
  )
  .option('-f, --follow', 'show what happens until the end');
command(
  'repeat <job>',
  'train a job again with several seeds: mean and spread of its score',
  (job: string, options: { seeds: string; follow?: boolean } & Json) => onSweeps(options).repeat(job, options),
  sweep,
)
  .option('--seeds <count>', 'how many', '5')
  .option('-f, --follow', 'show what happens until the end');
command(
  'list',
  'list sweeps',
  (options: { open?: boolean; limit?: string } & Json) => onSweeps(options).list(options),
  sweep,
)
  .option('--open', 'only those that are not done')
  .option('--limit <count>', 'how many', '20');
command('show <id>', 'show a sweep and its trials', (id: string, options: Json) => onSweeps(options).show(id), sweep);
command(
  'cancel <id>',
  'cancel a sweep and its open trials; models of those that have ended stay',
  (id: string, options: Json) => onSweeps(options).ask(id, 'cancel'),
  sweep,
);
command(
  'stop <id>',
  'begin no more trials; the open ones come to their end',
  (id: string, options: Json) => onSweeps(options).ask(id, 'stop'),
  sweep,
);

endWithItsReader();
try {
  address = await serverAddress();
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  else process.exitCode = report(error, process.argv.includes('--json'));
}

/** As told; else this machine's own, by the same settings as the server reads. */
async function serverAddress(): Promise<string> {
  if (process.env.TRAINYARD_URL) return process.env.TRAINYARD_URL;
  // Only now: reading settings takes longer than all else here.
  const [{ loadSettings }, { webAddressOf }] = await Promise.all([
    import('../settings/settings.ts'),
    import('../settings/addresses.ts'),
  ]);
  // The file of settings lies beside ./x, wherever the person stands.
  return webAddressOf(loadSettings(process.env, join(import.meta.dirname, '..')));
}
