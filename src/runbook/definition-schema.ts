import { z } from 'zod';
import { durationMs } from './duration.ts';

/** What each call of the chain may be given, checked when a runbook is loaded: its types were stripped. */

const fn = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'must be a function',
});
const text = z.union([z.string().min(1), fn]);
const schema = z.custom<z.ZodType>(
  (value) => typeof value === 'object' && value !== null && 'parse' in value && '_zod' in value,
  {
    error: 'must be a schema made with z',
  },
);
const objectSchema = schema.refine((value) => (value as Partial<z.ZodObject>).def?.type === 'object', {
  error: 'must be a z.object(…)',
});
const duration = z.custom<number | string>(isDuration, { error: 'must be such as 90s, 30m or 24h' });
const durationOrFn = z.custom<number | string | ((...args: never[]) => unknown)>(
  (value) => typeof value === 'function' || isDuration(value),
  { error: 'must be such as 24h, or a function that gives it' },
);

function isDuration(value: unknown): boolean {
  try {
    return durationMs(value as number | string) > 0;
  } catch {
    return false;
  }
}

const why = z.string().min(1, { error: 'must say why' });

const stepOptions = {
  needs: z.array(z.string()).optional(),
  title: z.string().min(1).optional(),
  when: fn.optional(),
  locks: z.array(z.string().min(1)).optional(),
  onFailure: z.enum(['stop', 'continue', 'rollback']).optional(),
};

const undoCode = z.strictObject({
  describe: text,
  run: fn,
  breakGlass: text,
  laterWrites: fn.optional(),
});

const undoNeeds = z
  .array(z.strictObject({ name: z.string().min(1), check: fn, advisory: z.literal(true).optional() }))
  .optional();

const reversal = {
  undo: z
    .union([fn, undoCode], { error: 'must be a function that gives data, or { describe, run, breakGlass }' })
    .optional(),
  undoNeeds,
  irreversible: why.optional(),
  readonly: z.literal(true).optional(),
  undecided: z.string().min(1, { error: 'must say what is to be decided' }).optional(),
  effective: z.enum(['now', 'at-boot']).optional(),
  confirmWithin: duration.optional(),
};

const body = {
  capture: fn.optional(),
  output: schema.optional(),
  probe: fn.optional(),
  verify: fn.optional(),
  lastResort: fn.optional(),
  preview: fn.optional(),
  idempotent: z.boolean().optional(),
  retry: z
    .strictObject({
      retries: z.number().int().min(0),
      minDelayMs: z.number().int().positive().optional(),
      maxDelayMs: z.number().int().positive().optional(),
    })
    .optional(),
  timeout: duration.optional(),
  commands: fn.optional(),
  result: fn.optional(),
  run: fn.optional(),
  describe: text.optional(),
};

const operation = z.strictObject({
  operation: z.string().min(1),
  version: z.number().int().positive(),
  input: schema,
  reversal: z.enum(['undo', 'irreversible', 'readonly']),
  undo: reversal.undo,
  undoNeeds,
  ...body,
});

const soakProbe = z
  .strictObject({
    name: z.string().min(1),
    check: fn.optional(),
    counter: fn.optional(),
    lasts: z.enum(['boot', 'boots']).optional(),
  })
  .refine(({ check, counter }) => (check === undefined) !== (counter === undefined), {
    error: 'must have either a check (is it healthy now?) or a counter (what grows with every trouble)',
  })
  .refine(({ counter, lasts }) => lasts === undefined || counter !== undefined, {
    error: 'has lasts, which says how long a counter lasts, and no counter',
  });

export const definitionSchemas = {
  inlineStep: z.strictObject({ ...stepOptions, ...reversal, ...body }),
  operationStep: z.strictObject({
    ...stepOptions,
    effective: reversal.effective,
    confirmWithin: reversal.confirmWithin,
    irreversible: reversal.irreversible,
    retry: body.retry,
    timeout: body.timeout,
    use: operation,
    with: fn,
  }),
  check: z.strictObject({
    ...stepOptions,
    expect: z.string().min(1),
    knownLimitation: why.optional(),
    run: fn,
  }),
  confirm: z.strictObject({ ...stepOptions, ask: text, input: objectSchema.optional() }),
  manual: z.strictObject({
    ...stepOptions,
    instructions: text,
    input: objectSchema.optional(),
    probe: fn.optional(),
  }),
  reboot: z.strictObject({ ...stepOptions, instructions: text, verify: fn.optional() }),
  soak: z.strictObject({
    ...stepOptions,
    min: durationOrFn,
    max: durationOrFn,
    maxGap: duration.optional(),
    fresh: z.array(z.string()).optional(),
    tolerate: z.number().int().min(0).optional(),
    probes: z
      .array(soakProbe)
      .min(1, { error: 'must ask at least one question, or nothing is observed' })
      .refine((probes) => probes.length === 0 || probes.some(({ check }) => check !== undefined), {
        error:
          'must have at least one check: a counter that stands still says nothing of what was ill before',
      })
      .refine((probes) => new Set(probes.map(({ name }) => name)).size === probes.length, {
        error: 'must have a name of its own each',
      }),
  }),
} as const;

export const runbookOptionsSchema = z.strictObject({
  summary: z.string().min(1),
  params: objectSchema.optional(),
  tools: z.array(z.string().min(1)).optional(),
  root: z.boolean().optional(),
  claims: fn.optional(),
  nothingToDo: fn.optional(),
  health: z.array(z.unknown()).optional(),
  rehearsal: z.custom<object>((value) => typeof value === 'object' && value !== null).optional(),
});

export type StepDefinition = z.infer<typeof definitionSchemas.inlineStep>;
export type OperationStepDefinition = z.infer<typeof definitionSchemas.operationStep>;
