import { z } from 'zod';
import * as documents from '../../src/render/documents/index.ts';
import type { ValueSchema } from '../../src/cli/parameters/schema.ts';

/** docs/json.md: what each command prints with `--json`, written from the schemas that it is checked with. */
export function jsonReference(): string {
  return `# JSON

<!-- Written from src/render/documents; \`npx vitest run test/cli/json-reference.test.ts -u\` writes it anew. -->

Every command takes \`--json\`. Then standard output holds JSON and nothing else, and standard error stays empty. Documents may get more keys in later versions; none is renamed or removed within a major version. Text from tools and file names is escaped so that it does nothing to a terminal, and reads the same.

\`run\`, \`resume\` and \`rollback\` print one JSON object a line as things happen, and the result as the last line; \`logs --follow\` and \`status --watch\` print one object a line as well. All others print one document. Whenever a command fails, the last thing is an error.

${sections.map(({ title, says, schema }) => `## ${title}\n\n${says}\n\n\`\`\`ts\n${shape(schema)}\n\`\`\`\n`).join('\n')}`;
}

const sections: readonly { title: string; says: string; schema: z.ZodType }[] = [
  { title: 'error', says: 'Any command that fails.', schema: documents.errorDocument },
  {
    title: 'lines of run, resume and rollback',
    says: 'One of these a line. The events are those of the journal: see [state and journal](state-and-journal.md).',
    schema: documents.liveDocument,
  },
  {
    title: 'result',
    says: 'The last line of `run`, `resume`, `rollback` and `attach`; all of `confirm`, `settle` and `abort`.',
    schema: documents.resultDocument,
  },
  {
    title: 'nothing-to-do',
    says: '`migrate run` of a runbook that asks first, when no run begins.',
    schema: documents.nothingToDoDocument,
  },
  { title: 'list', says: '`migrate list`', schema: documents.listDocument },
  { title: 'new', says: '`migrate new`', schema: documents.newDocument },
  { title: 'imported', says: '`migrate import`', schema: documents.importedDocument },
  { title: 'show', says: '`migrate show RUNBOOK`', schema: documents.showDocument },
  {
    title: 'plan',
    says: '`migrate plan RUNBOOK`, `migrate run … --dry-run`',
    schema: documents.planDocument,
  },
  {
    title: 'rollback-plan',
    says: '`migrate rollback RUN --dry-run`',
    schema: documents.rollbackPlanDocument,
  },
  { title: 'status', says: '`migrate status`', schema: documents.statusDocument },
  { title: 'logs', says: '`migrate logs RUN`', schema: documents.logsDocument },
  { title: 'report', says: '`migrate report RUN`', schema: documents.reportDocument },
  { title: 'doctor', says: '`migrate doctor`', schema: documents.doctorDocument },
  { title: 'check', says: '`migrate check RUNBOOK`', schema: documents.checkDocument },
  { title: 'inventory', says: '`migrate inventory`', schema: documents.inventoryDocument },
  { title: 'verification', says: '`migrate verify RUN`', schema: documents.verificationDocument },
  { title: 'state', says: '`migrate state path`, `migrate state move DIR`', schema: documents.stateDocument },
  {
    title: 'boot',
    says: '`migrate boot status`, `migrate boot enable`, `migrate boot disable`',
    schema: documents.bootDocument,
  },
  {
    title: 'detached',
    says: '`migrate run`, `resume` and `rollback` with `--detach`; nothing follows.',
    schema: documents.detachedDocument,
  },
  { title: 'config', says: '`migrate config …`', schema: documents.configDocument },
  {
    title: 'notification',
    says: "What a [notification](notifications.md) is: the body of a webhook's request, and what the program of `migrate config set notify` reads on standard input; its argument is the text.",
    schema: documents.notificationDocument,
  },
  {
    title: 'notice-sent',
    says: '`migrate notify test`, `migrate notify send`',
    schema: documents.noticeSentDocument,
  },
  { title: 'notices', says: '`migrate notify deliver`', schema: documents.noticesDocument },
  {
    title: 'notice-templates',
    says: '`migrate notify templates`',
    schema: documents.noticeTemplatesDocument,
  },
  {
    title: 'crash-coverage',
    says: 'The last line of `migrate rehearse RUNBOOK --crash everywhere`; before it come notices.',
    schema: documents.crashCoverageDocument,
  },
  {
    title: 'rehearsal',
    says: 'The last line of `migrate rehearse`; before it come the lines of every call in the world.',
    schema: documents.rehearsalDocument,
  },
];

function shape(schema: z.ZodType): string {
  return typeOf(z.toJSONSchema(schema, { unrepresentable: 'any' }) as ValueSchema, '');
}

function typeOf(schema: ValueSchema, indent: string): string {
  const values = schema.const === undefined ? schema.enum : [schema.const];
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(' | ');
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) {
    const types = alternatives.map((each) => typeOf(each, indent));
    return types.join(types.some((type) => type.includes('\n')) ? `\n${indent}| ` : ' | ');
  }
  if (schema.type === 'array' && typeof schema.items === 'object') return `${typeOf(schema.items, indent)}[]`;
  if (schema.type !== 'object') return [schema.type ?? 'any'].flat().join(' | ');
  if (schema.properties === undefined) {
    const { additionalProperties: rest } = schema;
    return `{ [key]: ${typeof rest === 'object' ? typeOf(rest, indent) : 'any'} }`;
  }
  const inner = `${indent}  `;
  const lines = Object.entries(schema.properties).map(([key, value]) => {
    const optional = schema.required?.includes(key) === true ? '' : '?';
    const about = value.description === undefined ? '' : ` // ${value.description}`;
    return `${inner}${key}${optional}: ${typeOf(value, inner)}${about}`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}
