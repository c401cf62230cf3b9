import { StepError } from '../../errors.ts';

/** A part of a `sanoid.conf` under one `[name]`, with the lines on which its settings stand. */
export interface SanoidSection {
  readonly name: string;
  readonly line: number;
  readonly settings: ReadonlyMap<string, { readonly value: string; readonly line: number }>;
}

/**
 * Reads a policy file. The order of the sections is kept, since sanoid goes by it.
 * @param path for the messages
 * @throws StepError `sanoid.syntax` with the line
 */
export function parseSanoidConf(text: string, path: string): readonly SanoidSection[] {
  const sections = new Map<string, { name: string; line: number; settings: Map<string, Setting> }>();
  let current: { settings: Map<string, Setting> } | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const content = raw.trim();
    if (content === '' || /^[#;]/.test(content)) continue;
    const name = /^\[\s*(.+?)\s*\]$/.exec(content)?.[1];
    if (name !== undefined) {
      current = sections.get(name) ?? { settings: new Map() };
      if (!sections.has(name)) sections.set(name, { name, line, settings: current.settings });
      continue;
    }
    const [, key, value = ''] = /^([^=]*?)\s*=\s*(.*)$/.exec(content) ?? [];
    if (key === undefined || key === '')
      throw syntax(path, line, `neither a [section] nor a setting: ${content}`);
    if (current === undefined) throw syntax(path, line, `${key} stands before the first [section]`);
    const before = current.settings.get(key);
    if (before !== undefined) throw syntax(path, line, `${key} is set twice; first in line ${before.line}`);
    current.settings.set(key, { value, line });
  }
  return [...sections.values()];
}

interface Setting {
  readonly value: string;
  readonly line: number;
}

function syntax(path: string, line: number, problem: string): StepError {
  return new StepError(
    'sanoid.syntax',
    `${path}, line ${line}: ${problem}`,
    'Mend it there, or in the configuration that it is built from.',
  );
}
