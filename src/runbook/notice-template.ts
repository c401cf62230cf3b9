import { UsageError } from '../errors.ts';
import type { Message, Priority } from './notice.ts';
import { didYouMean } from './suggestion.ts';

interface Template {
  readonly priority: Priority;
  /** A name in braces stands for a field that must be given. */
  readonly title: string;
  /** A line is left out when one of its fields is not given: a unit's `OnFailure=` knows little. */
  readonly body: readonly string[];
}

const templates = {
  'sanoid-failure': {
    priority: 'high',
    title: 'Sanoid snapshot failed',
    body: ['Dataset: {dataset}', 'Error: {errorMessage}', 'Unit: {unit}'],
  },
  'syncoid-lag-warning': {
    priority: 'medium',
    title: 'Syncoid replication lag',
    body: ['Lag: {lagHours} hours', 'Dataset: {dataset}'],
  },
  'syncoid-failure': {
    priority: 'high',
    title: 'Syncoid replication failed',
    body: ['Dataset: {dataset}', 'Error: {errorMessage}', 'Unit: {unit}'],
  },
  'preseed-success': {
    priority: 'low',
    title: 'Data restored: {serviceName}',
    body: ['Source: {restoreSource}', 'Duration: {duration}'],
  },
  'preseed-failure': {
    priority: 'high',
    title: 'Restore failed: {serviceName}',
    body: [
      'No way of restoring it has worked. It stays down, and its backups are held back.',
      'Error: {errorMessage}',
      'Unit: {unit}',
    ],
  },
  'preseed-skipped': {
    priority: 'low',
    title: 'Restore skipped: {serviceName}',
    body: ['Its data is there.'],
  },
  'unit-failure': {
    priority: 'high',
    title: '{unit} failed',
    body: ['See journalctl --unit={unit}', 'Error: {errorMessage}'],
  },
} as const satisfies Record<string, Template>;

export type NoticeTemplate = keyof typeof templates;
const names = Object.keys(templates) as readonly NoticeTemplate[];

/** The templates as data. */
export function describeNoticeTemplates() {
  return names.map((name) => {
    const template: Template = templates[name];
    const { priority, title, body } = template;
    return { name, priority, title, body: [...body], fields: [...noticeFields(template)] };
  });
}

/**
 * The message that a template makes of its fields.
 * @throws UsageError `notice.template`, `notice.field` for one that there is not, or that the title lacks
 */
export function fillNotice(name: string, fields: Readonly<Record<string, string>>): Message {
  const template: Template | undefined = Object.hasOwn(templates, name)
    ? templates[name as NoticeTemplate]
    : undefined;
  if (template === undefined) {
    throw new UsageError(
      'notice.template',
      `there is no template "${name}".${didYouMean(name, names)}`,
      `There are: ${names.join(', ')}.`,
    );
  }
  const known = noticeFields(template);
  for (const field of Object.keys(fields)) {
    if (known.includes(field)) continue;
    throw new UsageError(
      'notice.field',
      `the template "${name}" has no field "${field}".${didYouMean(field, known)}`,
      `It has: ${known.join(', ')}.`,
    );
  }
  const missing = fieldsOf(template.title).find((field) => !Object.hasOwn(fields, field));
  if (missing !== undefined) {
    throw new UsageError(
      'notice.field',
      `the title of "${name}" needs the field "${missing}"`,
      `Give it with --set ${missing}=…`,
    );
  }
  const lines = template.body.filter((line) => fieldsOf(line).every((field) => Object.hasOwn(fields, field)));
  return {
    title: filled(template.title, fields),
    body: lines.map((line) => filled(line, fields)).join('\n'),
    priority: template.priority,
    template: name,
    fields,
  };
}

function noticeFields({ title, body }: Template): readonly string[] {
  return [...new Set([title, ...body].flatMap(fieldsOf))];
}

function fieldsOf(text: string): readonly string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
}

/** In one pass, so that a value that holds braces stays what it is. */
function filled(text: string, fields: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => fields[name] ?? '');
}
