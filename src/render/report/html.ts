import type { ReportDocument } from '../documents/report.ts';
import { gantt, paces } from './html-charts.ts';
import { evidenceSection } from './html-evidence.ts';
import { checksSection, copiesSection, gatesSection, risksSection, stepsSection } from './html-sections.ts';
import { html, htmlText, noHtml, ownHtml, type Html } from './html-text.ts';
import { style } from './html-style.ts';
import { dateText, spanText } from './words.ts';

/**
 * The report as one page that needs nothing else, and runs nothing: no script is in it, and its policy lets
 * none run.
 */
export function reportHtml(report: ReportDocument): string {
  return `${htmlText(page(report))}\n`;
}

function page(report: ReportDocument): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <meta name="referrer" content="no-referrer" />
        <link rel="icon" href="data:," />
        <title>${report.summary} – ${report.run}</title>
        <style>
          ${ownHtml(style)}
        </style>
      </head>
      <body>
        <header>
          <p class="soft">Report of a run</p>
          <h1>${report.summary}</h1>
          <p class="result ${toneOf(report)}">${report.result}</p>
          ${facts(report)}
        </header>
        <main>
          ${checksSection(report.checks)}${risksSection(report.risks)}${gantt(report.phases)}${paces(report.paces)}${stepsSection(report.phases)}${gatesSection(report)}${copiesSection(report.copies)}${historySection(report.history)}${scopeSection(report)}${evidenceSection(report.checks)}
        </main>
        <footer>Made by migrate, ${dateText(report.madeAt)}, from the journal of ${report.run}.</footer>
      </body>
    </html>`;
}

function toneOf({ status, verdict }: ReportDocument): string {
  if (verdict === 'FAIL') return 'bad';
  if (status === 'completed') return verdict === undefined || verdict === 'PASS' ? 'good' : 'warn';
  return 'warn';
}

function facts(report: ReportDocument): Html {
  const { startedAt, host, runbook, run, lastAt, tookMs, workedMs } = report;
  return html`<dl>
    <dt>Date</dt>
    <dd>${dateText(startedAt)}</dd>
    <dt>Host</dt>
    <dd>${host}</dd>
    <dt>Runbook</dt>
    <dd>${runbook}</dd>
    <dt>Run</dt>
    <dd>${run}</dd>
    <dt>Last event</dt>
    <dd>${dateText(lastAt)}</dd>
    <dt>Time</dt>
    <dd>${spanText(tookMs)}, of which ${spanText(workedMs)} at work</dd>
  </dl> `;
}

function historySection(history: ReportDocument['history']): Html {
  if (history.length === 0) return noHtml;
  return html`<section id="history">
    <h2>Out of the ordinary</h2>
    <ul>
      ${history.map(({ at, text }) => html`<li><span class="soft">${dateText(at)}</span> ${text}</li> `)}
    </ul>
  </section> `;
}

function scopeSection({ params, claims, tools, source }: ReportDocument): Html {
  const rows = (entries: readonly (readonly [string, string])[]) =>
    entries.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd> `,
    );
  const [given, programs, files] = [params, tools, source.sha256].map((each) => Object.entries(each));
  return html`<section id="scope">
    <h2>Scope</h2>
    ${
      given === undefined || given.length === 0
        ? noHtml
        : html`<h3>Parameters</h3>
            <dl>${rows(given)}</dl> `
    }${
      claims.length === 0
        ? noHtml
        : html`<h3>What it held against other runs</h3>
            <ul>
              ${claims.map((claim) => html`<li>${claim}</li> `)}
            </ul> `
    }${
      programs === undefined || programs.length === 0
        ? noHtml
        : html`<h3>Programs</h3>
            <dl>${rows(programs)}</dl> `
    }
    <h3>Runbook</h3>
    <p>${source.file}</p>
    ${
      files === undefined || files.length === 0
        ? noHtml
        : html`<ul>
            ${files.map(([file, hash]) => html`<li>${file} <code class="hash">sha256 ${hash}</code></li> `)}
          </ul> `
    }
  </section> `;
}
