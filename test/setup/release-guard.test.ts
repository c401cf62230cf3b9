import { describe, expect, test } from 'vitest';
import { unreleasedLines } from '../../setup/release-guard.ts';

const withUnreleased = (section: string): string =>
  `# Changelog\n\n## [Unreleased]\n${section}\n## [0.1.0] - 2026-01-01\n\n### Added\n\n- Everything.\n`;

describe('the release guard', () => {
  test('finds what is written under Unreleased, and nothing of older versions', () => {
    expect(unreleasedLines(withUnreleased('\n### Fixed\n\n- A wrong exit code.\n'))).toEqual([
      '- A wrong exit code.',
    ]);
  });

  test('takes headings without entries for nothing', () => {
    expect(unreleasedLines(withUnreleased('\n### Added\n\n### Fixed\n'))).toEqual([]);
    expect(unreleasedLines(withUnreleased(''))).toEqual([]);
  });

  test('takes a changelog without an Unreleased section for nothing', () => {
    expect(unreleasedLines('# Changelog\n\n## [0.1.0]\n\n- Everything.\n')).toEqual([]);
  });

  test('takes the link definitions at the end of a first release for nothing', () => {
    expect(unreleasedLines('## [Unreleased]\n\n[Unreleased]: compare/v0.1.0...HEAD\n')).toEqual([]);
  });
});
