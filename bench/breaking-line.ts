import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface BreakingLine {
  url: string;
  /** Bytes that went in at this end, whether they arrived or not. */
  sent(): number;
  broken(): number;
  alsoDone(): boolean;
  close(): Promise<void>;
}

/**
 * A line to a port of this machine that is torn, both ends at once and in the middle of what flows, each time so many
 * bytes have gone through it. Where two of the places lie in one piece of data, it is torn once for each, at the next.
 */
export async function openBreakingLine(order: {
  port: number;
  breaksAt: readonly number[];
  also: { at: number; act: () => void };
}): Promise<BreakingLine> {
  const breaksAt = order.breaksAt.toSorted((a, b) => a - b);
  const open = new Set<Socket>();
  let sent = 0;
  let broken = 0;
  let isAlsoDone = false;

  const server = createServer((near) => {
    const far = connect(order.port, '127.0.0.1');
    const tear = () => {
      near.resetAndDestroy();
      far.resetAndDestroy();
    };
    for (const socket of [near, far]) {
      open.add(socket);
      socket.once('close', () => {
        open.delete(socket);
        // An end that is gone takes the other with it: the one that killed the server, most of all.
        near.destroy();
        far.destroy();
      });
      socket.on('error', () => undefined);
    }
    near.on('data', (piece) => {
      sent += piece.length;
      if (!isAlsoDone && sent >= order.also.at) {
        isAlsoDone = true;
        order.also.act();
      }
      const next = breaksAt[broken];
      if (next !== undefined && sent >= next) {
        broken += 1;
        tear();
        return;
      }
      if (!far.write(piece)) {
        near.pause();
        far.once('drain', () => near.resume());
      }
    });
    near.once('end', () => far.end());
    far.pipe(near);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: () => sent,
    broken: () => broken,
    alsoDone: () => isAlsoDone,
    async close() {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
