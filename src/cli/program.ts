import { baseProgram, type Program } from './base-program.ts';
import { addAbort } from './commands/abort.ts';
import { addAttach } from './commands/attach.ts';
import { addBoot } from './commands/boot.ts';
import { addCheck } from './commands/check.ts';
import { addConfig } from './commands/config.ts';
import { addConfirm } from './commands/confirm.ts';
import { addDoctor } from './commands/doctor.ts';
import { addImport } from './commands/import.ts';
import { addInventory } from './commands/inventory.ts';
import { addList } from './commands/list.ts';
import { addLogs } from './commands/logs.ts';
import { addManifest } from './commands/manifest.ts';
import { addNew } from './commands/new.ts';
import { addNotify } from './commands/notify.ts';
import { addPlan } from './commands/plan.ts';
import { addRehearse } from './commands/rehearse.ts';
import { addReport } from './commands/report.ts';
import { addResume } from './commands/resume.ts';
import { addRollback } from './commands/rollback.ts';
import { addRun } from './commands/run.ts';
import { addSettle } from './commands/settle.ts';
import { addShow } from './commands/show.ts';
import { addState } from './commands/state.ts';
import { addStatus } from './commands/status.ts';
import { addVerify } from './commands/verify.ts';
import type { Invocation } from './invocation.ts';

/** The whole command line; nothing heavier than commander is loaded until a command runs. */
export function createProgram(invocation: Invocation): Program {
  const program = baseProgram();
  addList(program, invocation);
  addShow(program, invocation);
  addPlan(program, invocation);
  addRun(program, invocation);
  addResume(program, invocation);
  addRollback(program, invocation);
  addConfirm(program, invocation);
  addSettle(program, invocation);
  addAbort(program, invocation);
  addStatus(program, invocation);
  addLogs(program, invocation);
  addReport(program, invocation);
  addCheck(program, invocation);
  addInventory(program, invocation);
  addVerify(program, invocation);
  addManifest(program, invocation);
  addDoctor(program, invocation);
  addAttach(program, invocation);
  addState(program, invocation);
  addBoot(program, invocation);
  addRehearse(program, invocation);
  addNew(program, invocation);
  addImport(program, invocation);
  addConfig(program, invocation);
  addNotify(program, invocation);
  program.addHelpText('after', firstSteps);
  return program;
}

const firstSteps = `
First steps:
  migrate list                                  what there is to run
  migrate show wsl-nix-store                    its steps, and how each is undone
  migrate rehearse wsl-nix-store                run it in a throw-away world
  migrate plan wsl-nix-store --params nix.json  what would happen here; changes nothing
  migrate run wsl-nix-store --params nix.json   do it
  migrate resume                                go on after a reboot, a crash or Ctrl-C

Exit codes: 0 done, 1 a step failed, 2 usage, 3 waiting for you or the world, 4 locked or claimed,
5 rollback incomplete, 6 state damaged or unsafe, 130 interrupted; of a check 7 PARTIAL, 8 BLOCKED.
`;
