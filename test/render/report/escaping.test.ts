import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reportDocument } from '../../../src/render/documents/report.ts';
import { harmlessLines } from '../../../src/render/harmless.ts';
import { reportHtml } from '../../../src/render/report/html.ts';
import { md, mdBlock, mdCode } from '../../../src/render/report/markdown-text.ts';
import { reportMarkdown } from '../../../src/render/report/markdown.ts';
import { hostileText, reportOfTexts } from './hostile.ts';

// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029]/;
const tags = /<\/?([a-zA-Z][^\s/>]*)[^>]*>/g;

/** The tags of a page, without what stands in their attributes. */
function tagsOf(page: string): string[] {
  return [...page.matchAll(tags)].map(([tag]) => tag.replaceAll(/"[^"]*"/g, '""'));
}

const innocent = reportHtml(reportOfTexts(() => 'word'));

describe('any text in any field of a report', () => {
  test('adds no tag and no attribute to its page, and no control character', () => {
    let index = 0;
    const mixed = reportHtml(reportOfTexts(() => `word\n${(index += 1)}`));
    const wanted = new Set([...tagsOf(innocent), ...tagsOf(mixed)]);
    fc.assert(
      fc.property(fc.array(hostileText, { minLength: 1, maxLength: 20 }), (texts) => {
        let next = 0;
        const page = reportHtml(reportOfTexts(() => texts[(next += 1) % texts.length] ?? ''));
        expect(page).not.toMatch(control);
        // A title that is its id, or no title at all, leaves tags away; none comes that was not there.
        for (const tag of tagsOf(page)) expect(wanted, tag).toContain(tag);
        expect(page).not.toMatch(/<script/i);
      }),
      { numRuns: 80 },
    );
  });

  test('can be read in its page as it is', () => {
    const page = reportHtml(reportOfTexts(() => '<b title="x">&amp;\'</b>'));
    expect(page).toContain('&lt;b title=&quot;x&quot;&gt;&amp;amp;&#39;&lt;/b&gt;');
  });

  test('becomes no HTML, link, image, heading or list of its Markdown', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const line = md(text);
        expect(line).not.toMatch(control);
        expect(line).not.toContain('\n');
        const bare = line.replaceAll(/\\[^\p{L}\p{N}\s]/gu, '');
        expect(bare).not.toMatch(/[\\`*[\]<>&|~]/);
        expect(bare).not.toMatch(/^(#|[-+=]\s|\d+[.)]\s)/);
        expect(bare).not.toMatch(/https?:|www\./i);
      }),
      { numRuns: 150 },
    );
  });

  test('stays within its code span or block of Markdown', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const span = mdCode(text);
        const [, fence = '', inner = ''] = /^(`+)([^]*)\1$/.exec(span) ?? [];
        expect(fence).not.toBe('');
        expect([...inner.matchAll(/`+/g)].map(([run]) => run)).not.toContain(fence);
        expect(span).not.toMatch(control);
        expect(span).not.toContain('\n');
        const block = mdBlock(text);
        const [open = '', ...rest] = block;
        const close = rest.at(-1) ?? '';
        expect(open).toBe(`${close}text`);
        expect(rest.slice(0, -1)).toEqual(harmlessLines(text.toWellFormed()));
        for (const line of rest.slice(0, -1)) expect(line.trim()).not.toMatch(new RegExp(`^${close}`));
      }),
      { numRuns: 150 },
    );
  });

  test('leaves the sections of its Markdown as they are', () => {
    const headings = (text: string) => text.split('\n').filter((line) => line.startsWith('## '));
    const wanted = headings(reportMarkdown(reportOfTexts(() => 'word')));
    fc.assert(
      fc.property(fc.array(hostileText, { minLength: 1, maxLength: 20 }), (texts) => {
        let next = 0;
        const report = reportOfTexts(() => texts[(next += 1) % texts.length] ?? '');
        expect(headings(reportMarkdown(report))).toEqual(wanted);
        expect(reportDocument.parse(JSON.parse(JSON.stringify(report)))).toEqual(
          JSON.parse(JSON.stringify(report)),
        );
      }),
      { numRuns: 30 },
    );
  });
});

test('a page asks nothing of the network, and lets nothing run', () => {
  expect(innocent).toContain("default-src 'none'");
  const addresses = [...innocent.matchAll(/(?:src|href|url|action)\s*[=(]\s*"?([^")\s>]*)/gi)].map(
    ([, to]) => to,
  );
  expect(addresses).toEqual(['data:,']);
  expect(innocent).not.toMatch(/<script|<iframe|<object|<form|@import|https?:/i);
});
