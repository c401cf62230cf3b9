import { join } from 'node:path';
import { MigrateError, messageOf } from '../errors.ts';
import { buildInNamespace, type BuiltWorld } from './build.ts';
import { skipTime } from './clock.ts';
import { layoutOf } from './layout.ts';
import { newestJournal } from './newest-journal.ts';
import type { Answer, CallName, Calls, Question } from './protocol.ts';
import { watchRequests } from './requests.ts';
import { rememberHashes } from './hash-memory.ts';
import { killInWorld, rescueWorld, runInWorld } from './run-in-world.ts';
import { takeSnapshot } from './snapshot.ts';
import { surveyWorld } from './survey-world.ts';
import { WorldError } from './world-error.ts';

// The process that holds a world: PID 1 of the outer namespaces, so that the world dies with it.
// `world.ts` starts it as `supervisor.ts FOLDER` and talks to it over Node's channel.

const layout = layoutOf(process.argv[2] ?? '');
let built: BuiltWorld | undefined;
const hashes = rememberHashes();

const answers: { [Name in CallName]: (ask: Calls[Name]['ask']) => Promise<Calls[Name]['answer']> } = {
  async build({ plan, options }) {
    built = await buildInNamespace(layout, plan, options);
    watchRequests(layout, built.machine);
    return built.facts;
  },
  run({ run, argv, options }) {
    const { machine, env } = world();
    const onOutput = (text: string, stream: 'stdout' | 'stderr') => send({ run, text, stream });
    return runInWorld(layout, machine, { run, argv, options, env, onOutput });
  },
  rescue: ({ argv }) => rescueWorld(layout, { argv, env: world().env }),
  kill: ({ run, signal }) => killInWorld(layout, world().machine, run, signal),
  async reboot({ kind }) {
    await world().machine.reboot(kind);
    return null;
  },
  async skip({ milliseconds }) {
    skipTime(join(layout.shared, 'clock'), milliseconds);
    return null;
  },
  snapshot({ paths, beneath }) {
    const root = beneath ? layout.root : `/proc/${world().machine.init}/root`;
    return takeSnapshot(root, paths);
  },
  survey: ({ without }) => surveyWorld(layout, world(), hashes, without),
  async journal() {
    const { machine } = world();
    await machine.settled;
    return newestJournal(`/proc/${machine.init}/root`);
  },
};

function world(): BuiltWorld {
  if (built === undefined) throw new WorldError('world.not-built', 'the world is not built yet');
  return built;
}

async function answer(question: Question): Promise<void> {
  try {
    const call = answers[question.call] as (ask: Question['ask']) => Promise<unknown>;
    send({ id: question.id, answer: await call(question.ask) });
  } catch (thrown) {
    const error =
      thrown instanceof MigrateError
        ? { code: thrown.code, message: thrown.message, hint: thrown.hint }
        : { code: 'world.defect', message: (thrown as Error).stack ?? messageOf(thrown) };
    send({ id: question.id, error });
  }
}

function send(message: Answer): void {
  process.send?.(message);
}

process.on('message', (question: Question) => void answer(question));
// Nobody is left to hold the world for.
process.on('disconnect', () => process.exit());
send({ ready: true });
