/** How another machine is reached: by a key, or not at all. */
export interface FarAccess {
  /** `user@host`, or a host of the person's own ssh configuration. */
  readonly host: string;
  readonly port?: number | undefined;
  /** The private key; what ssh itself would try when left out. */
  readonly identityFile?: string | undefined;
  /** The file that names the host's key; the person's own when left out. */
  readonly knownHostsFile?: string | undefined;
}

/**
 * The ssh that nobody has to answer: it asks for no password and believes no unknown host, and notices
 * within a minute that a connection is dead. A command follows the host.
 */
export function sshCommand(access: FarAccess): [string, ...string[]] {
  return [...sshProgram(access), '--', access.host];
}

/** The same, as rsync wants it: one text, which it takes apart itself. */
export function rsyncShell(access: FarAccess): string {
  return sshProgram(access)
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `"${word.replaceAll('"', '""')}"`))
    .join(' ');
}

/** A folder there, for people and for rsync. */
export function farPlace({ host }: FarAccess, path: string): string {
  return `${host}:${path}`;
}

function sshProgram({ port, identityFile, knownHostsFile }: FarAccess): [string, ...string[]] {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'ConnectTimeout=20',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=4',
    // A master that outlives its caller would be taken for what an interrupted attempt has left.
    'ControlMaster=no',
    'ControlPath=none',
    'ClearAllForwardings=yes',
    'ForwardAgent=no',
    'EscapeChar=none',
    'LogLevel=ERROR',
    ...(identityFile === undefined ? [] : ['IdentitiesOnly=yes']),
    ...(knownHostsFile === undefined ? [] : [`UserKnownHostsFile=${knownHostsFile}`]),
  ];
  return [
    'ssh',
    '-T',
    ...options.flatMap((option) => ['-o', option]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(identityFile === undefined ? [] : ['-i', identityFile]),
  ];
}
