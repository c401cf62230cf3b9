export { fragment, runbook, RunbookBuilder } from './builder.ts';
export { claimName, claimsCollide, type Claim } from './claim.ts';
export { formatCommand, quoteWord, type Command, type CommandOptions } from './command.ts';
export type { Body, OutputOf, Preview, ProbeAnswer, Retry, Schema } from './body.ts';
export type {
  ActContext,
  ActExecOptions,
  Ask,
  CapturedContext,
  Progress,
  ReadContext,
  RunInfo,
  StepContext,
} from './context.ts';
export type { ConfirmGate, Duration, HealthProbe, ManualGate, RebootGate, SoakGate } from './gate.ts';
export type {
  BootIdentity,
  Clock,
  ClockReading,
  CommandResult,
  ExecOptions,
  Files,
  FileStat,
  Host,
  Mount,
  Space,
} from './host.ts';
export { firstLoss, type Json } from './json.ts';
export type {
  CheckNode,
  ConfirmNode,
  GateNode,
  ManualNode,
  Node,
  RebootNode,
  SoakNode,
  StepBody,
  StepNode,
} from './node.ts';
export { operation, type Operation, type Reversal } from './operation.ts';
export { mountAt, mountOf } from './mount-table.ts';
export { isPlaceholder, placeholder } from './placeholder.ts';
export type { NixosWslPlan, RehearsalPlan, WorldDisk } from './rehearsal.ts';
export type { Runbook, RunbookOptions } from './runbook.ts';
export { isSecretReference, secret, secretReference, type SecretReference } from './secret.ts';
export type { CheckStep, Finding, InlineStep, OperationStep, OutputsOf, StepOptions } from './step.ts';
export { sh, type Sh } from './sh.ts';
export {
  isRestoreFile,
  type RestoreFile,
  type Undo,
  type UndoAction,
  type UndoCode,
  type UndoData,
} from './undo.ts';
export { durationMs } from './duration.ts';
export { issueText } from './issue-text.ts';
export { closest, didYouMean } from './suggestion.ts';
export { validate } from './validate.ts';
