import { z } from 'zod';
import type { HolderKind } from '../../../domain/ids.ts';
import type { Feed } from '../../live/feed.ts';
import { sendEvents } from '../../live/send-events.ts';
import type { Services } from '../../services/services.ts';
import type { ApiRoutes } from './operation.ts';
import { logAnswerSchema, logQuerySchema } from './schemas.ts';
import { sendDownload } from '../send-download.ts';

const eventText = `Events, as they come: \`log\` {lines}, \`metric\` {points}, \`leaderboard\` {entries}, \`job\` (where it is),
and \`end\` when it is done and all was sent. The id of each is a place to go on from: send it back as Last-Event-ID or \`?after=\`.
Without one, everything comes from the beginning. 204 when there is nothing left to come.`;

/** What jobs and predictions have alike: the live events and the log. */
export function workOperations(api: ApiRoutes, { log }: Services, feed: Feed): void {
  for (const kind of ['job', 'prediction'] satisfies HolderKind[]) {
    const path = `/${kind}s/:id`;
    api.add(
      {
        method: 'get',
        path: `${path}/events`,
        permission: 'read',
        tag: kind,
        summary: 'Follow it live',
        description: eventText,
        query: z.strictObject({ after: z.string().optional() }),
        headers: [{ name: 'Last-Event-ID', description: 'The id of the last event that came.' }],
        answers: {
          200: { description: 'A stream of server-sent events.', types: ['text/event-stream'] },
          204: { description: 'It is done, and nothing is left to come.' },
        },
      },
      async ({ who, id, request, response }) => {
        // Whether they may see it; the feed itself knows no people.
        await log.count(who, { kind, id });
        await sendEvents(feed, { kind, id }, request, response);
      },
    );

    api.add(
      {
        method: 'get',
        path: `${path}/log`,
        permission: 'read',
        tag: kind,
        summary: 'Its log',
        description:
          'Without a query the whole of it, as text. `tail`, `from` with `limit`, `before` with `limit`, and `search` answer JSON; `search` counts over the whole log.',
        query: logQuerySchema,
        answers: {
          200: { description: 'Text, or a part of it as JSON.', types: ['text/plain'], schema: logAnswerSchema },
        },
      },
      async ({ who, id, query, request, response }) => {
        const holder = { kind, id } as const;
        if (Object.values(query).every((value) => value === undefined)) {
          await sendDownload(request, response, await log.raw(who, holder));
          return;
        }
        const { search, before, from, tail, limit } = query;
        if (search !== undefined) {
          const found = await log.search(who, holder, { text: search, from: from ?? 1, limit: limit ?? 100 });
          response.json({ lines: found.matches, total: found.total });
          return;
        }
        const lines =
          before !== undefined
            ? await log.before(who, holder, before, limit ?? 1000)
            : from !== undefined
              ? await log.range(who, holder, from, limit ?? 1000)
              : await log.tail(who, holder, tail ?? limit ?? 1000);
        response.json({ lines, total: await log.count(who, holder) });
      },
    );
  }
}
