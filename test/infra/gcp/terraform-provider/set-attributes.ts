import type { Json } from './stacks.ts';

/** Those that a link, a path and a bare name say the same in. */
const names = new Set(['bucket', 'image', 'instance_name', 'machine_type', 'network', 'subnetwork', 'type']);
/** Of what the stacks do not set themselves: what other parts of them refer to. */
const referredTo = ['id', 'email', 'member', 'name'];

/** Of a state, what the stack sets, and what it refers to; for a reference, what became of it. */
export function setAttributes(stack: Json, state: Record<string, Json>): Record<string, Json> {
  const set: Record<string, Json> = {};
  for (const [type, ofType] of Object.entries(stack['resource'] as Record<string, Record<string, Json>>)) {
    for (const [name, config] of Object.entries(ofType)) {
      const has = state[`${type}.${name}`] ?? {};
      const also = Object.fromEntries(referredTo.flatMap((key) => (has[key] === undefined ? [] : [[key, has[key]]])));
      set[`${type}.${name}`] = { ...plainOf('', also), ...within(config, has) };
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
    if (JSON.stringify(value).includes('${') && has === config) continue;
    found[key] = isBlock(value) ? blocks(value).map((one, i) => within(one, blocks(has[key])[i] ?? {})) : plainOf(key, has[key]);
  }
  return found;
}

/** A map of texts is no block: labels and metadata are whole. */
function isBlock(value: unknown): boolean {
  const [first] = blocks(value);
  if (typeof first !== 'object' || first === null) return false;
  return Array.isArray(value) || Object.values(first).some((one) => typeof one !== 'string') || 'ttl' in first || isKnownBlock(first);
}

function isKnownBlock(one: Json): boolean {
  return ['maximum_backoff', 'expression', 'email'].some((key) => key in one);
}

function blocks(value: unknown): Json[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? [value] : [];
}

function plainOf(key: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.toSorted();
  if (typeof value === 'object' && value !== null && key === '') {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plainOf(name, one)]));
  }
  return typeof value === 'string' && names.has(key) ? value.slice(value.lastIndexOf('/') + 1) : value;
}
