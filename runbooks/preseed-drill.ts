import { runbook, StepError } from 'migrate-runbook';
import { dataAt, stageRestore, swapIn } from 'migrate-runbook/operations';
import { compareDrill } from './preseed-drill/compare.ts';
import { params } from './preseed-drill/params.ts';
import {
  clearScratch,
  drilledPlace,
  drilledSources,
  lose,
  makeScratch,
  scratchOf,
} from './preseed-drill/scratch.ts';

export default runbook('preseed-drill', {
  summary: 'Lose a copy of a service’s data, bring it back from one source, and compare; the service runs on',
  params,
  root: true,
})
  .phase('Lose a copy')
  .check('given', {
    title: 'The source is given',
    expect: 'all that the source needs',
    run: ({ params: p }) =>
      drilledSources(p).length === 1
        ? { verdict: 'PASS', observed: p.source }
        : { verdict: 'FAIL', observed: `${p.source} is not among what was given` },
  })
  .step('scratch', {
    title: 'A copy to lose, beside the data',
    needs: ['given'],
    use: makeScratch,
    with: ({ params: p, run }) => scratchOf(p, run),
  })
  .step('lose', {
    title: 'Lose it',
    needs: ['scratch'],
    use: lose,
    with: ({ params: p, run }) => scratchOf(p, run),
  })
  .check('missed', {
    title: 'It is missed',
    needs: ['lose'],
    expect: 'absent',
    run: async ({ host, params: p, run }) => {
      const { state, why } = await dataAt(host, drilledPlace(p, run), run.folder);
      return { verdict: state === 'absent' ? 'PASS' : 'FAIL', observed: `${state}: ${why}` };
    },
  })

  .phase('Bring it back')
  .step('stage', {
    title: 'Restore beside its place, and verify',
    needs: ['missed'],
    use: stageRestore,
    with: ({ params: p, run }) => ({
      ...drilledPlace(p, run),
      sources: drilledSources(p),
      limit: p.limit as `${number}s`,
      properties: p.properties,
    }),
  })
  .step('swap', {
    title: 'Let it take its place',
    needs: ['stage'],
    use: swapIn,
    with: ({ params: p, run, outputs }) => {
      const { staged } = outputs.stage;
      if (staged === null) {
        throw new StepError(
          'restore.not-staged',
          `${p.source} holds nothing: ${outputs.stage.attempts[0]?.detail}`,
        );
      }
      return { ...drilledPlace(p, run), staged };
    },
  })
  .check('compare', {
    title: 'It is what was lost',
    needs: ['swap'],
    expect: 'the same files with the same content; of an older backup, what differs is told',
    run: ({ host, params: p, run }) => compareDrill(host, p, run),
  })
  .step('clear', {
    title: 'Remove all that the drill made',
    needs: ['compare'],
    use: clearScratch,
    with: ({ params: p, run }) => scratchOf(p, run),
  });
