import { StepError, messageOf } from '../errors.ts';
import { isSecretReference, type Command, type SecretReference } from '../runbook/index.ts';
import { readGivenFile } from './given-file.ts';

export interface ResolvedEnvironment {
  /** `undefined` takes a variable away that the command would inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Hides the secrets that the command was given in what it answers. */
  readonly redact: (text: string) => string;
  /** Hides all secrets of the run, for no log, journal or report may hold one. */
  readonly redactShown: (text: string) => string;
}

interface Hidden {
  readonly value: string;
  readonly shownAs: string;
}

// Anything shorter would hit ordinary words.
const shortestRedacted = 4;

/**
 * A command's own environment, with each secret read now. Nowhere else is a secret ever read.
 *
 * @param ofRun the secrets among the run's parameters: those that the command was not given are kept from it
 * @throws StepError `secret.missing` naming the reference, never the value.
 */
export async function resolveEnvironment(
  command: Command,
  ofRun: readonly SecretReference[] = [],
): Promise<ResolvedEnvironment> {
  const env: Record<string, string | undefined> = {};
  for (const { secret, name } of ofRun) if (secret === 'env') env[name] = undefined;
  const given: Hidden[] = [];
  for (const [name, value] of Object.entries(command.env ?? {})) {
    if (!isSecretReference(value)) {
      env[name] = value;
      continue;
    }
    const secret = await resolveSecret(value);
    env[name] = secret;
    given.push(...hiddenParts(secret, value));
  }
  const all = [...given, ...(await Promise.all(ofRun.map(hiddenOf))).flat()];
  return { env, redact: redactor(given), redactShown: redactor(all) };
}

/** The secrets among a run's parameters. */
export function secretsIn(params: unknown): readonly SecretReference[] {
  if (isSecretReference(params)) return [params];
  return typeof params === 'object' && params !== null ? Object.values(params).flatMap(secretsIn) : [];
}

/** Hides these, as far as they can be read now, in a text. */
export async function hidingSecrets(
  references: readonly SecretReference[],
): Promise<(text: string) => string> {
  return redactor((await Promise.all(references.map(hiddenOf))).flat());
}

async function hiddenOf(reference: SecretReference): Promise<readonly Hidden[]> {
  try {
    return hiddenParts(await resolveSecret(reference), reference);
  } catch {
    // What is not there cannot be printed.
    return [];
  }
}

/** A secret that has been read. */
export interface Revealed {
  readonly value: string;
  readonly reference: SecretReference;
}

/** Hides these in a text. */
export function hiding(revealed: readonly Revealed[]): (text: string) => string {
  return redactor(revealed.flatMap(({ value, reference }) => hiddenParts(value, reference)));
}

function hiddenParts(secret: string, { secret: kind, name }: SecretReference): readonly Hidden[] {
  return [...new Set([secret, ...secret.split('\n')])]
    .filter((value) => value.length >= shortestRedacted)
    .map((value) => ({ value, shownAs: `‹${kind}:${name}›` }));
}

function redactor(hidden: readonly Hidden[]): (text: string) => string {
  const longestFirst = hidden.toSorted((one, other) => other.value.length - one.value.length);
  return (text) => longestFirst.reduce((shown, { value, shownAs }) => shown.replaceAll(value, shownAs), text);
}

/**
 * The secret itself: a variable's value, or a file's content without one trailing newline.
 *
 * @throws StepError `secret.missing` naming the reference, never the value.
 */
export async function resolveSecret(reference: SecretReference): Promise<string> {
  if (reference.secret === 'env') {
    const value = process.env[reference.name];
    if (value !== undefined && value !== '') return value;
    throw new StepError(
      'secret.missing',
      `the secret env:${reference.name} is ${value === undefined ? 'not set' : 'empty'}`,
      `Set ${reference.name} in the environment of this command, or give the secret as file:/absolute/path.`,
    );
  }
  let text: string;
  try {
    text = await readGivenFile(reference.name);
  } catch (error) {
    throw new StepError(
      'secret.missing',
      `the secret file:${reference.name} cannot be read: ${messageOf(error)}`,
      'Create the file, readable for the user who runs this, with the secret as its only content.',
      error,
    );
  }
  const value = text.endsWith('\n') ? text.slice(0, -1) : text;
  if (value !== '' && !value.includes('\0')) return value;
  throw new StepError(
    'secret.missing',
    `the secret file:${reference.name} ${value === '' ? 'is empty' : 'holds a NUL byte, which no environment can'}`,
  );
}
