import { expect, test } from 'vitest';
import { thresholds } from '../../src/operations/index.ts';
import { readPage } from './pages.ts';

test('docs/health.md has the thresholds as they are, and no other', () => {
  const rows = [
    ...readPage('docs/health.md').text.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([\d ]*)\| ([\d ]*)\|$/gm),
  ];
  const limit = (text = '') => (text.trim() === '' ? {} : Number(text));
  const documented = rows.map(([, name, unit = '', warning, critical]) => ({
    name,
    unit: unit.replace(', worse below', ''),
    worse: unit.includes('worse below') ? 'below' : 'above',
    warning: limit(warning),
    critical: limit(critical),
  }));
  const given = Object.entries(thresholds).map(([name, limits]) => ({
    name,
    unit: limits.unit,
    worse: 'worse' in limits ? limits.worse : 'above',
    warning: 'warning' in limits ? limits.warning : {},
    critical: 'critical' in limits ? limits.critical : {},
  }));
  expect(documented).toEqual(given);
});
