import { text } from 'node:stream/consumers';
import { replyTo, type Request } from './request.ts';

// A process of its own for one request, which its parent can end: the look-up of a name cannot be ended within
// a process, and would keep it alive for as long as the name server is silent. It reads the request as JSON on
// standard input, which no other process sees, and prints the reply.

const request = JSON.parse(await text(process.stdin)) as Request;
setTimeout(() => process.kill(process.pid, 'SIGKILL'), request.limitMs);
process.stdout.write(JSON.stringify(await replyTo(request)), () => process.kill(process.pid, 'SIGKILL'));
