import { execFileSync } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import { runbook, sh, z } from 'migrate-runbook';

const params = z.object({
  /** Holds `source`; the rest is made in it. */
  world: z.string(),
  /** What rsync may copy a second, in KiB, so that there is a middle. */
  rate: z.number().default(256),
  soak: z.string().default('4s'),
});
type Step = { readonly params: z.infer<typeof params> };

/** A copy by the real rsync, slowly, with a probe that cannot tell a half copy from a whole one. */
function copy(name: string) {
  return {
    idempotent: true,
    commands: ({ params: { world, rate } }: Step) => [
      sh`rsync -aHAX --numeric-ids --bwlimit=${rate} --delete ${world}/source/ ${world}/${name}`,
    ],
    verify: ({ params: { world } }: Step) => {
      execFileSync('diff', ['--recursive', `${world}/source`, `${world}/${name}`]);
    },
    // Long enough to be broken off.
    undo: ({ params: { world } }: Step) => [sh`sleep 0.7`, sh`rm --recursive --force -- ${world}/${name}`],
  };
}

export default runbook('reboots', {
  summary: 'A migration of which the machine knows nothing when it reboots',
  params,
  claims: ({ params: { world } }) => [{ kind: 'path', path: world, role: 'target' }],
})
  .step('first', copy('first'))
  .step('second', { needs: ['first'], ...copy('second') })
  .step('third', { needs: ['second'], ...copy('third') })
  .step('next-boot', {
    needs: ['third'],
    effective: 'at-boot',
    capture: () => ({ was: 'old' }),
    commands: ({ params: { world } }) => [sh`ln --symbolic --force --no-dereference new ${world}/boots`],
    probe: ({ params: { world } }) => (readlinkSync(`${world}/boots`) === 'new' ? 'done' : 'not-started'),
    undo: ({ params: { world } }) => [sh`ln --symbolic --force --no-dereference old ${world}/boots`],
  })
  .reboot('restart', { needs: ['next-boot'], instructions: 'reboot this machine' })
  .step('fourth', { needs: ['restart'], ...copy('fourth') })
  .step('fifth', { needs: ['fourth'], ...copy('fifth') })
  .soak('settle', {
    needs: ['fifth'],
    min: ({ params: { soak } }) => soak as `${number}s`,
    max: '1h',
    maxGap: '10s',
    probes: [{ name: 'copied', check: ({ params: { world } }) => existsSync(`${world}/fifth`) }],
  })
  .step('sixth', { needs: ['settle'], ...copy('sixth') });
