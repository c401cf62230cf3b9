import { quoteWord } from '../../runbook/index.ts';
import type { ReportCheck } from '../documents/report.ts';
import { html, htmlPre, noHtml, type Html } from './html-text.ts';
import { dateText, spanText } from './words.ts';

type Ran = ReportCheck['commands'][number];

/** What each check ran and what that answered; open where the answer was not simply yes. */
export function evidenceSection(checks: readonly ReportCheck[]): Html {
  const asked = checks.filter(({ commands, evidence }) => commands.length > 0 || evidence !== undefined);
  if (asked.length === 0) return noHtml;
  return html`<section id="evidence">
    <h2>Evidence</h2>
    ${asked.map(evidenceOf)}
  </section> `;
}

function evidenceOf({ id, verdict, at, commands, omitted, evidence = {} }: ReportCheck): Html {
  const figures = Object.entries(evidence).filter(([name]) => name !== 'chart');
  const when = at === null ? '' : `, ${dateText(at)}`;
  return html`<details${verdict === 'PASS' ? noHtml : html` open`}>
<summary><b>${id}</b> <span class="soft">${verdict ?? 'no verdict'}${when}</span></summary>
${
  figures.length === 0
    ? noHtml
    : html`<dl>
        ${figures.map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd>${typeof value === 'string' ? value : JSON.stringify(value)}</dd> `,
        )}
      </dl> `
}${omitted === undefined ? noHtml : html`<p class="soft">${omitted} earlier commands are left out.</p> `}${commands.map(commandOf)}</details>
`;
}

function commandOf(command: Ran): Html {
  const { argv, ms, stdout, stderr, cutChars } = command;
  const printed = [stdout, stderr].filter((text) => text !== '').join('\n');
  const cut = cutChars === undefined ? '' : `, ${cutChars} characters before are left out`;
  return html`<p>
      <code>${argv.map(quoteWord).join(' ')}</code>
      <span class="soft">${endedText(command)} after ${spanText(ms)}${cut}</span>
    </p>
    ${printed === '' ? noHtml : html`<pre>${htmlPre(printed)}</pre> `}`;
}

/** How a command ended. */
export function endedText({ exitCode, signal, error }: Ran): string {
  if (error !== undefined) return error;
  return signal === undefined ? `exit ${exitCode ?? 'unknown'}` : `ended by ${signal}`;
}
