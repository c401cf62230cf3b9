import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { MigrateError, messageOf, exitCodes, UsageError } from '../../errors.ts';
import { readGivenFile } from '../../host/given-file.ts';
import { headerPattern, notifyPattern, tokenPattern, wayOf } from '../../host/notices/way.ts';
import { didYouMean } from '../../runbook/suggestion.ts';
import { allowedBy } from '../parameters/allowed.ts';
import { schemaAt, valueSchemaOf } from '../parameters/schema.ts';
import { readValue } from '../parameters/value.ts';

/** What an operator may prefer for every call. Nothing that decides what a run does belongs here. */
const schema = z.object({
  color: z.enum(['auto', 'never']).default('auto').describe('`never` is --no-color for ever'),
  notify: z
    .string()
    .regex(notifyPattern)
    .default('auto')
    .describe('how to reach you when you are not there')
    .meta({
      expects: 'auto, none, or the absolute path of a program; or webhook: or ntfy: before an address',
    }),
  'notify-when': z
    .enum(['away', 'always'])
    .default('away')
    .describe('`always`: also of how a call ends that you typed yourself'),
  'notify-token': z
    .string()
    .regex(tokenPattern)
    .default('none')
    .describe('what a webhook or ntfy is shown as `Authorization: Bearer`')
    .meta({ expects: 'none, env:NAME or file:/absolute/path, never the token itself' }),
  'notify-headers': z
    .array(z.string().regex(headerPattern))
    .default([])
    .describe("more headers of a webhook's request")
    .meta({ expects: 'a JSON array of "Name=env:NAME" or "Name=file:/absolute/path"' }),
  jobs: z.int().min(1).max(64).default(1).describe('how many independent steps may run at once'),
});

export type Preferences = z.infer<typeof schema>;

/**
 * The preferences as they are. Not by Conf, which takes the process's signals for itself: a run would end at
 * the first Ctrl-C as if it were the second.
 * @throws UsageError `config.damaged`
 */
export async function preferences(): Promise<Preferences> {
  const path = join(preferencesFolder(), 'config.json');
  let store: unknown;
  try {
    store = JSON.parse(await readGivenFile(path));
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return schema.parse({});
    throw damaged(path, messageOf(cause), cause);
  }
  return understood(path, store);
}

function understood(path: string, store: unknown): Preferences {
  const parsed = schema.safeParse(store);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError('config.damaged', `${path}: ${issue?.path.join('.')}: ${issue?.message}`, mendIt);
}

const mendIt = 'Mend the file, or delete it to begin with the defaults.';

function damaged(path: string, why: string, cause?: unknown): UsageError {
  return new UsageError('config.damaged', `the preferences in ${path} cannot be read: ${why}`, mendIt, cause);
}

function preferencesFolder(): string {
  const base = process.env['XDG_CONFIG_HOME'];
  // The XDG specification tells to ignore a relative path.
  return join(base?.startsWith('/') ? base : join(homedir(), '.config'), 'migrate');
}

export interface PreferenceFile {
  readonly file: string;
  all(): Preferences;
  set(key: string, text: string): void;
}

/**
 * The operator's preferences.
 * @throws UsageError `config.damaged` when the file cannot be understood
 */
export async function preferenceFile(): Promise<PreferenceFile> {
  const { default: Conf } = await import('conf');
  const folder = preferencesFolder();
  const path = join(folder, 'config.json');
  try {
    // Conf would wait for a pipe for ever, and take bytes that are no text for others.
    await readGivenFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw damaged(path, messageOf(cause), cause);
  }
  let conf: InstanceType<typeof Conf<Record<string, unknown>>>;
  try {
    conf = new Conf({ cwd: folder, configName: 'config', accessPropertiesByDotNotation: false });
  } catch (cause) {
    throw damaged(path, messageOf(cause), cause);
  }
  return {
    file: conf.path,
    all() {
      return understood(conf.path, conf.store);
    },
    set(key, text) {
      preferenceKey(key);
      const allowed = schemaAt(valueSchemaOf(schema), key) ?? {};
      const read = readValue(text, allowed);
      const parsed = read === undefined ? undefined : schema.partial().safeParse({ [key]: read.value });
      if (read === undefined || parsed?.success !== true) {
        throw new UsageError(
          'config.value',
          `${key} = ${JSON.stringify(text)}; allowed: ${allowedBy(allowed)}`,
        );
      }
      // Said now, and not when nobody is there to read it.
      if (key === 'notify') wayOf({ notify: text, token: 'none', headers: [] });
      try {
        conf.set(key, read.value);
      } catch (cause) {
        throw new MigrateError('config.unwritable', `${conf.path} cannot be written: ${messageOf(cause)}`, {
          exitCode: exitCodes.usage,
          cause,
        });
      }
    },
  };
}

/**
 * @throws UsageError `config.unknown` for a preference that there is not
 */
export function preferenceKey(key: string): keyof Preferences {
  const keys = Object.keys(schema.shape);
  if (keys.includes(key)) return key as keyof Preferences;
  throw new UsageError(
    'config.unknown',
    `there is no preference "${key}".${didYouMean(key, keys)}`,
    `There are: ${keys.join(', ')}.`,
  );
}
