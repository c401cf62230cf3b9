import type { ReportCheck, ReportCopy, ReportDocument, ReportStep, Risk } from '../documents/report.ts';
import { formatBytes } from '../bytes.ts';
import { chartFigure } from './html-charts.ts';
import { html, htmlLines, noHtml, type Html } from './html-text.ts';
import { countText, dateText, notesOf, openedText, outcomeWords, spanText, timeText } from './words.ts';

export function checksSection(checks: readonly ReportCheck[]): Html {
  if (checks.length === 0) return noHtml;
  return html`<section id="checks">
    <h2>Test outcomes</h2>
    <table>
      <thead>
        <tr>
          <th scope="col" class="verdict">Verdict</th>
          <th scope="col">Check</th>
        </tr>
      </thead>
      <tbody>
        ${checks.map(checkRow)}
      </tbody>
    </table>
    ${checks.flatMap(({ chart }) => (chart === undefined ? [] : [chartFigure(chart)]))}
  </section> `;
}

function checkRow(check: ReportCheck): Html {
  const { id, title, verdict, expect, observed, unblock, knownLimitation } = check;
  const known = knownLimitation === undefined ? noHtml : html`<span class="mark">known limitation</span>`;
  return html`<tr>
    <td class="verdict ${verdict ?? 'soft'}">${verdict ?? 'not asked'}${known}</td>
    <td>
      <p><b>${title}</b>${title === id ? noHtml : html` <span class="soft">${id}</span>`}</p>
      ${said('expected', expect)}${said(verdict === null ? 'because' : 'observed', observed)}${said('to unblock it', unblock)}${said('known', knownLimitation)}
    </td>
  </tr> `;
}

function said(label: string, text: string | null | undefined): Html {
  if (text === null || text === undefined || text === '') return noHtml;
  return html`<p><span class="soft">${label}</span> ${htmlLines(text)}</p> `;
}

export function risksSection(risks: readonly Risk[]): Html {
  const list = (those: readonly Risk[]) =>
    html`<ul>
      ${those.map(({ about, text }) => html`<li>${about === null ? noHtml : html`<b>${about}</b> `}${htmlLines(text)}</li> `)}
    </ul> `;
  const [fresh, known] = [risks.filter((risk) => !risk.known), risks.filter((risk) => risk.known)];
  return html`<section id="risks">
    <h2>Observed residual risks</h2>
    ${risks.length === 0 ? html`<p>None that the run knows of.</p> ` : noHtml}${fresh.length === 0 ? noHtml : list(fresh)}${
      known.length === 0
        ? noHtml
        : html`<h3>Known limitations</h3>
            ${list(known)}`
    }
  </section> `;
}

export function stepsSection(phases: ReportDocument['phases']): Html {
  return html`<section id="steps">
    <h2>Steps</h2>
    ${phases.map(
      ({ title, workedMs, steps }) =>
        html`${title === null ? noHtml : html`<h3>${title} <span class="soft">${spanText(workedMs)} at work</span></h3> `}
          <table>
            <thead>
              <tr>
                <th scope="col">Step</th>
                <th scope="col" class="outcome">Outcome</th>
                <th scope="col" class="time">Time</th>
              </tr>
            </thead>
            <tbody>
              ${steps.map(stepRow)}
            </tbody>
          </table> `,
    )}
  </section> `;
}

const tones: Partial<Readonly<Record<ReportStep['outcome'], string>>> = {
  done: 'good-word',
  failed: 'bad-word',
  'undo-failed': 'bad-word',
  'in-doubt': 'warn-word',
  waiting: 'warn-word',
};

function stepRow(step: ReportStep): Html {
  const { id, title, outcome, bytes } = step;
  const notes = [...notesOf(step), ...(bytes === undefined ? [] : [formatBytes(bytes)])];
  return html`<tr>
    <th scope="row">
      ${title}${title === id ? noHtml : html` <span class="soft">${id}</span>`}${
        notes.length === 0 ? noHtml : html`<div class="soft">${htmlLines(notes.join('; '))}</div>`
      }
    </th>
    <td class="${tones[outcome] ?? 'soft'}">${outcomeWords[outcome]}</td>
    <td>${step.spans.length === 0 ? '' : timeText(step)}</td>
  </tr> `;
}

export function gatesSection({ gates, consents }: ReportDocument): Html {
  if (gates.length + consents.length === 0) return noHtml;
  return html`<section id="gates">
    <h2>Gates, and who opened them</h2>
    <ul>
      ${gates.map((gate) => {
        const { step, kind, says, enteredAt, input, looks, unhealthy } = gate;
        const looked = looks === undefined ? '' : `; ${looks} looks, ${unhealthy ?? 0} of them not healthy`;
        return html`<li>
          <p><b>${step}</b> <span class="soft">${kind}, entered ${dateText(enteredAt)}</span></p>
          <p>${htmlLines(says)}</p>
          <p>
            ${openedText(gate)}${looked}${input === undefined ? noHtml : html`; given: <code>${JSON.stringify(input)}</code>`}
          </p>
        </li> `;
      })}${consents.map(
        ({ step, at, by, lost }) =>
          html`<li>
            <p><b>${step}</b> <span class="soft">irreversible</span></p>
            <p>
              accepted by ${by === 'phrase' ? 'a typed phrase' : 'flag'},
              ${dateText(at)}${lost === '' ? '' : `: ${lost}`}
            </p>
          </li> `,
      )}
    </ul>
  </section> `;
}

export function copiesSection(copies: readonly ReportCopy[]): Html {
  if (copies.length === 0) return noHtml;
  return html`<section id="bytes">
    <h2>Bytes and hashes</h2>
    <table>
      <thead>
        <tr>
          <th scope="col" class="step">Step</th>
          <th scope="col">What</th>
        </tr>
      </thead>
      <tbody>
        ${copies.map(
          ({ step, what, bytes, files, manifest, sha256, snapshot }) =>
            html`<tr>
              <th scope="row">${step}</th>
              <td>
                <p>
                  ${[what, bytes === undefined ? undefined : formatBytes(bytes), files === undefined ? undefined : `${countText(files)} files`].filter((part) => part !== undefined).join(', ')}
                </p>
                ${manifest === undefined ? noHtml : html`<p class="soft">${manifest}</p> `}${sha256 === undefined ? noHtml : html`<p><code class="hash">sha256 ${sha256}</code></p> `}${snapshot === undefined ? noHtml : html`<p><code class="hash">snapshot ${snapshot}</code></p> `}
              </td>
            </tr> `,
        )}
      </tbody>
    </table>
  </section> `;
}
