import type { CommandResult } from '../../runbook/index.ts';

/** What came of one request. Only `answered` is healthy, when its status and text are the expected ones. */
export type HttpKind =
  | 'answered'
  | 'wrong-status'
  | 'redirected'
  | 'wrong-text'
  | 'too-many-redirects'
  | 'refused'
  | 'unreachable'
  | 'no-such-host'
  | 'timed-out'
  | 'tls'
  | 'cut-off'
  | 'failed';

export interface HttpAnswer {
  readonly kind: HttpKind;
  /** For a person. */
  readonly said: string;
  readonly status?: number;
  readonly contentType?: string;
  /** Where it redirects to, or came to by redirects. */
  readonly address?: string;
  /** Its beginning. */
  readonly body?: string;
  readonly ms?: number;
}

export interface Expected {
  /** Any of 200 to 299 when left out. */
  readonly status?: readonly number[] | undefined;
  /** Text that must be in what is answered. */
  readonly contains?: string | undefined;
}

/** Characters of the body that are kept as evidence. */
const bodyShown = 500;

interface Written {
  readonly http_code?: number;
  readonly content_type?: string | null;
  readonly redirect_url?: string | null;
  readonly url_effective?: string | null;
  readonly time_total?: number;
  readonly num_redirects?: number;
  readonly errormsg?: string | null;
}

/** What an end of curl means: the body on standard output, its own words and a line of JSON on standard error. */
export function readAnswer(
  { stdout, stderr, exitCode, signal }: CommandResult,
  { status, contains }: Expected,
): HttpAnswer {
  const written = writtenIn(stderr);
  const ms = written.time_total === undefined ? {} : { ms: Math.round(written.time_total * 1000) };
  const code = written.http_code ?? 0;
  // Too much to read was answered all the same; an answer that does not end within its time was not.
  if (exitCode !== 0 && !(exitCode === 63 && code > 0)) {
    const kind = kindOf(exitCode, stderr);
    const said = written.errormsg || lastWords(stderr) || `curl ended with ${exitCode ?? signal}`;
    return { kind, said: `${words[kind]}: ${said}`, ...(code > 0 ? { status: code } : {}), ...ms };
  }
  const answer = {
    status: code,
    ...(written.content_type ? { contentType: written.content_type } : {}),
    ...((written.num_redirects ?? 0) > 0 && written.url_effective ? { address: written.url_effective } : {}),
    body: stdout.slice(0, bodyShown),
    ...ms,
  };
  const fits = status === undefined ? code >= 200 && code <= 299 : status.includes(code);
  if (!fits) {
    const wanted = status === undefined ? '200 to 299' : status.join(' or ');
    const { redirect_url: to } = written;
    if (to) {
      const said = `it answered ${code}, which redirects to ${to}, and ${wanted} is expected`;
      return { kind: 'redirected', said, ...answer, address: to };
    }
    return { kind: 'wrong-status', said: `it answered ${code}, and ${wanted} is expected`, ...answer };
  }
  if (contains !== undefined && !stdout.includes(contains)) {
    const said = `it answered ${code}, and what it says does not contain ${JSON.stringify(contains)}`;
    return { kind: 'wrong-text', said, ...answer };
  }
  const after = 'ms' in ms ? ` after ${ms.ms} ms` : '';
  return { kind: 'answered', said: `it answered ${code}${after}`, ...answer };
}

const words: Readonly<Record<HttpKind, string>> = {
  answered: 'it answered',
  'wrong-status': 'it answered with another status',
  redirected: 'it redirects',
  'wrong-text': 'it answered with another text',
  'too-many-redirects': 'it redirects again and again',
  refused: 'nothing listens there',
  unreachable: 'there is no way to it',
  'no-such-host': 'its name is not known',
  'timed-out': 'it did not answer in time',
  tls: 'no secure connection could be made',
  'cut-off': 'the connection was cut off before an answer',
  failed: 'it could not be asked',
};

/** By curl's exit code; see "EXIT CODES" in curl(1). That nothing listens it only tells in words. */
function kindOf(exitCode: number | null, stderr: string): HttpKind {
  switch (exitCode) {
    case 5:
    case 6:
      return 'no-such-host';
    case 7:
      return /Connection refused/i.test(stderr) ? 'refused' : 'unreachable';
    case 28:
      return 'timed-out';
    case 35:
    case 51:
    case 53:
    case 54:
    case 58:
    case 59:
    case 60:
    case 64:
    case 66:
    case 77:
    case 80:
    case 82:
    case 83:
    case 90:
    case 91:
      return 'tls';
    case 47:
      return 'too-many-redirects';
    case 1:
    case 8:
    case 18:
    case 52:
    case 55:
    case 56:
    case 92:
      return 'cut-off';
    default:
      return 'failed';
  }
}

function writtenIn(stderr: string): Written {
  const line = stderr.split('\n').findLast((each) => each.startsWith('{'));
  try {
    return line === undefined ? {} : (JSON.parse(line) as Written);
  } catch {
    return {};
  }
}

/** Of curl before 7.75, whose JSON holds no message. */
function lastWords(stderr: string): string {
  const said = stderr.split('\n').findLast((line) => line.startsWith('curl: '));
  return said ?? '';
}
