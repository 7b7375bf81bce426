import { type PageApp, tableOf } from './page-app.ts';
import { fieldsOf, formSession } from './pages/form-session.ts';

/** Data with a file behind it, a recipe with steps that fit and one that does not, and a run of it: by the forms. */
export async function makeRecipe(pages: PageApp): Promise<{ dataset: string; recipe: string; preparation: string }> {
  const session = formSession(pages.app);
  const led = async (at: string, action: string, fields: Record<string, string | string[]>): Promise<string> => {
    const { text } = await session.get(at);
    const { status, headers } = await session.post(at, action, { ...fieldsOf(text, action), ...fields });
    if (status !== 303) throw new Error(`${action} answers ${status}.`);
    return String(headers['location']);
  };
  const { headers } = await session.upload('/data', '/data', 'mornings.csv', tableOf(120));
  const dataset = String(headers['location']);
  const datasetId = dataset.split('/').at(-1) ?? '';
  const recipe = await led('/recipes/new', '/recipes', { datasetId, name: 'mornings, clean' });
  const add = async (kind: string, settings: Record<string, string>) => {
    const at = await led(recipe, `${recipe}/steps`, { kind });
    const step = /data-step-form="([^"]+)"/.exec((await session.get(at)).text)?.[1];
    await led(at, `${recipe}/steps/${step}`, { do: 'save', ...settings });
  };
  await add('fill-missing', { 's.columns': 'age', 's.with': 'median' });
  await add('one-hot', { 's.columns': 'drink' });
  const preparation = await led(recipe, `${recipe}/run`, {});
  await add('fill-missing', { 's.columns': 'happy', 's.with': 'mean' });
  return { dataset, recipe, preparation };
}
