import { fillNotice, runbook, StepError } from 'migrate-runbook';
import { dataAt, lookForData, stageRestore, swapIn } from 'migrate-runbook/operations';
import { params } from './restore-missing/params.ts';
import { flagOf, placeOf, sourcesOf, wrongTogether } from './restore-missing/places.ts';

export default runbook('restore-missing', {
  summary: 'Bring the data of a service back when it is missing, before the service starts',
  params,
  root: true,
  claims: ({ params: p }) => [
    { kind: 'path', path: p.dataPath, role: 'target' },
    ...(p.dataset === undefined ? [] : [{ kind: 'dataset' as const, dataset: p.dataset }]),
  ],
  nothingToDo: async ({ params: p, host, folder }) => {
    if (wrongTogether(p) !== undefined) return undefined;
    if ((await host.files.stat(flagOf(p))) !== undefined) return undefined;
    const { state, why } = await dataAt(host, placeOf(p), folder);
    if (state !== 'present') return undefined;
    return {
      why: `the data of ${p.service} is there: ${why}`,
      ...(p.tellSkipped ? { message: fillNotice('preseed-skipped', { serviceName: p.service }) } : {}),
    };
  },
})
  .phase('Look')
  .check('sources', {
    title: 'What was given goes together',
    expect: 'at least one source, and all that it needs',
    run: ({ params: p }) => {
      const wrong = wrongTogether(p);
      const observed =
        wrong ??
        sourcesOf(p)
          .map(({ kind }) => kind)
          .join(', then ');
      return { verdict: wrong === undefined ? 'PASS' : 'FAIL', observed };
    },
  })
  .step('look', {
    title: 'Is the data there?',
    needs: ['sources'],
    use: lookForData,
    with: ({ params: p }) => placeOf(p),
  })

  .phase('Restore')
  .step('hold-backups', {
    title: 'Hold backups back',
    needs: ['look'],
    when: ({ outputs }) => outputs.look.state !== 'present',
    idempotent: true,
    describe: ({ params: p }) => `make ${flagOf(p)}, while which is there no backup of the service may run`,
    run: async ({ host, params: p, run }) => {
      const flag = flagOf(p);
      await host.files.makeFolder(flag.replace(/\/[^/]*$/, ''), { mode: 0o755 });
      await host.files.replace(flag, `The data of ${p.service} is missing; see: migrate status ${run.id}\n`, {
        mode: 0o644,
      });
    },
    // Taking this run back brings no data back, so the backups stay held back.
    undo: () => [],
  })
  .step('stage', {
    title: 'Restore beside its place, and verify',
    needs: ['hold-backups', 'look'],
    when: ({ outputs }) => outputs.look.state !== 'present',
    use: stageRestore,
    with: ({ params: p }) => ({
      ...placeOf(p),
      sources: sourcesOf(p),
      limit: p.limit as `${number}s`,
      properties: p.properties,
    }),
  })
  .manual('begin-empty', {
    title: 'Nothing exists anywhere',
    needs: ['stage'],
    when: ({ outputs, params: p }) => outputs.stage?.outcome === 'nothing-anywhere' && !p.mayBeginEmpty,
    instructions: ({ outputs, params: p }) =>
      `It is proven that no backup of ${p.service} exists:\n${(outputs.stage?.attempts ?? [])
        .map(({ source, detail }) => `- ${source}: ${detail}`)
        .join(
          '\n',
        )}\nThe service stays down. Bring its data back by hand, or say by confirming this that it shall begin empty.`,
    probe: async ({ host, params: p, run }) =>
      (await dataAt(host, placeOf(p), run.folder)).state === 'present',
  })
  .step('swap', {
    title: 'Let it take its place',
    needs: ['stage'],
    when: ({ outputs }) => outputs.stage?.outcome === 'staged',
    use: swapIn,
    with: ({ params: p, outputs }) => {
      const staged = outputs.stage?.staged;
      if (staged === undefined || staged === null) {
        throw new StepError('restore.not-staged', 'nothing was restored that could take its place');
      }
      return { ...placeOf(p), staged };
    },
  })
  .step('allow-backups', {
    title: 'Let backups run again, and tell',
    needs: ['look', 'stage', 'begin-empty', 'swap'],
    idempotent: true,
    describe: ({ params: p }) => `remove ${flagOf(p)}`,
    run: async ({ host, notify, outputs, params: p }) => {
      await host.files.remove(flagOf(p));
      const { stage } = outputs;
      if (stage?.outcome !== 'staged') return;
      const fields = {
        serviceName: p.service,
        restoreSource: `${stage.source}, ${stage.snapshot}`,
        duration: `${Math.round(stage.ms / 1000)} s`,
      };
      await notify?.(fillNotice('preseed-success', fields));
    },
    undo: ({ params: p }) => [
      { restore: flagOf(p), content: `The data of ${p.service} went with a rollback.\n`, mode: 0o644 },
    ],
  });
