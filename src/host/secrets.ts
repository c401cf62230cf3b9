import { readFile } from 'node:fs/promises';
import { StepError, messageOf } from '../errors.ts';
import { isSecretReference, type Command, type SecretReference } from '../runbook/index.ts';

export interface ResolvedEnvironment {
  readonly env: Readonly<Record<string, string>>;
  /** Hides the secrets in what a command prints, for no log, journal or report may hold one. */
  readonly redact: (text: string) => string;
}

// Anything shorter would hit ordinary words.
const shortestRedacted = 4;

/**
 * A command's own environment, with each secret read now. Nowhere else is a secret ever read.
 *
 * @throws StepError `secret.missing` naming the reference, never the value.
 */
export async function resolveEnvironment(command: Command): Promise<ResolvedEnvironment> {
  const env: Record<string, string> = {};
  const hidden: { value: string; shownAs: string }[] = [];
  for (const [name, value] of Object.entries(command.env ?? {})) {
    if (!isSecretReference(value)) {
      env[name] = value;
      continue;
    }
    const secret = await resolveSecret(value);
    env[name] = secret;
    const shownAs = `‹${value.secret}:${value.name}›`;
    for (const part of new Set([secret, ...secret.split('\n')])) {
      if (part.length >= shortestRedacted) hidden.push({ value: part, shownAs });
    }
  }
  hidden.sort((one, other) => other.value.length - one.value.length);
  return {
    env,
    redact: (text) => hidden.reduce((shown, { value, shownAs }) => shown.replaceAll(value, shownAs), text),
  };
}

/**
 * The secret itself: a variable's value, or a file's content without one trailing newline.
 *
 * @throws StepError `secret.missing` naming the reference, never the value.
 */
async function resolveSecret(reference: SecretReference): Promise<string> {
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
    text = await readFile(reference.name, 'utf8');
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
