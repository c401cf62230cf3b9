import { StepError } from '../../errors.ts';
import type { Host, RestoreFile } from '../../runbook/index.ts';

/** What an edit works from: the file as it was, and as it shall be. Both are kept in the journal. */
export interface TextEdit {
  /** With symlinks resolved, so that the undo meets the same file. */
  readonly path: string;
  /** `null` when there was no file. */
  readonly original: string | null;
  readonly edited: string;
  /** Permission bits; absent when there was no file. */
  readonly mode?: number;
  /** As `FileStat` gives it; absent likewise. */
  readonly mtime?: string;
}

/** Bytes. What is edited is kept whole in the journal. */
const largest = 1024 * 1024;

/**
 * Reads a file and decides what it shall become.
 *
 * @param edit gives the new content; the text is `undefined` when there is no file
 * @throws StepError `edit.no-file`, `edit.not-a-file`, `edit.too-large`, `edit.not-utf8`,
 *   `edit.hard-links`, `edit.store`, and whatever `edit` throws
 */
export async function planEdit(
  host: Host,
  path: string,
  edit: (text: string | undefined) => string,
): Promise<TextEdit> {
  const real = await host.files.realPath(path);
  if (real === undefined) {
    const broken = await host.files.stat(path);
    if (broken === undefined) return { path, original: null, edited: edit(undefined) };
    throw new StepError(
      'edit.no-file',
      `${path} is a symlink to a file that is not there`,
      'Put its target back first.',
    );
  }
  const found = await host.files.stat(real);
  if (found?.kind !== 'file') throw new StepError('edit.not-a-file', `${path} is not a regular file`);
  if (real.startsWith('/nix/store/')) {
    throw new StepError(
      'edit.store',
      `${path} leads into the Nix store (${real}), which nothing may edit`,
      'Edit the configuration that it is built from.',
    );
  }
  if (found.size > largest) {
    throw new StepError(
      'edit.too-large',
      `${path} has ${found.size} bytes; more than ${largest} are not edited`,
      'Edit it by hand, in a manual gate.',
    );
  }
  if (found.links > 1) {
    throw new StepError(
      'edit.hard-links',
      `${path} has ${found.links} hard links, and an edit would leave the others as they are`,
      `See which they are: find / -xdev -samefile ${real}`,
    );
  }
  const original = await readText(host, real, found.size);
  return { path: real, original, edited: edit(original), mode: found.mode, mtime: found.mtime };
}

/** Where the file stands between the original and the edited text. */
export async function probeEdit(
  host: Host,
  { path, original, edited }: TextEdit,
): Promise<'done' | 'not-started' | { unknown: string }> {
  const now = (await host.files.read(path)) ?? null;
  if (now === edited) return 'done';
  if (now === original) return 'not-started';
  return {
    unknown:
      now === null
        ? `${path} is gone`
        : `${path} was changed since: it is neither the original nor the edited text`,
  };
}

/** Writes the edited text, unless somebody has changed the file meanwhile. */
export async function applyEdit(host: Host, edit: TextEdit): Promise<void> {
  const stands = await probeEdit(host, edit);
  if (stands === 'done') return;
  if (stands !== 'not-started') {
    throw new StepError(
      'edit.changed',
      stands.unknown,
      'Look at the file; settle the step, or put the original back and go on.',
    );
  }
  await host.files.replace(edit.path, edit.edited, edit.mode === undefined ? {} : { mode: edit.mode });
}

/** @throws StepError `edit.changed` when the file does not hold the edited text with its old mode */
export async function verifyEdit(host: Host, edit: TextEdit): Promise<void> {
  const stands = await probeEdit(host, edit);
  const mode = (await host.files.stat(edit.path))?.mode;
  if (stands === 'done' && (edit.mode === undefined || mode === edit.mode)) return;
  throw new StepError(
    'edit.changed',
    stands === 'done'
      ? `${edit.path} has the mode ${mode?.toString(8)}, and had ${edit.mode?.toString(8)}`
      : `${edit.path} does not hold the edited text`,
  );
}

export function undoEdit({ path, original, edited, mode, mtime }: TextEdit): [RestoreFile] {
  const stat = { ...(mode === undefined ? {} : { mode }), ...(mtime === undefined ? {} : { mtime }) };
  return [{ restore: path, content: original, expect: edited, ...stat }];
}

async function readText(host: Host, path: string, size: number): Promise<string> {
  const text = (await host.files.read(path)) ?? '';
  // Decoding puts U+FFFD where bytes mean nothing; writing it back would lose them for ever.
  if (!text.includes('\uFFFD') && Buffer.byteLength(text) === size) return text;
  throw new StepError(
    'edit.not-utf8',
    `${path} holds bytes that are no UTF-8 text, or was being written`,
    'Edit it by hand, in a manual gate.',
  );
}
