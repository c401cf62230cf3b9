/**
 * The descriptors that the supervisor is started with: the caller's terminal is 0, 1 and, since its
 * own complaints go to a pipe at 2, a second copy of the caller's standard error.
 */
export const supervisorStdio = ['inherit', 'inherit', 'pipe', 'ipc', 2] as const;

/** The same terminal, as the supervisor hands it on. */
export const terminal = [0, 1, 4] as const;
