import request from 'supertest';
import type { Express } from 'express';

/** A browser without JavaScript: keeps its cookie, and sends the hidden token of the form it has loaded. */
export function formSession(app: Express) {
  const agent = request.agent(app);
  const tokenOf = async (page: string): Promise<string> => {
    const { text } = await agent.get(page);
    const found = /name="_csrf" value="([^"]+)"/.exec(text);
    if (!found?.[1]) throw new Error(`There is no form on ${page}.`);
    return found[1];
  };
  return {
    agent,
    get: (path: string) => agent.get(path),
    /** Sends a form as it stands on `page`. The page first: its cookie belongs to the request. */
    async post(page: string, action: string, fields: Record<string, string | string[]> = {}) {
      const token = await tokenOf(page);
      return agent
        .post(action)
        .type('form')
        .send({ ...fields, _csrf: token });
    },
    async upload(page: string, action: string, name: string, content: string) {
      const token = await tokenOf(page);
      return agent.post(action).field('_csrf', token).attach('file', Buffer.from(content), name);
    },
  };
}

/** The hidden fields and chosen values of the first form with this action, as a browser would send them. */
export function fieldsOf(html: string, action: string): Record<string, string | string[]> {
  const start = html.indexOf(`action="${action}"`);
  const form = html.slice(start, html.indexOf('</form>', start));
  const fields: Record<string, string | string[]> = {};
  for (const [input] of form.matchAll(/<input[^>]*>/g)) {
    const name = attribute(input, 'name');
    if (name === undefined) continue;
    const isPicked = !/type="(radio|checkbox)"/.test(input) || / checked/.test(input);
    if (isPicked) fields[name] = attribute(input, 'value') ?? '';
  }
  for (const [, opening = '', options = ''] of form.matchAll(/<select([^>]*)>([\s\S]*?)<\/select>/g)) {
    const chosen = /<option value="([^"]*)" selected/.exec(options) ?? /<option value="([^"]*)"/.exec(options);
    const name = attribute(opening, 'name');
    if (name !== undefined) fields[name] = decoded(chosen?.[1] ?? '');
  }
  return fields;
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];
  return found === undefined ? undefined : decoded(found);
}

function decoded(text: string): string {
  return text
    .replaceAll('&#34;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
