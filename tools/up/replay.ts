// A process of its own, because the worker's machinery is heavy and is needed for this moment only.
import { loadSettings } from '../../settings/settings.ts';
import { temporalAddressOf } from '../../workers/open-temporal.ts';
import { replayOpenHistories } from '../../workers/replay-open-histories.ts';

const settings = loadSettings();
const report = await replayOpenHistories(temporalAddressOf(settings), settings.cacheFolder);
console.log(JSON.stringify(report));
process.exit(0);
