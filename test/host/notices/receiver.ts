import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly json: Record<string, unknown>;
}

/** What the receiver does with its requests, one after the other; the last stands for all that follow. */
export type Answer = number | 'never' | 'closes' | { readonly status: number; readonly says: string };

/** A real server on the loopback, as the receiver of notices. */
export async function receiver(...answers: Answer[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const answer = answers[Math.min(received.length, answers.length - 1)] ?? 200;
      const { url = '', headers } = request;
      received.push({ path: url, headers, json: JSON.parse(text) as Record<string, unknown> });
      if (answer === 'closes') request.socket.destroy();
      else if (typeof answer === 'number') response.writeHead(answer, { location: '/elsewhere' }).end();
      else if (answer !== 'never') response.writeHead(answer.status).end(answer.says);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}
