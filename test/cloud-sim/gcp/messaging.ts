import { ApiError } from './api-error.ts';
import type { Ground } from './ground.ts';
import { asJson, asText, type Json } from './json.ts';
import { type Call, type Route, routesOf } from './router.ts';

/** What each verb of the REST API takes. */
const verbs = {
  topics: { publish: 'publish' },
  subscriptions: { pull: 'consume', acknowledge: 'consume', modifyAckDeadline: 'consume' },
} as const;

/** Pub/Sub over REST: the program beside has topics, subscriptions and messages, and who may do what is kept here. */
export function messagingRoutes(ground: Ground, programUrl: string): Route[] {
  const { routes, add } = routesOf('pubsub.googleapis.com', '/v1/projects/{project}');
  const { policies } = ground;

  const handOn = async ({ method, path, query, body, who }: Call): Promise<Json> => {
    const response = await fetch(`${programUrl}${path}?${query}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-simulation-caller': who },
      ...(method !== 'GET' && method !== 'DELETE' && { body: JSON.stringify(body) }),
    });
    const answer = asJson(await response.json());
    if (response.ok) return answer;
    const { message, status } = asJson(answer['error']);
    throw new ApiError(response.status, asText(message), { status: asText(status) });
  };

  for (const kind of ['topics', 'subscriptions'] as const) {
    const path = `/${kind}/{name}`;
    const on = `projects/{project}/${kind}/{name}`;
    const nameOf = ({ part }: Call): string => `projects/${ground.project}/${kind}/${part('name')}`;
    const mustBe = (call: Call): Promise<Json> =>
      handOn({ ...call, method: 'GET', path: `/v1/${nameOf(call)}`, query: new URLSearchParams() });

    add('GET', `/${kind}`, `pubsub.${kind}.list`, 'projects/{project}', handOn);
    add('PUT', path, `pubsub.${kind}.create`, 'projects/{project}', handOn);
    add('GET', path, `pubsub.${kind}.get`, on, handOn);
    add('PATCH', path, `pubsub.${kind}.update`, on, handOn);
    add('DELETE', path, `pubsub.${kind}.delete`, on, async (call) => {
      const answer = await handOn(call);
      policies.remove(nameOf(call), call.who);
      return answer;
    });
    for (const [verb, permission] of Object.entries(verbs[kind])) {
      add('POST', `${path}:${verb}`, `pubsub.${kind}.${permission}`, on, handOn);
    }
    add('GET', `${path}:getIamPolicy`, `pubsub.${kind}.getIamPolicy`, on, async (call) => {
      await mustBe(call);
      return policies.get(nameOf(call));
    });
    add('POST', `${path}:setIamPolicy`, `pubsub.${kind}.setIamPolicy`, on, async (call) => {
      await mustBe(call);
      return policies.set(nameOf(call), asJson(call.body['policy']), call.who);
    });
    add('POST', `${path}:testIamPermissions`, undefined, on, async (call) => {
      await mustBe(call);
      return policies.test(call.who, nameOf(call), call.body['permissions']);
    });
  }
  add('GET', '/topics/{name}/subscriptions', 'pubsub.topics.get', 'projects/{project}/topics/{name}', handOn);
  return routes;
}
