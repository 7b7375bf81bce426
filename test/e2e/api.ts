import { setTimeout as sleep } from 'node:timers/promises';

export interface JobView {
  id: string;
  phase: string;
  outcome: string | null;
  reason: string | null;
  sentence: string;
  attempt: number;
}

/** The JSON API as a program uses it: a server that is away for a moment is asked again. */
export function apiAt(url: string) {
  const ask = async (path: string, init: RequestInit = {}, tries = 200): Promise<Response> => {
    for (let left = tries; ; left--) {
      try {
        const response = await fetch(`${url}/api/v1${path}`, { ...init, signal: AbortSignal.timeout(30_000) });
        if (response.status < 500) return response;
        if (left <= 0) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      } catch (error) {
        if (left <= 0) throw error;
      }
      await sleep(100);
    }
  };
  const json = async <T>(path: string, init?: RequestInit): Promise<T> => {
    const response = await ask(path, init);
    const body = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${body}`);
    return JSON.parse(body) as T;
  };
  const post = <T>(path: string, body: unknown, headers: Record<string, string> = {}) =>
    json<T>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  return {
    ask,
    json,
    post,
    async upload(name: string, csv: string): Promise<{ id: string }> {
      const form = new FormData();
      form.set('file', new Blob([csv], { type: 'text/csv' }), name);
      return json('/datasets', { method: 'POST', body: form, headers: { 'x-trainyard': '1' } });
    },
    job: (id: string) => json<JobView>(`/jobs/${id}`),
    async done(id: string, seconds = 60): Promise<JobView> {
      const end = Date.now() + seconds * 1000;
      for (;;) {
        const view = await json<JobView>(`/jobs/${id}`);
        if (view.phase === 'done') return view;
        if (Date.now() > end) throw new Error(`After ${seconds} s job ${id} is ${view.phase}: ${view.sentence}`);
        await sleep(100);
      }
    },
    async log(id: string): Promise<string[]> {
      const text = await (await ask(`/jobs/${id}/log`)).text();
      return text.split('\n').filter((line) => line !== '');
    },
  };
}
