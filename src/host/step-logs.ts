import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { StepLogs } from '../engine/ports.ts';
import { systemFiles } from './files.ts';

type Stream = 'stdout' | 'stderr' | 'note';

export interface LogFile {
  readonly step: string;
  readonly attempt: number;
  readonly path: string;
}

export interface LogLine {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly stream: Stream;
  readonly text: string;
}

const marks = { stdout: 'out', stderr: 'err', note: 'note' } as const;
const streams = { out: 'stdout', err: 'stderr', note: 'note' } as const;

/** The logs of a run; `close` at its end. */
export interface StepLogFiles extends StepLogs {
  close(): void;
}

/**
 * Writes each step's output to `<step>.<attempt>.log`, one line at a time, at once. A log that cannot
 * be written fails nothing: the lines are counted, and a note says how many are missing once it can.
 *
 * @param now wall clock, milliseconds since 1970
 */
export function openStepLogs(folder: string, now: () => number = Date.now): StepLogFiles {
  const files = new Map<string, number>();
  const lost = new Map<string, number>();

  const write = (path: string, lines: string) => {
    let file = files.get(path);
    if (file === undefined) {
      makeFolder(folder);
      file = openSync(path, 'a', 0o600);
      files.set(path, file);
    }
    const bytes = Buffer.from(lines);
    if (writeSync(file, bytes) < bytes.length) throw new Error('the disk is full');
  };

  return {
    line(step, attempt, text, stream) {
      const path = join(folder, `${step}.${attempt}.log`);
      const missing = lost.get(path) ?? 0;
      // On a line of its own, whatever part of the last one was written.
      const note = missing === 0 ? '' : `\n${formatLine(now(), `${missing} lines are missing here`, 'note')}`;
      try {
        write(
          path,
          note +
            text
              .split('\n')
              .map((part) => formatLine(now(), part, stream))
              .join(''),
        );
        lost.delete(path);
      } catch {
        lost.set(path, missing + 1);
      }
    },
    close() {
      for (const file of files.values()) closeSync(file);
      files.clear();
    },
  };
}

/** The logs that a run has written, by step and attempt. */
export async function listStepLogs(folder: string): Promise<readonly LogFile[]> {
  const names = (await systemFiles.list(folder)) ?? [];
  return names
    .flatMap((name): LogFile[] => {
      const [, step, attempt] = /^(.+)\.(\d+)\.log$/.exec(name) ?? [];
      return step === undefined
        ? []
        : [{ step, attempt: Number(attempt), path: join(folder, basename(name)) }];
    })
    .toSorted((one, other) => one.step.localeCompare(other.step) || one.attempt - other.attempt);
}

/** Reads a line of a log; `undefined` for one that a full disk has cut. */
export function parseLogLine(line: string): LogLine | undefined {
  const [, at, mark, text] = /^(\S+Z) (out|err|note) (.*)$/s.exec(line) ?? [];
  if (at === undefined || mark === undefined || text === undefined) return undefined;
  return { at, stream: streams[mark as keyof typeof streams], text };
}

function makeFolder(folder: string): void {
  try {
    // Not recursive: Node never comes back from that in /proc.
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function formatLine(at: number, text: string, stream: Stream): string {
  return `${new Date(at).toISOString()} ${marks[stream]} ${text}\n`;
}
