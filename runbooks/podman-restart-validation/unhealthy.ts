import { operation, StepError, z, type Command, type Host } from 'migrate-runbook';
import { account, asUser, userctl } from './account.ts';
import { asking, userUnit } from './ask.ts';
import { restarted, restartOne } from './restart.ts';

const input = z.strictObject({
  account,
  unit: z.string(),
  container: z.string(),
  path: z.string(),
  unhealthy: z.string(),
});
type Input = z.output<typeof input>;

const captured = z.object({ content: z.string(), mtime: z.string(), wasUp: z.boolean() });
type Captured = z.output<typeof captured>;

/**
 * Has a health check fail, by the file that it reads, and restarts the stack meanwhile. The file is written in place,
 * as its user, so that a container which has it mounted sees it. The undo brings its content back, and the unit up
 * by it: before that it could not come up.
 * @throws StepError `health.no-file`, `health.unhealthy-before`
 */
export const restartUnhealthy = operation({
  operation: 'restart-unhealthy',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input: { account, unit, path, unhealthy } }): Promise<Captured> => {
    const [stat, content] = [await host.files.stat(path), await host.files.read(path)];
    if (stat?.kind !== 'file' || content === undefined) {
      throw new StepError(
        'health.no-file',
        `${path} is no file`,
        'Name the file that the health check reads.',
      );
    }
    if (content === unhealthy) {
      throw new StepError(
        'health.unhealthy-before',
        `${path} holds already what makes the health check fail`,
        'Make the stack healthy first.',
      );
    }
    const { ActiveState } = await userUnit(asking(host), account, unit);
    return { content, mtime: stat.mtime, wasUp: ActiveState === 'active' };
  },
  output: z.object({ before: captured, restarted }),
  probe: async ({ host, input, captured }) =>
    (await isMended(host, input, captured)) ? 'not-started' : 'partial',
  idempotent: true,
  describe: ({ input: { account, unit, path, unhealthy } }) => [
    write(asUser(account, 'tee', '--', path), unhealthy),
    { argv: userctl(account, 'restart', unit) },
  ],
  run: async ({ host, input, captured, exec }) => {
    const { account, path, unhealthy } = input;
    await exec(write(asUser(account, 'tee', '--', path), unhealthy));
    return { before: captured, restarted: await restartOne({ host, exec }, account, input) };
  },
  undo: ({ input, captured }) => mendHealth(input, captured),
});

/** What brings the health check back, and the unit up by it. */
export function mendHealth(
  { account, unit, path }: Input,
  { content, mtime, wasUp }: Captured,
): readonly Command[] {
  return [
    write(asUser(account, 'tee', '--', path), content),
    { argv: asUser(account, 'touch', `--date=@${mtime}`, '--', path), cwd: '/' },
    { argv: userctl(account, 'reset-failed', unit), cwd: '/', ok: [0, 1] },
    ...(wasUp ? [{ argv: userctl(account, 'restart', unit), cwd: '/' }] : []),
  ];
}

/** The same as a step of its own, once what was to be seen was seen. */
export const makeHealthy = operation({
  operation: 'make-healthy',
  version: 1,
  reversal: 'undo',
  input: input.extend({ before: captured }),
  idempotent: true,
  commands: ({ input: { before, ...rest } }) => mendHealth(rest, before),
  // It is as it was before the test.
  undo: () => [],
});

/** What a kill has left half written is ours; another edit is not. */
async function isMended(
  host: Host,
  { account, unit, path, unhealthy }: Input,
  { content, wasUp }: Captured,
): Promise<boolean> {
  const now = (await host.files.read(path)) ?? '';
  if (now !== content && (unhealthy.startsWith(now) || content.startsWith(now))) return false;
  const { ActiveState, ExecMainStatus } = await userUnit(asking(host), account, unit);
  return !wasUp || (ActiveState === 'active' && ExecMainStatus === '0');
}

const write = (argv: Command['argv'], content: string): Command => ({ argv, cwd: '/', input: content });
