import type { Json } from './stacks.ts';

/** Those that a link, a path and a bare name say the same in. */
const names = new Set(['bucket', 'image', 'instance_name', 'machine_type', 'network', 'subnetwork', 'type']);
const maps = new Set(['labels', 'metadata']);
/** Of what the stacks do not set themselves: what other parts of them refer to. */
const referredTo = ['id', 'email', 'member', 'name'];

/** Of a state, what the stack sets, and what it refers to; for a reference, what became of it. */
export function setAttributes(stack: Json, state: Record<string, Json>): Record<string, Json> {
  const set: Record<string, Json> = {};
  for (const [type, ofType] of Object.entries(stack['resource'] as Record<string, Record<string, Json>>)) {
    for (const [name, config] of Object.entries(ofType)) {
      const has = state[`${type}.${name}`] ?? {};
      const also = referredTo.flatMap((key) => (has[key] === undefined ? [] : [[key, plainOf(key, has[key])]]));
      set[`${type}.${name}`] = { ...(Object.fromEntries(also) as Json), ...within(config, has) };
    }
  }
  return set;
}

/** What the stack itself says for them, where it is more than a reference. */
export function writtenAttributes(stack: Json): Record<string, Json> {
  const written: Record<string, Json> = {};
  for (const [type, ofType] of Object.entries(stack['resource'] as Record<string, Record<string, Json>>)) {
    for (const [name, config] of Object.entries(ofType)) written[`${type}.${name}`] = within(config, config);
  }
  return written;
}

function within(config: Json, has: Json): Json {
  const found: Json = {};
  for (const [key, value] of Object.entries(config)) {
    // A note of the one who wrote it; and what is only known once something else is there.
    if (key === '//' || (has === config && JSON.stringify(value).includes('${'))) continue;
    found[key] = isBlock(key, value)
      ? blocks(value).map((one, i) => within(one, blocks(has[key])[i] ?? {}))
      : plainOf(key, has[key]);
  }
  return found;
}

/** In Terraform's JSON a single block is an object, as a map of texts is. */
function isBlock(key: string, value: unknown): boolean {
  return !maps.has(key) && blocks(value).some((one) => typeof one === 'object');
}

function blocks(value: unknown): Json[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? [value] : [];
}

function plainOf(key: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map(String).toSorted((a, b) => a.localeCompare(b));
  return typeof value === 'string' && names.has(key) ? value.slice(value.lastIndexOf('/') + 1) : value;
}
