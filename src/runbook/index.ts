export { fragment, runbook, RunbookBuilder } from './builder.ts';
export type { BreakGlassCommand, Guard } from './break-glass.ts';
export { claimName, claimsCollide, type Claim } from './claim.ts';
export { formatCommand, quoteWord, type Command } from './command.ts';
export { commandFailed, isAccepted } from './command-failed.ts';
export type { OutputOf, Preview, ProbeAnswer, Schema } from './body.ts';
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
export type { Duration } from './gate.ts';
export type { HealthCheck } from './health-check.ts';
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
export { refuseEnvironmentSecret } from './environment-secret.ts';
export { firstLoss, type Json } from './json.ts';
export type {
  CheckNode,
  ConfirmNode,
  GateNode,
  ManualNode,
  Node,
  RebootNode,
  SoakNode,
  StepNode,
} from './node.ts';
export { operation, type Operation, type Reversal } from './operation.ts';
export { mountAt, mountOf } from './mount-table.ts';
export { fillNotice } from './notice-template.ts';
export type { Message, Priority } from './notice.ts';
export type { PastRun, PastRuns } from './past-run.ts';
export { isPlaceholder, placeholder } from './placeholder.ts';
export type {
  MovedSystem,
  NixosPodmanPlan,
  NixosTmpfsPlan,
  NixosWslPlan,
  NixosZfsPlan,
  NixosZfsService,
  RehearsalPlan,
  SystemDisksPlan,
  WorldDisk,
  WorldPool,
} from './rehearsal.ts';
export type { NothingToDo, NothingToDoContext, Runbook } from './runbook.ts';
export { isSecretReference, secret, type SecretReference } from './secret.ts';
export type { Finding } from './step.ts';
export { sh } from './sh.ts';
export {
  isRestoreFile,
  type RestoreFile,
  type Undo,
  type UndoAction,
  type UndoContext,
  type UndoNeed,
  type UndoNeedAnswer,
} from './undo.ts';
export type { LaterWrites, LaterWritesDecision } from './later-writes.ts';
export { durationMs } from './duration.ts';
export { issueText } from './issue-text.ts';
export { parseMountInfo } from './mount-info.ts';
export { didYouMean } from './suggestion.ts';
export { runbookId, validate } from './validate.ts';
export { absolutePath, duration } from './parameter.ts';
export type { CumulativeProbe, HealthProbe, SoakProbe } from './gate.ts';
