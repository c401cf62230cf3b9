export { z } from 'zod';
export { MigrateError, StepError, UsageError } from './errors.ts';
export { fragment, formatCommand, operation, runbook, secret, sh } from './runbook/index.ts';
export type {
  ActContext,
  CapturedContext,
  Claim,
  Command,
  CommandResult,
  Duration,
  Finding,
  Host,
  Json,
  Operation,
  ProbeAnswer,
  Progress,
  ReadContext,
  RehearsalPlan,
  RestoreFile,
  RunbookBuilder,
  RunInfo,
  SecretReference,
  StepContext,
  Undo,
  UndoAction,
} from './runbook/index.ts';
