import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { returnableOf } from '../../../src/cli/options/crash-choice.ts';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { everywhereOnTheWayBack } from '../../../src/rehearsal/everywhere/back.ts';
import { Journey } from '../../../src/rehearsal/everywhere/journey.ts';
import { keptAside, leftBehind } from '../../../src/rehearsal/everywhere/likeness.ts';
import { randomOf } from '../../../src/rehearsal/random.ts';
import { readRun, readRunEvents } from '../../../src/rehearsal/rehearse.ts';

/** Draws the places; each seed draws others. */
const seed = Number(process.env['MIGRATE_CRASH_SEED'] ?? 1);

/**
 * Goes all the way to the point of no return, killed at drawn places, once at each; and all the way back, killed
 * once in every undo, to the very world of the start.
 *
 * @param share of the steps that are killed, each in its act or before its checkpoint; MIGRATE_CRASH_SHARE overrides it
 * @param shown a script that shows the service at work in the new place, with all that it had
 */
export async function killedBothWays(
  service: string,
  { share, shown, is }: { readonly share: number; readonly shown: string; readonly is: RegExp },
): Promise<void> {
  await inWorldOf(service, async (journey, steps, end) => {
    const random = randomOf(seed);
    const wanted = Number(process.env['MIGRATE_CRASH_SHARE'] ?? share);
    const places = steps
      .filter(() => random() < wanted)
      .map((step) => `${random() < 0.5 ? 'mid-act' : 'before-checkpoint'}:${step}`);
    console.log(`${service}, seed ${seed}: ${places.join(' ')}`);
    const there = await journey.to(end, { crash: places.join(',') });
    expect(there.outcome, `${there.why}\n${journey.said}`).toBe('done');
    // What only reads may have no command to be killed in, and a service without a step has no place there.
    expect(there.crashes).toBeGreaterThan(places.length / 2);
    const { world } = journey;
    expect((await world.run(['sh', '-c', shown])).stdout).toMatch(is);
    const done = (await readRunEvents(world)).flatMap((event) =>
      event.type === 'step.completed' ? event.step : [],
    );
    expect(done).toEqual([...new Set(done)]);

    const state = await readRun(world);
    if (state === undefined) throw new Error('there is no run');
    const crash = everywhereOnTheWayBack(state, random);
    const back = await journey.back(undefined, crash === undefined ? {} : { crash });
    expect(back.outcome, `${back.why}\n${journey.said}`).toBe('done');
    expect(back.crashes).toBeGreaterThan(0);
    const { snapshot } = await journey.see();
    expect(leftBehind(journey.start, snapshot, keptAside(snapshot, state.run))).toEqual([]);
    console.log(
      `${service}: killed ${there.crashes} times on the way there, ${back.crashes} on the way back`,
    );
  });
}

/** Gives the steps that can be taken back, and the index of the last one before the point of no return. */
async function inWorldOf(
  service: string,
  work: (journey: Journey, steps: readonly string[], end: number) => Promise<void>,
): Promise<void> {
  const { runbook } = await loadRunbook(service);
  const plan = runbook.rehearsal ?? {};
  const ids = runbook.nodes.map(({ id }) => id);
  const returnable = returnableOf(runbook);
  const steps = returnable.filter((id) =>
    runbook.nodes.some((node) => node.id === id && node.kind === 'step'),
  );
  const parent = mkdtempSync(join(tmpdir(), `killed-${service}-`));
  try {
    const setup = { plan, build: { parent }, runbook: service, params: plan.params ?? {}, ids };
    await Journey.within(setup, (journey) => work(journey, steps, returnable.length - 1));
    expect(readdirSync(parent)).toEqual([]);
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}
