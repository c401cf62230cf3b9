import { expect, test } from 'vitest';
import { eventBody } from '../../src/journal/event.ts';
import { readPage, sectionOf } from './pages.ts';

test('docs/state-and-journal.md explains every kind of event, and no other', () => {
  const section = sectionOf(readPage('docs/state-and-journal.md'), 'Events');
  const named = [...section.matchAll(/`([a-z-]+\.[a-z-]+)`/g)].map(([, type]) => type);
  const types = eventBody.options.map(({ shape }) => shape.type.value);
  expect(new Set(named)).toEqual(new Set(types));
});
