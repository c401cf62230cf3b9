import { fragment, runbook, z } from 'migrate-runbook';

const base = runbook('gates', {
  summary: 'Gates, fragments and times',
  params: z.object({ dataset: z.string() }),
}).confirm('serial', {
  ask: 'Which disk?',
  input: z.object({ serial: z.string() }),
});

base.step('erase', {
  needs: ['serial'],
  irreversible: 'the disk is erased',
  // expect: Did you mean 'serial'?
  commands: ({ outputs, sh }) => [sh`wipefs ${outputs.serial.seral}`],
});

// expect: Type '"serail"' is not assignable to type '"serial"'
base.soak('fresh-unknown', { min: '24h', max: '48h', fresh: ['serail'], probes: [] });

// expect: Type '"24"' is not assignable
base.soak('no-unit', { min: '24', max: '48h', probes: [] });

// expect: Property 'max' is missing
base.soak('no-maximum', { min: '24h', probes: [] });

base.soak('no-text', {
  min: '24h',
  max: '48h',
  // expect: Type 'number' is not assignable to type 'string | Promise<string>'
  probes: [{ name: 'restarts', counter: () => 3 }],
});

// expect: Property 'instructions' is missing
base.reboot('unsaid', {});

base.check('verdict', {
  expect: 'all is well',
  // expect: Type '"OK"' is not assignable to type '"BLOCKED" | "FAIL" | "PARTIAL" | "PASS"'
  run: () => ({ verdict: 'OK', observed: 'all is well' }),
});

// expect: this runbook lacks a parameter that the fragment needs
base.use(fragment({ params: z.object({ pool: z.string() }) }), { prefix: 'zfs' });

// expect: Type '"serail"' is not assignable to type '"serial"'
base.use(fragment({}), { prefix: 'zfs', needs: ['serail'] });

base.step('retry', {
  readonly: true,
  // expect: 'times' does not exist in type 'Retry'
  retry: { times: 3 },
  commands: ({ sh }) => [sh`true`],
});

base.step('timeout', {
  readonly: true,
  // expect: not assignable to type 'Duration'
  timeout: { minutes: 3 },
  commands: ({ sh }) => [sh`true`],
});

base.step('failure', {
  readonly: true,
  // expect: Type '"ignore"' is not assignable to type '"continue" | "rollback" | "stop"'
  onFailure: 'ignore',
  commands: ({ sh }) => [sh`true`],
});
