import { StepError } from '../../src/errors.ts';
import type { Files, FileStat, Space } from '../../src/runbook/index.ts';

export interface MemoryFile {
  content: string;
  mode: number;
}

/** Files by path, without folders. */
export class MemoryFiles implements Files {
  readonly all = new Map<string, MemoryFile>();

  async read(path: string): Promise<string | undefined> {
    return this.all.get(path)?.content;
  }

  async replace(path: string, content: string, options: { mode?: number } = {}): Promise<void> {
    this.all.set(path, { content, mode: options.mode ?? this.all.get(path)?.mode ?? 0o644 });
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const file = this.all.get(path);
    if (file === undefined) return undefined;
    return {
      ...{ kind: 'file', size: file.content.length, mode: file.mode, uid: 0, gid: 0 },
      ...{ device: '8:1', inode: '1', links: 1, mtimeMs: 0, mtime: '0.000000000', ctimeMs: 0 },
    };
  }

  async readLink(): Promise<undefined> {}

  async realPath(path: string): Promise<string | undefined> {
    return this.all.has(path) ? path : undefined;
  }

  async list(): Promise<readonly string[]> {
    return [...this.all.keys()];
  }

  async makeFolder(): Promise<readonly string[]> {
    return [];
  }

  async rename(from: string, to: string): Promise<void> {
    const file = this.all.get(from);
    if (file === undefined || this.all.has(to)) throw new StepError('files.exists', `${from} to ${to}`);
    this.all.delete(from);
    this.all.set(to, file);
  }

  async remove(path: string): Promise<void> {
    this.all.delete(path);
  }

  async space(): Promise<Space> {
    return { freeForUsers: 1, freeForRoot: 1, total: 1, freeInodes: 1 };
  }
}
