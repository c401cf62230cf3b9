import { StepError } from '../../errors.ts';
import type { FarAccess } from './access.ts';

interface Known {
  readonly said: RegExp;
  readonly code: string;
  readonly message: (host: string) => string;
  readonly hint: (host: string) => string;
}

const known: readonly Known[] = [
  {
    said: /REMOTE HOST IDENTIFICATION HAS CHANGED|[Hh]ost key for .* has changed/,
    code: 'far.host-key-changed',
    message: (host) => `${host} shows another key than the one that is known: it may be another machine`,
    hint: () =>
      'Find out why. When the machine was set up anew, replace its line in known_hosts (ssh-keygen -R HOST).',
  },
  {
    said: /Host key verification failed|host key is known for/,
    code: 'far.host-key-unknown',
    message: (host) => `the key of ${host} is not known here, so it may be any machine`,
    hint: (host) => `Compare its fingerprint once by hand, as the same user: ssh ${host} true`,
  },
  {
    said: /Permission denied|Too many authentication failures|No supported authentication/,
    code: 'far.key-refused',
    message: (host) => `${host} refuses the key: only keys are used, never passwords`,
    hint: (host) =>
      `Let the public key be authorized there (ssh-copy-id ${host}), or name the right one as identityFile.`,
  },
];

/** Why there is no connection, by what ssh said. */
export function cannotConnect({ host }: FarAccess, said: string): StepError {
  const shown = lastLines(said);
  const cause = known.find((each) => each.said.test(said));
  if (cause === undefined) {
    return new StepError(
      'far.unreachable',
      `${host} cannot be reached over ssh${shown}`,
      'See that the machine is up and that its address and port are right, and run the step again.',
    );
  }
  return new StepError(cause.code, `${cause.message(host)}${shown}`, cause.hint(host));
}

export function connectionLost({ host }: FarAccess, said: string): StepError {
  return new StepError(
    'far.connection-lost',
    `the connection to ${host} was lost${lastLines(said)}`,
    'Run the step again when the machine can be reached: what is copied stays copied.',
  );
}

/** What rsync said, when its ssh is to blame; `undefined` when it is not. */
export function rsyncFault(
  access: FarAccess,
  { exitCode, stderr }: { readonly exitCode: number | null; readonly stderr: string },
): StepError | undefined {
  if (exitCode === 0 || exitCode === null || exitCode === 23 || exitCode === 24) return undefined;
  const cause = known.find((each) => each.said.test(stderr) && exitCode === 255);
  if (cause !== undefined || /ssh: (connect to host|Could not resolve)/.test(stderr))
    return cannotConnect(access, stderr);
  // A full disk ends the far half too, and its near one then says that it lost the other.
  if (/No space left|quota exceeded|failed:|not supported/i.test(stderr)) return undefined;
  const lost = [255, 12, 10, 30].includes(exitCode) || /connection unexpectedly closed/.test(stderr);
  return lost ? connectionLost(access, stderr) : undefined;
}

export function farToolMissing({ host }: FarAccess, what: string, hint: string): StepError {
  return new StepError('far.tool-missing', `${what} is missing on ${host}`, hint);
}

function lastLines(said: string): string {
  const lines = said.trim().split('\n').filter(Boolean).slice(-5);
  return lines.map((line) => `\n  ${line.trim()}`).join('');
}
