import type { JournalEvent, ProcessIdentity } from '../journal/event.ts';
import type { BootIdentity } from '../runbook/index.ts';

/** A command as the journal has it. */
export interface RecordedCommand {
  readonly process: ProcessIdentity;
  readonly argv: readonly string[];
}

/** The commands that a run has begun in this boot and PID namespace; elsewhere their pids mean nothing. */
export function recordedCommands(
  events: readonly JournalEvent[],
  boot: BootIdentity,
): readonly RecordedCommand[] {
  const commands: RecordedCommand[] = [];
  let here = false;
  for (const event of events) {
    if ('boot' in event)
      here = event.boot.bootId === boot.bootId && event.boot.pidNamespace === boot.pidNamespace;
    if (event.type === 'command.started' && here && event.process !== undefined)
      commands.push({ process: event.process, argv: event.argv });
  }
  return commands;
}
