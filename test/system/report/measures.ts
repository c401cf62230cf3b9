/** What is asked of a page, as expressions that run in it. */

/** Elements that reach beyond the window, with how far; those within a picture are cut by it. */
export const overflowing = `[...document.querySelectorAll('body *')]
  .filter((each) => each.closest('svg') === null || each.tagName === 'svg')
  .map((each) => ({ tag: each.tagName, text: each.textContent.slice(0, 40), right: each.getBoundingClientRect().right }))
  .concat({ tag: 'page', text: '', right: document.documentElement.scrollWidth })
  .filter(({ right }) => right > window.innerWidth + 0.5)`;

export interface Bar {
  readonly step: string;
  readonly doing: string;
  readonly looks: string;
  readonly fill: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Where the whole of its lane lies. */
  readonly lane: { readonly x: number; readonly width: number };
}

/** Bars of the picture of what ran when, in pixels of the whole page. */
export const bars = `[...document.querySelectorAll('#gantt li')].flatMap((row) =>
  [...row.querySelectorAll('rect[data-doing]')].map((bar) => {
    const box = bar.getBoundingClientRect();
    const lane = row.querySelector('.lane').getBoundingClientRect();
    return {
      step: row.querySelector('b').textContent,
      doing: bar.dataset.doing,
      looks: bar.getAttribute('class'),
      fill: getComputedStyle(bar).fill,
      x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height,
      lane: { x: lane.x + scrollX, width: lane.width },
    };
  }))`;

/** The least contrast of any text with what it stands on, with that text. */
export const leastContrast = `(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [red, green, blue] = numbers(colour).slice(0, 3).map((each) => {
      const share = each / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  return [...document.querySelectorAll('body *')]
    .filter((each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
    .map((each) => {
      const [one, other] = [light(getComputedStyle(each).color), light(behind(each))];
      return { ratio: (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), text: each.textContent.slice(0, 40) };
    })
    .toSorted((one, other) => one.ratio - other.ratio)[0];
})()`;

export interface Structure {
  readonly scripts: number;
  readonly title: string;
  readonly language: string;
  readonly headings: readonly string[];
  readonly headless: number;
  readonly unnamedPictures: number;
  readonly smallestText: number;
}

/** What a screen reader goes by, and whether anything of it was taken for markup. */
export const structure = `({
  scripts: document.scripts.length + document.querySelectorAll('img,iframe,[onload],[onerror]').length,
  title: document.title,
  language: document.documentElement.lang,
  headings: [...document.querySelectorAll('h1,h2,h3')].map((each) => each.tagName + ' ' + each.textContent),
  headless: [...document.querySelectorAll('table')].filter((each) => each.querySelector('thead th[scope=col]') === null).length,
  unnamedPictures: [...document.querySelectorAll('svg')].filter((each) => !each.getAttribute('aria-label')).length,
  smallestText: Math.min(...[...document.querySelectorAll('body *')].map((each) => parseFloat(getComputedStyle(each).fontSize))),
})`;
