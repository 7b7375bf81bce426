import { createHash } from 'node:crypto';
import { ApiError } from '../api-error.ts';
import type { Audit } from '../audit.ts';
import { asJson, asList, asText, asTexts, type Json } from '../json.ts';
import type { Records } from '../records.ts';
import type { Needed } from '../router.ts';
import { covers, predefinedRoles } from './roles.ts';

export interface Binding {
  role: string;
  members: string[];
  condition?: Json;
}

interface Policy {
  bindings: Binding[];
  version: number;
  turn: number;
}

export interface CustomRole {
  includedPermissions: string[];
  [more: string]: unknown;
}

/** Who may do what: a policy on each resource, and those of what it lies in. */
export class Policies {
  readonly #policies;
  readonly #roles;
  readonly #audit: Audit;
  readonly #project: string;
  readonly #isMember: (email: string) => boolean;

  constructor(records: Records, audit: Audit, project: string, isMember: (email: string) => boolean) {
    this.#policies = records.kind<Policy>('policy');
    this.#roles = records.kind<CustomRole>('role');
    this.#audit = audit;
    this.#project = `projects/${project}`;
    this.#isMember = isMember;
  }

  /** Without an account of it: what was there before anybody came. */
  begin(resource: string, bindings: Binding[]): void {
    if (!this.#policies.get(resource)) this.#policies.put(resource, { bindings, version: 1, turn: 0 });
  }

  get(resource: string): Json {
    const policy = this.#policies.get(resource);
    const bindings = policy?.bindings ?? [];
    return { version: policy?.version ?? 1, etag: etagOf(policy), ...(bindings.length > 0 && { bindings }) };
  }

  set(resource: string, wanted: Json, who: string): Json {
    const before = this.#policies.get(resource);
    const etag = asText(wanted['etag']);
    if (etag !== '' && etag !== etagOf(before)) {
      throw new ApiError(
        409,
        'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.',
        { status: 'ABORTED', reason: 'aborted' },
      );
    }
    const bindings = asList(wanted['bindings']).map((binding) => this.#checked(binding));
    const policy = {
      bindings: bindings.filter(({ members }) => members.length > 0),
      version: 1,
      turn: (before?.turn ?? 0) + 1,
    };
    if (bindings.some(({ condition }) => condition)) policy.version = 3;
    this.#policies.put(resource, policy);
    this.#account(resource, before?.bindings ?? [], policy.bindings, who);
    return this.get(resource);
  }

  /** Goes with its resource. */
  remove(resource: string, who: string): void {
    this.#account(resource, this.#policies.get(resource)?.bindings ?? [], [], who);
    this.#policies.remove(resource);
  }

  allows(who: string, { permission, resource }: Needed): boolean {
    const own = this.#policies.get(resource)?.bindings ?? [];
    const ofProject = resource === this.#project ? [] : (this.#policies.get(this.#project)?.bindings ?? []);
    return [...own, ...ofProject].some(
      (binding) =>
        binding.members.some((member) => member === `serviceAccount:${who}` || member === 'allAuthenticatedUsers') &&
        this.#permissionsOf(binding.role).some((pattern) => covers(pattern, permission)) &&
        holdsCondition(binding.condition, resource),
    );
  }

  /** Those of `permissions` that the caller has. */
  test(who: string, resource: string, permissions: unknown): Json {
    const had = asTexts(permissions).filter((permission) => this.allows(who, { permission, resource }));
    return had.length > 0 ? { permissions: had } : {};
  }

  #checked(binding: Json): Binding {
    const role = asText(binding['role']);
    if (!predefinedRoles[role] && !this.#roles.get(role)) {
      throw new ApiError(400, `Role ${role} is not supported for this resource.`);
    }
    const members = asTexts(binding['members']);
    for (const member of members) {
      const email = /^serviceAccount:(.*)$/.exec(member)?.[1];
      if (
        email?.endsWith(`@${this.#project.slice('projects/'.length)}.iam.gserviceaccount.com`) &&
        !this.#isMember(email)
      ) {
        throw new ApiError(400, `Service account ${email} does not exist.`);
      }
    }
    const condition = asJson(binding['condition']);
    return { role, members, ...(condition['expression'] !== undefined && { condition }) };
  }

  #permissionsOf(role: string): readonly string[] {
    return predefinedRoles[role] ?? this.#roles.get(role)?.includedPermissions ?? [];
  }

  #account(resource: string, before: Binding[], after: Binding[], who: string): void {
    const [had, has] = [linesOf(resource, before), linesOf(resource, after)];
    for (const line of has) if (!had.has(line)) this.#audit.created('binding', line, who);
    for (const line of had) if (!has.has(line)) this.#audit.deleted('binding', line, who);
  }
}

function linesOf(resource: string, bindings: Binding[]): Set<string> {
  return new Set(bindings.flatMap(({ role, members }) => members.map((member) => `${resource} ${role} ${member}`)));
}

function etagOf(policy: Policy | undefined): string {
  if (!policy) return 'ACAB';
  return createHash('sha256').update(JSON.stringify(policy)).digest('base64').slice(0, 12);
}

/** Of the language of conditions, what a resource's name is asked for: ==, startsWith, endsWith, joined by &&. */
function holdsCondition(condition: Json | undefined, resource: string): boolean {
  if (!condition) return true;
  return asText(condition['expression'])
    .split('&&')
    .every((part) => {
      const found = /resource\.name(?:\s*==\s*|\.(startsWith|endsWith)\()["']([^"']*)["']/.exec(part);
      if (!found) return false;
      const [, how, text = ''] = found;
      if (how === 'startsWith') return resource.startsWith(text);
      return how === 'endsWith' ? resource.endsWith(text) : resource === text;
    });
}
