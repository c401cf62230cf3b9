import { CopyLog, copyLogFile, readCopyLogHeader, verifiedLogFile } from '../../copy/index.ts';
import type { UndoContext } from '../../runbook/index.ts';
import type { GivenCopyInput } from './copy-input.ts';
import { forgetNews, putAside } from './copy-news.ts';

/** What lies here of a copy to whatever machine. */
type Recorded = Pick<UndoContext, 'host' | 'run'> & { readonly input: Pick<GivenCopyInput, 'manifest'> };

/** A later final pass then reads all of the target again. */
export async function distrust({ host, input, run }: Recorded): Promise<void> {
  const { manifest } = input;
  const header = readCopyLogHeader(copyLogFile(manifest));
  if (header !== undefined && header.owner === run.id) {
    const log = new CopyLog(copyLogFile(manifest), header);
    log.distrust('a pass was taken back');
    log.close();
  }
  if ((await host.files.stat(manifest)) === undefined) return;
  // Put aside: the undo of an earlier pass still asks it what was written since.
  await host.files.remove(putAside(manifest));
  await host.files.rename(manifest, putAside(manifest));
}

export async function forget({ host, input }: Recorded): Promise<void> {
  // The log last: it says whose the target is.
  await host.files.remove(input.manifest);
  await host.files.remove(verifiedLogFile(input.manifest));
  await host.files.remove(putAside(input.manifest));
  await forgetNews({ host, input });
  await host.files.remove(copyLogFile(input.manifest));
}
