import type { RecordedUndo } from '../../journal/event.ts';
import {
  formatCommand,
  isRestoreFile,
  isSecretReference,
  type BreakGlassCommand,
  type RestoreFile,
  type UndoAction,
} from '../../runbook/index.ts';
import { asked, demand, isLazyUnmount, only, ownGuards } from './guards.ts';
import { fed, harmless, sha256, word, words } from './words.ts';

/** Of each file, the hashes of what steps have put it back to, the latest first. */
export type FurtherBack = Map<string, readonly string[]>;

/**
 * The lines that take one step back, by what was recorded of it.
 *
 * @param earlier of the steps that are undone after it, since a file may be further back already; gets what
 *   this step restores
 */
export function undoLines(id: string, undo: RecordedUndo, earlier: FurtherBack): string {
  if (undo.kind === 'data') {
    return (undo.actions as readonly UndoAction[])
      .toReversed()
      .map((action) => (isRestoreFile(action) ? restoreLines(action, earlier) : commandLines(id, action)))
      .toReversed()
      .join('');
  }
  if (undo.kind !== 'code') return '';
  return typeof undo.breakGlass === 'string'
    ? byHand(id, undo.breakGlass)
    : (undo.breakGlass as unknown as readonly BreakGlassCommand[])
        .map((command) => commandLines(id, command))
        .join('');
}

function byHand(id: string, sentence: string): string {
  return `  by_hand ${word(id)} ${word(harmless(sentence))}\n`;
}

function restoreLines({ restore, content, mode, mtime, expect }: RestoreFile, earlier: FurtherBack): string {
  const hash = hashOf(content);
  const furtherBack = earlier.get(restore) ?? [];
  earlier.set(restore, [hash, ...furtherBack]);
  const says =
    content === null
      ? `remove ${restore}, which was not there`
      : `put ${restore} back as it was (${Buffer.byteLength(content)} bytes)`;
  const call = words([
    restore,
    hash,
    expect === undefined ? '' : sha256(expect),
    mode === undefined ? '' : mode.toString(8).padStart(4, '0'),
    mtime ?? '',
    ...furtherBack,
  ]);
  const { line, document } = fed(`restore ${call}`, content ?? '');
  // In a pipeline the function has a process of its own, whose end must end all.
  return `  if action ${word(harmless(says))}; then\n    ${line} || exit\n${document}  fi\n`;
}

function hashOf(content: string | null): string {
  return content === null ? 'none' : sha256(content);
}

function commandLines(id: string, command: BreakGlassCommand): string {
  const shown = formatCommand(command);
  if (isLazyUnmount(command)) {
    return byHand(
      id,
      `${shown} would take a mount away from under whoever uses it: find out who does, stop them, and unmount it plainly`,
    );
  }
  if (secretsOf(command).some(([name]) => !isName(name))) return byHand(id, `run ${shown}`);
  const own = ownGuards(command);
  const applies = [...(command.only ?? []).map(asked), ...own.only].map(only);
  const demands = [...(command.demand ?? []).map(asked), ...own.demand].map(demand);
  return [
    `  if ${applies.length === 0 ? 'true' : applies.join(' &&\n    ')}; then\n`,
    ...demands.map((line) => `    ${line}\n`),
    `    if action ${word(harmless(shown))}; then\n`,
    runLines(command),
    `    fi\n  fi\n`,
  ].join('');
}

/** Runs it, and stops unless it ends as it may. */
function runLines(command: BreakGlassCommand): string {
  const { argv, cwd, env = {}, ok = [0], input } = command;
  const [program] = argv;
  const secrets = secretsOf(command);
  const plain = Object.entries(env).flatMap(([name, value]) =>
    typeof value === 'string' ? [`${name}=${value}`] : [],
  );
  // `env` would take a program with an equals sign for a variable.
  const call = program.includes('=') ? ['sh', '-c', 'exec "$@"', 'sh', ...argv] : argv;
  const inside = [
    ...(cwd === undefined ? [] : [`cd -- ${word(cwd)} || exit 125`]),
    ...secrets.map(([name, { secret, name: place }]) =>
      secret === 'file'
        ? `${name}=$(cat -- ${word(place)}) && export ${name}`
        : `${name}=$${place} && export ${name}`,
    ),
    `env -- ${words([...plain, ...call])}`,
  ];
  const { line, document } = fed(`(${inside.join('; ')})`, input ?? '');
  return [
    ...(cwd === undefined ? [] : [`[ -d ${word(cwd)} ] || stop ${word(`there is no folder ${cwd}`)}`]),
    ...secrets.map(([, { secret, name }]) =>
      secret === 'file'
        ? `readable ${word(name)}`
        : `[ -n "\${${name}-}" ] || stop ${word(`set the secret ${name} in the environment, and run me again`)}`,
    ),
    `has_program ${word(program)}`,
    line,
  ]
    .map((text) => `      ${text}\n`)
    .concat(document, `      code=$?\n`)
    .concat(
      program === 'umount'
        ? argv
            .slice(1)
            .flatMap((path) =>
              path.startsWith('-') ? [] : [`      [ "$code" = 0 ] || tell_holders ${word(path)}\n`],
            )
        : [],
    )
    .concat(`      accept "$code" ${ok.join(' ')}\n`)
    .join('');
}

function secretsOf({ env = {} }: BreakGlassCommand) {
  return Object.entries(env).flatMap(([name, value]) =>
    isSecretReference(value) ? [[name, value] as const] : [],
  );
}

/** Whether the shell can hold it in a variable. */
function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}
