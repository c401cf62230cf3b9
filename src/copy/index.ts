export { identify, lookOf, restoreLook, sameFolder, type FolderLook } from './folder.ts';
export { copyLogFile } from './copy-log.ts';
export { readCopyLogHeader, readPasses, isDistrusted } from './copy-log-read.ts';
export { CopyLog } from './copy-log-write.ts';
export { copyPass } from './copy-pass.ts';
export type { PassResult } from './pass.ts';
export { formatBytes } from './capacity.ts';
export { describeDifference } from './difference.ts';
export { dryRun, isEmpty, type DryRun } from './dry-run.ts';
export type { CopyMachine } from './machine.ts';
export { findManifest, openManifest, type Manifest } from './manifest-read.ts';
export type { FolderIdentity } from './manifest.ts';
export { rsyncCommand, rsyncEnvironment } from './rsync-command.ts';
export { checkSource, isSourceUntouched, laterWrites } from './source-check.ts';
export type { Verification } from './verification.ts';
export { readsDirectly } from './content-check.ts';
export { VerifiedLog, type Moment } from './verified-log.ts';
export { verify } from './verify.ts';
export { checkCopyInUse } from './copy-in-use.ts';
export { fromText, showPath } from './byte-path.ts';
export { filesInUse } from './open-files.ts';
export {
  doomedFromFile,
  doomedToText,
  moveAside,
  planRemoval,
  stillThere,
  type RemovalPlan,
} from './removal.ts';
