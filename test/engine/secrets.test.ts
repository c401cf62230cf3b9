import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { survey } from '../../src/engine/index.ts';
import { formatCommand, secret } from '../../src/runbook/index.ts';
import { blind, chain, type Unchecked } from './samples.ts';
import { Stage } from './stage.ts';

const canary = 'canary-4711';
const params = z.object({
  password: secret('of the repository'),
  nested: z.object({ key: secret('x') }).optional(),
});

const backup = () =>
  chain({ params }).step(
    'backup',
    blind('/b', {
      commands: ({ params, sh }: Unchecked) => [
        sh.with({ env: { RESTIC_PASSWORD: params.password } })`backup`,
      ],
      undo: ({ params, sh }: Unchecked) => [sh.with({ env: { RESTIC_PASSWORD: params.password } })`forget`],
    }),
  );

describe('a secret', () => {
  it('is given as a reference to a variable or a file, and never as itself', () => {
    expect(params.parse({ password: 'env:PASSWORD' })).toEqual({
      password: { secret: 'env', name: 'PASSWORD' },
    });
    expect(params.parse({ password: 'file:/run/x' })).toEqual({
      password: { secret: 'file', name: '/run/x' },
    });
    for (const wrong of [canary, 'env:', 'env:A B', 'file:relative', '']) {
      expect(() => params.parse({ password: wrong })).toThrow('never the secret itself');
    }
  });

  it('never appears in the journal, in what is told or logged, in the plan or in an undo', async () => {
    const stage = new Stage(backup(), params.parse({ password: 'file:/run/secret' }));
    const seen: unknown[] = [];
    // The machine resolves the reference at the call; to the engine it stays a reference.
    stage.program('backup', () => void seen.push(canary));
    stage.program('forget', () => void seen.push(canary));
    await stage.run();
    const surveyed = await stage.do((session) =>
      survey(stage.runbook, session.state, '/state/run', session.ports.host),
    );
    await stage.rollBack();
    expect(seen).toHaveLength(2);
    expect(stage.of('step.started')[0]).toMatchObject({
      commands: [{ argv: ['backup'], env: { RESTIC_PASSWORD: { secret: 'file', name: '/run/secret' } } }],
    });
    for (const place of [stage.journal, stage.told, stage.logged, surveyed]) {
      expect(JSON.stringify(place)).not.toContain(canary);
    }
  });

  it('shows as its reference', () => {
    const command = {
      argv: ['backup'] as [string],
      env: { A: params.parse({ password: 'env:P' }).password },
    };
    expect(formatCommand(command)).toBe('A=‹env:P› backup');
  });

  it.each([
    [{ password: 'env:PASSWORD' }, 'password', 'PASSWORD'],
    [{ password: 'file:/run/x', nested: { key: 'env:KEY' } }, 'nested.key', 'KEY'],
  ])(
    'that lies only in the environment is refused by a runbook that reboots, with the mend: %j',
    async (given, name, variable) => {
      const stage = new Stage(backup().reboot('restart', { instructions: 'x' }), params.parse(given));
      await expect(stage.run()).rejects.toMatchObject({
        code: 'params.secret',
        exitCode: 2,
        message: expect.stringMatching(new RegExp(`"${name}".*${variable}.*"restart"`)),
        hint: expect.stringContaining(`${name}=file:/path/to/it`),
      });
      expect(stage.journal).toEqual([]);
    },
  );

  it('in a file is taken by a runbook that reboots', async () => {
    const stage = new Stage(
      backup().reboot('restart', { instructions: 'x' }),
      params.parse({ password: 'file:/run/x' }),
    );
    stage.program('backup', () => {});
    expect((await stage.run()).status).toBe('waiting');
  });
});
