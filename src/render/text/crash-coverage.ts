import type { CrashCoverageDocument } from '../documents/crash-coverage.ts';
import { formatDuration } from '../duration.ts';
import { harmless } from '../harmless.ts';
import type { Style } from '../style.ts';
import { columns } from './columns.ts';

/** More differences than anybody reads. */
const mostDifferences = 20;

export function crashCoverageText(document: CrashCoverageDocument, style: Style): string {
  const { runbook, cases, survived, held, unreached, failed, known, seed } = document;
  const head = ['point', 'cases', 'survived', 'in doubt: probe', 'idempotent', 'person', 'not well'];
  const rows = document.points.map(({ point, settled, ...row }) => [
    point,
    String(row.cases),
    String(row.survived),
    ...[settled.probe, settled.idempotent, settled.person].map((count) =>
      count === 0 ? '·' : String(count),
    ),
    [
      row.held > 0 ? `${row.held} held for a person` : '',
      row.unreached > 0 ? `${row.unreached} not reached` : '',
      row.failed > 0 ? `${row.failed} FAILED` : '',
    ]
      .filter(Boolean)
      .join(', '),
  ]);
  const [header = '', ...table] = columns([head, ...rows]);
  const verdict =
    failed > 0
      ? style('bad', `${failed} of ${cases} crashes were not survived:`)
      : style('good', `${survived} of ${cases} crashes survived:`);
  const rest = [
    held > 0 ? `${held} held for a person` : '',
    unreached > 0 ? `${unreached} not reached` : '',
    cases < known ? `${known - cases} more cases were not tried` : '',
    `seed ${seed}`,
    formatDuration(document.tookMs),
  ];
  return [
    style('strong', header),
    ...table,
    '',
    `${verdict} ${runbook}`,
    style('faint', rest.filter(Boolean).join('; ')),
    ...document.failures.flatMap((failure) => failureText(failure, style)),
  ].join('\n');
}

function failureText(
  { case: name, why, differences, again }: CrashCoverageDocument['failures'][number],
  style: Style,
): readonly string[] {
  const shown = differences.slice(0, mostDifferences).map((line) => `  ${harmless(line)}`);
  const more = differences.length - shown.length;
  return [
    '',
    `${style('bad', name)}: ${harmless(why)}`,
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
    `  Again: ${again}`,
  ];
}
