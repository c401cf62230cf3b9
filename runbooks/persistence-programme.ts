import { runbook } from 'migrate-runbook';
import { wholeProgramme } from './persistence-programme/look.ts';
import { params } from './persistence-programme/params.ts';
import { stepsOf } from './persistence-programme/phase.ts';
import { phases } from './persistence-programme/phases.ts';
import { rehearsal } from './persistence-programme/rehearsal.ts';

const [datasets, pilot, services, replication, preseed, pitr] = phases;

export default runbook('persistence-programme', {
  summary:
    'Bring services onto datasets of their own in phases, over weeks, and hold their order by evidence',
  params,
  tools: ['restic'],
  root: true,
  rehearsal,
})
  .use(stepsOf(datasets), { prefix: 'phase-1' })
  .use(stepsOf(pilot), { prefix: 'phase-2', needs: ['phase-1-stop'] })
  .use(stepsOf(services), { prefix: 'phase-3', needs: ['phase-2-stop'] })
  .use(stepsOf(replication), { prefix: 'phase-4', needs: ['phase-3-stop'] })
  .use(stepsOf(preseed), { prefix: 'phase-5', needs: ['phase-4-stop'] })
  .use(stepsOf(pitr), { prefix: 'phase-6', needs: ['phase-3-stop'] })
  .check('whole', {
    title: 'What it took, and whether it stands',
    needs: ['phase-5-stop', 'phase-6-stop'],
    expect: 'every phase by its runs',
    run: ({ host, params: p }) => wholeProgramme(host, p),
  });
