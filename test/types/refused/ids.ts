import { runbook } from 'migrate-runbook';

const base = runbook('ids', { summary: 'Step ids and needs' })
  .step('snapshot', { readonly: true, commands: ({ sh }) => [sh`true`] })
  .step('copy', { needs: ['snapshot'], readonly: true, commands: ({ sh }) => [sh`true`] });

// expect: the step id "copy" is used twice in this runbook
base.step('copy', { readonly: true, commands: () => [] });

// expect: the step id "copy" is used twice in this runbook
base.confirm('copy', { ask: 'Go on?' });

// expect: the step id "snapshot" is used twice in this runbook
base.soak('snapshot', { min: '24h', max: '48h', probes: [] });

// expect: Did you mean '"snapshot"'?
base.step('rename', { needs: ['snapshto'], readonly: true, commands: () => [] });

// expect: Type '"something-else"' is not assignable to type '"copy" | "snapshot"'
base.step('rename', { needs: ['something-else'], readonly: true, commands: () => [] });

// expect: Type '"itself"' is not assignable to type '"copy" | "snapshot"'
base.step('itself', { needs: ['itself'], readonly: true, commands: () => [] });

// expect: Type '"cpoy"' is not assignable to type '"copy" | "snapshot"'
base.confirm('sure', { needs: ['cpoy'], ask: 'Sure?' });
