import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportDocument, type ReportDocument } from '../../../src/render/documents/report.ts';
import { startBrowser, type Browser, type View } from './browser.ts';
import { bars, leastContrast, overflowing, structure, type Bar, type Structure } from './measures.ts';
import { decodePng, type Picture } from './png.ts';

const project = resolve(import.meta.dirname, '../../..');
const hasBrowser = spawnSync('chromium', ['--version']).status === 0;
if (!hasBrowser) console.log('no report is looked at in a browser: there is no chromium here');

/** Where to leave the pictures for a person. */
const keep = process.env['MIGRATE_REPORT_PICTURES'];

const sizes = {
  phone: { width: 360, height: 740, phone: true },
  desk: { width: 1280, height: 900 },
  paper: { width: 700, height: 990, print: true },
  night: { width: 360, height: 740, phone: true, dark: true },
} as const satisfies Record<string, View>;

interface Looked {
  readonly page: string;
  readonly report: ReportDocument;
}

let root = '';
let browser: Browser | undefined;
let starting: Promise<Browser> | undefined;
const runs = new Map<string, Looked>();

function migrate(...args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['src/cli/migrate.ts', ...args], {
    cwd: project,
    encoding: 'utf8',
    env: {
      ...{ PATH: process.env['PATH'], LANG: 'C.UTF-8', HOME: root },
      ...{ MIGRATE_STATE_DIR: join(root, 'state'), MIGRATE_CLAIMS_DIR: join(root, 'claims') },
    },
  });
  if (![0, 1, 3].includes(status ?? -1)) throw new Error(`${args.join(' ')}: ${status}\n${stdout}${stderr}`);
  return stdout;
}

function keepReport(name: string, runbook: string): void {
  const page = join(root, `${name}.html`);
  migrate('report', runbook, '--output', page);
  runs.set(name, { page, report: reportDocument.parse(JSON.parse(migrate('report', runbook, '--json'))) });
}

/** A copy with a gate, at a speed that can be seen. */
function migration(): void {
  const [from, to, link] = ['library', 'ssd', 'media'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(from);
  for (let index = 0; index < 12; index += 1)
    writeFileSync(join(from, `<b>film & ${index}`), randomBytes(4e6));
  symlinkSync(from, link);
  const set = [`from=${from}`, `to=${to}`, `link=${link}`].flatMap((each) => ['--set', each]);
  migrate('run', join(import.meta.dirname, 'move-runbook.ts'), ...set);
  migrate('confirm', 'move-media', 'look', '--set', 'played=<i>Metropolis</i>');
  migrate('resume', 'move-media');
  keepReport('migration', 'move-media');
}

beforeAll(async () => {
  if (!hasBrowser) return;
  // Not in the temp folder, which may lie in memory, where no state is kept.
  root = mkdtempSync('/var/tmp/migrate-report-');
  mkdirSync(join(root, 'work'));
  starting = startBrowser();
  // Awaited below, or where everything ends.
  starting.catch(() => {});
  migration();
  migrate('run', resolve(project, 'test/cli/verdicts-runbook.ts'), '--set', `folder=${join(root, 'work')}`);
  keepReport('checks', 'verdicts');
  migrate('run', join(import.meta.dirname, 'failing-runbook.ts'), '--set', `folder=${join(root, 'work')}`);
  keepReport('rolled-back', 'goes-back');
  browser = await starting;
});

afterAll(async () => {
  await (await starting?.catch(() => undefined))?.end();
  if (root !== '') rmSync(root, { recursive: true, force: true });
});

async function look(
  name: string,
  size: keyof typeof sizes,
): Promise<{ browser: Browser; picture: Picture; report: ReportDocument }> {
  const looked = runs.get(name);
  if (browser === undefined || looked === undefined) throw new Error('the browser did not start');
  await browser.open(looked.page, sizes[size]);
  const file = await browser.picture();
  if (keep !== undefined) {
    mkdirSync(keep, { recursive: true });
    writeFileSync(join(keep, `${name}-${size}.png`), file);
  }
  return { browser, picture: decodePng(file), report: looked.report };
}

/** The share of pixels that are of another colour than the paper. */
function inked(picture: Picture): number {
  const paper = picture.at(1, 1).join();
  let count = 0;
  let all = 0;
  for (let y = 0; y < picture.height; y += 3) {
    for (let x = 0; x < picture.width; x += 3) {
      all += 1;
      if (picture.at(x, y).join() !== paper) count += 1;
    }
  }
  return count / all;
}

const colourOf = (text: string) => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number);

describe.skipIf(!hasBrowser)('the report of a real run, in a real browser', () => {
  describe.each(['migration', 'checks', 'rolled-back'])('%s', (name) => {
    test.each(['phone', 'desk', 'paper', 'night'] as const)(
      'fits the %s, is not blank, can be read, and has its bars where the journal says',
      async (size) => {
        const { browser: page, picture, report } = await look(name, size);
        expect(await page.ask(overflowing)).toEqual([]);
        expect(picture.width).toBe(sizes[size].width);
        expect(inked(picture)).toBeGreaterThan(0.02);
        expect(inked(picture)).toBeLessThan(0.6);
        const contrast = await page.ask<{ ratio: number; text: string }>(leastContrast);
        expect(contrast.ratio, contrast.text).toBeGreaterThan(4.5);

        const drawn = await page.ask<Bar[]>(bars);
        const spans = report.phases.flatMap(({ steps }) =>
          steps.flatMap(({ id, spans: its }) => its.map((span) => ({ id, ...span }))),
        );
        expect(drawn.map(({ step, doing }) => [step, doing])).toEqual(
          spans.map(({ id, doing }) => [id, doing]),
        );
        for (const bar of drawn) {
          expect(bar.x).toBeGreaterThanOrEqual(bar.lane.x - 0.5);
          expect(bar.x + bar.width).toBeLessThanOrEqual(bar.lane.x + bar.lane.width + 0.5);
          expect(bar.width).toBeGreaterThan(1);
          // In the middle of the bar the picture has the bar's own colour.
          const seen = picture.at(Math.floor(bar.x + bar.width / 2), Math.floor(bar.y + bar.height / 2));
          for (const [channel, value] of colourOf(bar.fill).entries())
            expect(
              Math.abs((seen[channel] ?? 0) - value),
              `${bar.step} ${seen.join()} ${bar.fill}`,
            ).toBeLessThan(24);
        }
        // What began later stands further to the right, as far as the width of the thinnest bar lets one see.
        const inTime = drawn
          .map((bar, index) => ({ x: bar.x, from: Date.parse(spans[index]?.from ?? '') }))
          .toSorted((one, other) => one.from - other.from);
        for (const [index, { x }] of inTime.entries())
          expect(x).toBeGreaterThanOrEqual((inTime[index - 1]?.x ?? 0) - 0.01 * sizes[size].width);
      },
    );

    test('is built as a screen reader wants it, and takes no text for markup', async () => {
      const { browser: page } = await look(name, 'phone');
      const found = await page.ask<Structure>(structure);
      expect(found).toMatchObject({ scripts: 0, language: 'en', headless: 0, unnamedPictures: 0 });
      expect(found.headings.filter((each) => each.startsWith('H1'))).toHaveLength(1);
      expect(found.headings[0]).toMatch(/^H1/);
      expect(found.smallestText).toBeGreaterThanOrEqual(11);
    });

    test('prints on pages of its own, with the evidence that is folded away on the screen', async () => {
      const { browser: page } = await look(name, 'paper');
      const hidden = `[...document.querySelectorAll('details p, details pre')].filter((each) => each.checkVisibility({ contentVisibilityAuto: true }) === false || each.getBoundingClientRect().height === 0).length`;
      expect(await page.ask(hidden)).toBe(0);
      const pdf = await page.pdf();
      if (keep !== undefined) writeFileSync(join(keep, `${name}.pdf`), pdf);
      const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
      expect(pages).toBeGreaterThan(0);
      expect(pages).toBeLessThan(8);
    });
  });

  test('shows how fast the copy went, as high as its rates', async () => {
    const { browser: page, report } = await look('migration', 'phone');
    const pace = report.paces.find(({ doing }) => doing === 'copying');
    expect(pace?.bytes).toBe(48_000_000);
    const heights = await page.ask<number[]>(
      `[...document.querySelector('svg.pace').querySelectorAll('rect')].map((each) => each.getBoundingClientRect().height)`,
    );
    const rates = pace?.rates.map(({ rate }) => rate) ?? [];
    expect(heights).toHaveLength(rates.length);
    for (const [index, height] of heights.entries())
      expect(Math.abs(height - ((rates[index] ?? 0) / (pace?.peakRate ?? 1)) * 96)).toBeLessThan(1);
    expect(report.copies.find(({ sha256 }) => sha256 !== undefined)?.bytes).toBe(48_000_000);
    expect(await page.ask(`document.body.innerText.includes('<i>Metropolis</i>')`)).toBe(true);
  });

  test('says of each check which verdict it has, in words and not by colour alone', async () => {
    const { browser: page } = await look('checks', 'desk');
    const cells = await page.ask<string[]>(
      `[...document.querySelectorAll('#checks td.verdict')].map((each) => each.innerText.replace(/\\s+/g, ' ').trim())`,
    );
    expect(cells).toEqual(['PASS', 'PARTIAL known limitation', 'FAIL known limitation', 'BLOCKED']);
  });

  test('shows what was undone beside what was done, and keeps its own title', async () => {
    const { browser: page, report } = await look('rolled-back', 'desk');
    expect(report.status).toBe('rolled-back');
    const drawn = await page.ask<Bar[]>(bars);
    expect(drawn.map(({ step, looks }) => `${step} ${looks}`)).toEqual(
      expect.arrayContaining(['first work', 'first undo', 'second work', 'second undo', 'third failed']),
    );
    expect(await page.ask('document.title')).toContain('Goes back <script>document.title = "pwned"</script>');
  });

  test('asks nothing of any network', () => {
    const others = browser?.asked.filter((url) => !url.startsWith(`file://${root}/`) && url !== 'data:,');
    expect(others).toEqual([]);
    expect(readFileSync(runs.get('checks')?.page ?? '', 'utf8')).not.toMatch(/https?:/);
  });
});
