import { fragment, StepError, z } from 'migrate-runbook';
import { isMountedAgain } from './mounted.ts';
import { params, type windowsRestarts } from './params.ts';

type Kind = (typeof windowsRestarts)[number];

const how: Readonly<Record<Kind, string>> = {
  restart: 'restart Windows (Start, Power, Restart)',
  'fast-startup':
    'with fast start-up on (Control Panel, Power Options, "Turn on fast start-up"), shut Windows down (Start, Power, Shut down) and start it again',
  update: 'have Windows install an update that restarts it, and let it restart',
};

/** One way in which Windows restarts: the disk must be there again, without anybody's doing. */
export const windowsRestart = (kind: Kind) => {
  const isAsked = ({ params: p }: { readonly params: { readonly windowsRestarts: readonly Kind[] } }) =>
    p.windowsRestarts.includes(kind);
  return fragment({ params })
    .step('kernel', {
      title: 'Remember which kernel runs',
      when: isAsked,
      readonly: true,
      describe: 'read the boot id',
      output: z.object({ bootId: z.string() }),
      run: async ({ host }) => ({ bootId: (await host.boot()).bootId }),
    })
    .reboot('restart', {
      title: `Windows: ${kind}`,
      needs: ['kernel'],
      when: isAsked,
      instructions: ({ params: p }) =>
        `${how[kind]}. Attach and mount nothing by hand. Then start this distribution: wsl.exe -d ${p.distribution}`,
      verify: async ({ host, outputs }) => {
        // `wsl --terminate` gives a new PID 1 and leaves the kernel, and with it the disk.
        if ((await host.boot()).bootId !== outputs.kernel?.bootId) return;
        throw new StepError(
          'restart.same-kernel',
          'the kernel is the one from before: the distribution was restarted, and not Windows',
        );
      },
    })
    .check('mounted', {
      title: `Mounted again after it: ${kind}`,
      needs: ['restart'],
      when: isAsked,
      onFailure: 'continue',
      expect: 'the SSD at its place, by the unit, without anybody’s doing',
      run: ({ host, params: p }) => isMountedAgain(host, p),
    });
};
