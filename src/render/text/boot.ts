import type { BootDocument } from '../documents/boot.ts';
import type { Style } from '../style.ts';

/** Whether runs go on by themselves, by which units, and what keeps which from it. */
export function bootText(document: BootDocument, style: Style): string {
  const { stateFolder, resumes, why, add, units, removed, needPerson } = document;
  const known = units.filter(({ file }) => file !== null);
  const first = resumes
    ? style('good', `Unfinished runs in ${stateFolder} go on by themselves after a boot.`)
    : style(
        'warning',
        `Unfinished runs in ${stateFolder} do not go on by themselves after a boot${why === undefined ? '' : `: ${why}`}.`,
      );
  return [
    first,
    ...known.map(({ name, file, active }) => style('faint', `  ${name}: ${active}, ${file}`)),
    ...(removed ?? []).map((file) => `  removed ${file}`),
    ...(add === undefined
      ? []
      : ['Add this to the configuration, and rebuild:', '', ...add.split('\n').map((line) => `  ${line}`)]),
    ...needPerson.map(({ run, why: cause }) => style('warning', `${run} waits for you: ${cause}`)),
    ...(resumes || add !== undefined ? [] : ['After a boot go on by hand: migrate resume']),
  ].join('\n');
}
