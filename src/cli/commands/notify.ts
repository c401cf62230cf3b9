import { Option } from '@commander-js/extra-typings';
import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';
import type { SendGiven } from '../notices/send-message.ts';
import { collect } from '../options/option-values.ts';

export function addNotify(program: Program, invocation: Invocation): void {
  const notify = program
    .command('notify')
    .description('tell somebody who is not at the terminal, as migrate config set notify says')
    .addHelpText(
      'after',
      examples(
        'migrate notify test',
        'migrate notify send --template unit-failure --set unit=sanoid.service',
      ),
    );
  notify
    .command('test')
    .description('send a notice at once, and say whether it was taken')
    .addHelpText('after', examples('migrate notify test'))
    .action(async (_options, command) => {
      await test(globalsOf(command.optsWithGlobals()), invocation);
    });
  notify
    .command('send')
    .description('send a notice; what cannot be sent now is kept, and sent by a later migrate')
    .addOption(new Option('--template <name>', 'one of those of migrate notify templates'))
    .option('--set <key=value>', 'a field of the template; repeat it for several', collect, [])
    .addOption(new Option('--title <text>', 'one line, without a template').conflicts('template'))
    .addOption(new Option('--body <text>', 'what is to be said').conflicts('template'))
    .addOption(
      new Option('--priority <priority>', "how much it matters; else the template's").choices([
        'low',
        'medium',
        'high',
      ] as const),
    )
    .addHelpText(
      'after',
      examples(
        'migrate notify send --template syncoid-lag-warning --set lagHours=14',
        "migrate notify send --title 'The scrub has found errors' --priority high",
      ),
    )
    .action(async (options, command) => {
      await send(options, globalsOf(command.optsWithGlobals()), invocation);
    });
  notify
    .command('templates')
    .description('print the templates, with their fields')
    .addHelpText('after', examples('migrate notify templates'))
    .action((_options, command) => templates(globalsOf(command.optsWithGlobals())));
  notify
    .command('deliver')
    .description('send what earlier processes have kept')
    .addHelpText('after', examples('migrate notify deliver'))
    .action(async (_options, command) => {
      invocation.exitCode = await deliver(globalsOf(command.optsWithGlobals()), invocation);
    });
}

async function test(globals: Globals, { overrides }: Invocation): Promise<void> {
  const { testNotice } = await import('../notices/send-message.ts');
  await testNotice(globals, overrides);
}

async function send(given: SendGiven, globals: Globals, { overrides }: Invocation): Promise<void> {
  const { sendMessage } = await import('../notices/send-message.ts');
  await sendMessage(given, globals, overrides);
}

async function deliver(globals: Globals, { overrides }: Invocation) {
  const { deliverNotices } = await import('../notices/deliver-notices.ts');
  return deliverNotices(globals, overrides);
}

async function templates(globals: Globals): Promise<void> {
  const { noticeTemplatesDocument } = await import('../../render/documents/notices.ts');
  const { describeNoticeTemplates } = await import('../../runbook/notice-template.ts');
  const { print } = await import('../terminal/print.ts');
  const all = describeNoticeTemplates();
  print(globals, noticeTemplatesDocument, { type: 'notice-templates', templates: [...all] }, () =>
    all
      .map(({ name, priority, title, fields }) => `${name} (${priority}): ${title}\n  ${fields.join(', ')}`)
      .join('\n'),
  );
}
