export { z } from 'zod';
export { MigrateError, StepError, UsageError } from './errors.ts';
export { fillNotice } from './runbook/notice-template.ts';
export type { Message, Priority } from './runbook/notice.ts';
export {
  absolutePath,
  duration,
  fragment,
  formatCommand,
  operation,
  runbook,
  secret,
  sh,
} from './runbook/index.ts';
export type {
  ActContext,
  CapturedContext,
  Claim,
  Command,
  CommandResult,
  CumulativeProbe,
  Duration,
  Finding,
  HealthProbe,
  Host,
  Json,
  LaterWrites,
  Operation,
  ProbeAnswer,
  Progress,
  ReadContext,
  RehearsalPlan,
  RestoreFile,
  RunbookBuilder,
  RunInfo,
  SecretReference,
  SoakProbe,
  StepContext,
  Undo,
  UndoAction,
  UndoContext,
  UndoNeed,
} from './runbook/index.ts';
