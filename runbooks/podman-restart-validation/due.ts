import { z } from 'migrate-runbook';
import type { Ask } from './ask.ts';
import { imageOf, readDue } from './auto-update.ts';
import type { Params } from './params.ts';
import type { Reached } from './reach.ts';

/** Whether the unit of auto-update may run, and what it is made to fail at; null where it fails by itself. */
export const due = z.object({
  may: z.boolean(),
  image: z.string().nullable(),
  why: z.string(),
  unblock: z.string(),
});

/** It replaces every container that is due, so it runs only where none is, or where that is agreed to. */
export async function mayUpdate(
  ask: Ask,
  p: Params,
  { account, autoUpdate, updates }: Reached,
): Promise<z.output<typeof due>> {
  const no = (why: string, unblock: string) => ({ may: false, image: null, why, unblock });
  if (autoUpdate === null)
    return no(`there is no ${p.autoUpdate}`, 'Switch to a configuration that has it: --set autoUpdate=…');
  const found = await readDue(ask, account, updates);
  if (found.due.length > 0 && !p.mayUpdate)
    return no(
      `it would replace ${found.due.join(', ')}`,
      'Run it where nothing is due, or let it replace what is: --set mayUpdate=true',
    );
  if (found.fails) return { may: true, image: null, why: 'podman reports an error by itself', unblock: '' };
  const image =
    p.errorImage ?? (updates === 'user' ? await imageOf(ask, account, p.stacks[0].container) : null);
  return image === null
    ? no(
        'there is no image to make a container of at which it fails',
        'Name one that is there: --set errorImage=…',
      )
    : { may: true, image, why: `it is to fail at a container of ${image}`, unblock: '' };
}
