import { z, type Host, type ReadContext } from 'migrate-runbook';
import { httpHealth, journalIsQuiet, startUnits } from 'migrate-runbook/operations';
import type { Service } from '../catalogue.ts';
import { asking } from '../health.ts';

const moment = z.object({ since: z.string() });

/** From here on its errors count. */
export function noteTime() {
  return {
    title: 'Note the time',
    readonly: true as const,
    output: moment,
    describe: () => 'read the clock',
    run: async ({ host }: { readonly host: Host }) => ({
      since: new Date(host.clock.now().wall).toISOString(),
    }),
  };
}

export function start({ units }: Pick<Service, 'units'>) {
  return {
    title: 'Start it',
    use: startUnits,
    with: () => ({ units }),
  };
}

/** How its address is asked while it moves. Without one nothing is asked, and what is given is not read. */
export function addressOf({ health }: Pick<Service, 'health'>) {
  return { ...(health === undefined ? { address: '' } : asking(health)), redirects: 5 };
}

/** It answers, once it has had the time to start. */
export function answers(service: Pick<Service, 'health'>) {
  return {
    title: 'It answers',
    when: () => service.health !== undefined,
    use: httpHealth,
    with: () => ({
      ...addressOf(service),
      retries: 60,
      every: '1s' as const,
      deadline: '3m' as const,
    }),
  };
}

/** None of its units has told of an error since the time that was noted. */
export function isQuiet({ units }: Pick<Service, 'units'>) {
  return {
    title: 'No errors in its journal since',
    expect: 'no errors',
    run: async (context: ReadContext<unknown, { readonly moment: z.output<typeof moment> }, undefined>) => {
      for (const unit of units) {
        const found = await journalIsQuiet({ unit, since: context.outputs.moment.since }).run(context);
        if (found.verdict !== 'PASS') return found;
      }
      return { verdict: 'PASS' as const, observed: `no errors of ${units.join(', ')}` };
    },
  };
}
