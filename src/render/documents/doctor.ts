import { z } from 'zod';

const verdict = z.enum(['sound', 'in-doubt', 'damaged']);
export type Verdict = z.infer<typeof verdict>;

const finding = z.object({
  about: z.enum([
    'journal',
    'steps',
    'lock',
    'children',
    'claims',
    'sources',
    'files',
    'undo.sh',
    'folder',
    'runs',
    'notices',
  ]),
  verdict,
  says: z.string(),
  do: z.string().optional().describe('what a person can do about it'),
});
export type DoctorFinding = z.infer<typeof finding>;

const doctorRun = z.object({
  run: z.string(),
  folder: z.string(),
  runbook: z.string().nullable().describe('null when nothing tells'),
  status: z.string().nullable().describe('as far as the journal can be believed'),
  trustedLines: z.int().describe('lines of the journal that can be believed, from the first'),
  lastDone: z.string().nullable().describe('the step whose end was acknowledged last'),
  verdict,
  findings: z.array(finding),
});
export type DoctorRun = z.infer<typeof doctorRun>;

export const doctorDocument = z.object({
  type: z.literal('doctor'),
  verdict: verdict.describe('the worst of all; exit code 0, 3 or 6'),
  stateFolder: z.object({ folder: z.string(), findings: z.array(finding) }),
  runs: z.array(doctorRun),
  claims: z.array(finding).describe('of the whole machine; empty when a run was named'),
});
export type DoctorDocument = z.infer<typeof doctorDocument>;
