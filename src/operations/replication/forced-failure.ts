import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { durationMs, operation, sh, type ActContext, type Host } from '../../runbook/index.ts';
import { durationText } from './duration-text.ts';
import { presentUnits, unitName } from '../units/unit-state.ts';
import { startProblem } from '../units/unit-verdict.ts';

const input = z.strictObject({
  unit: unitName,
  /** What shall be started by the failure; those of the unit's OnFailure when left out. */
  handlers: z.array(unitName).min(1).readonly().optional(),
  /** How long the handlers may take. */
  within: durationText.optional(),
});
type Input = z.output<typeof input>;

interface Captured {
  readonly dropIn: string;
  /** Which start of each handler is the latest, so that another one is known for new. */
  readonly handlers: Readonly<Record<string, string>>;
}

/**
 * Makes a oneshot unit fail once, and waits until what it starts on a failure has done its work: that a
 * failure will be told is proven by one. The unit's own command is not run. What makes it fail lies in
 * /run, and is gone afterwards, after a boot at the latest.
 *
 * Input: `unit`, `handlers`, `within` (30s when left out). Output: the handlers that ran.
 * @throws StepError `failure.no-handler`, `failure.not-forced`, `failure.not-told`
 */
export const forcedFailure = operation({
  operation: 'forced-failure',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input }): Promise<Captured> => {
    await presentUnits(host, [input.unit]);
    const handlers = input.handlers ?? (await onFailure(host, input.unit));
    if (handlers.length === 0) {
      throw new StepError(
        'failure.no-handler',
        `nothing is started when ${input.unit} fails: it has no OnFailure`,
        'Give it one in the configuration, which tells somebody.',
      );
    }
    return {
      dropIn: `/run/systemd/system/${input.unit}.d/90-migrate-forced-failure.conf`,
      handlers: Object.fromEntries(
        await Promise.all(handlers.map(async (one) => [one, await lastStart(host, one)])),
      ) as Record<string, string>,
    };
  },
  output: z.object({ handlers: z.array(z.string()) }),
  idempotent: true,
  describe: ({ input, captured }) => [
    `in ${captured.dropIn}, let ${input.unit} fail instead of its command`,
    sh`systemctl daemon-reload`,
    sh`systemctl start ${input.unit}`,
    `wait for ${Object.keys(captured.handlers).join(', ')}, and take it back`,
  ],
  run: async (context) => {
    try {
      await fail(context);
      return { handlers: await told(context) };
    } finally {
      for (const command of takenBack(context.input, context.captured)) await context.host.exec(command);
    }
  },
  undo: ({ input, captured }) => takenBack(input, captured),
});

const text = `[Service]
ExecCondition=
ExecStartPre=
ExecStart=
ExecStart=/bin/sh -c "echo failed on purpose, to see that it is told >&2; exit 1"
`;

async function fail({ host, input, captured, exec }: ActContext<unknown, unknown, Input, Captured>) {
  await exec(sh`mkdir -p ${folderOf(captured.dropIn)}`);
  await exec(sh.with({ input: text })`tee ${captured.dropIn}`);
  await exec(sh`systemctl daemon-reload`);
  const { exitCode } = await exec(sh`systemctl start ${input.unit}`, { anyExit: true });
  const [state] = [...(await presentUnits(host, [input.unit])).values()];
  if (exitCode !== 0 && state !== undefined && startProblem(state) !== undefined) return;
  throw new StepError(
    'failure.not-forced',
    `${input.unit} was made to fail, and did not`,
    `See whether it reads what lies in /run: systemctl cat ${input.unit}`,
  );
}

async function told({ host, input, captured, signal }: ActContext<unknown, unknown, Input, Captured>) {
  const within = input.within ?? '30s';
  const end = host.clock.now().monotonic + durationMs(within);
  const names = Object.keys(captured.handlers);
  for (;;) {
    const states = [...(await presentUnits(host, names))];
    const open = states.filter(
      ([name, state]) => state.InvocationID === captured.handlers[name] || startProblem(state) !== undefined,
    );
    if (open.length === 0) return names;
    if (host.clock.now().monotonic >= end) {
      const wrong = open.map(([name, state]) =>
        state.InvocationID === captured.handlers[name]
          ? `${name} was not started`
          : `${name} ${startProblem(state)}`,
      );
      throw new StepError(
        'failure.not-told',
        `${input.unit} failed on purpose, and within ${within} ${wrong.join('; ')}`,
        `See what it said: journalctl -u ${names[0]} --no-pager -n 50`,
      );
    }
    await host.clock.sleep(500, signal);
    signal.throwIfAborted();
  }
}

function takenBack({ unit }: Input, { dropIn }: Captured) {
  return [
    sh`rm -f -- ${dropIn}`,
    sh.with({ ok: [0, 1] })`rmdir --ignore-fail-on-non-empty -- ${folderOf(dropIn)}`,
    sh`systemctl daemon-reload`,
    // A unit that has not failed has nothing to reset, and says so with exit code 1.
    sh.with({ ok: [0, 1] })`systemctl reset-failed ${unit}`,
  ];
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

async function onFailure(host: Host, unit: string): Promise<readonly string[]> {
  const argv = ['systemctl', 'show', unit, '--property=OnFailure', '--value'] as const;
  const { stdout } = await host.exec({ argv });
  return stdout.split(/\s+/).filter((name) => name !== '');
}

async function lastStart(host: Host, unit: string): Promise<string> {
  const [state] = [...(await presentUnits(host, [unit])).values()];
  return state?.InvocationID ?? '';
}
