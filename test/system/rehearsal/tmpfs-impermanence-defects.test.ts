import { describe, expect, it } from 'vitest';
import { readRun } from '../../../src/rehearsal/rehearse.ts';
import type { Json, RehearsalPlan } from '../../../src/runbook/index.ts';
import { isRoot, onStage, params, plan, tail, type Stage } from './tmpfs-impermanence-stage.ts';

describe.skipIf(!isRoot)('a planted defect', { timeout: 900_000 }, () => {
  const verdicts = async (stage: Stage) => {
    const state = await readRun(stage.world);
    return { status: state?.status, gaveUp: state?.steps.get('give-up')?.status ?? 'pending' };
  };
  const refused = (said: RegExp, changes: Readonly<Record<string, Json>>, extra?: string) =>
    onStage(
      async (stage) => {
        const report = await stage.go({ changes });
        expect(report.outcome).toBe('failed');
        expect(tail(stage)).toMatch(said);
        expect((await verdicts(stage)).gaveUp).toBe('pending');
      },
      extra === undefined
        ? {}
        : { nixosTmpfs: { ...(plan.nixosTmpfs as NonNullable<RehearsalPlan['nixosTmpfs']>), extra } },
    );

  it('stops the run before anything is erased: host keys that nobody declares', () =>
    refused(/SSH host keys: \/etc\/ssh\/ssh_host_ed25519_key is lost/, { files: ['/etc/machine-id'] }));

  it('likewise nobody who could log in, and the key of secrets in a home', () =>
    refused(
      /A login that survives: [^]*Keys of secrets[^\n]*lies in a home/,
      {},
      'sops.secrets.token = { }; sops.age.keyFile = "/home/admin/notes.txt";',
    ));

  it('likewise a service that nobody declares', () =>
    refused(/Data of services: \/var\/lib\/mariadb is lost/, {
      services: (params['services'] as { unit: string }[]).filter(({ unit }) => unit !== 'mariadb.service'),
    }));

  it('and before anything is changed at all: a backup on the disk of the root', () =>
    refused(/\/srv\/backup is on loop\d+, as the root file system is/, { backup: '/srv/backup' }));
});
