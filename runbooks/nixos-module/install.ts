import { appendToFile, editFile } from 'migrate-runbook/operations';
import { importEdit, type ModulePlace } from './edits.ts';
import { makeFolder } from './folder.ts';
import { trackFile } from './tracked.ts';

interface InFlake {
  readonly flake: string;
}

type PlaceOf<Params> = (params: Params) => ModulePlace;

interface Given<Params> {
  readonly params: Params;
}

/** The folder that the module is written into. */
export function folderOfModule<Params extends InFlake>(place: PlaceOf<Params>) {
  return {
    title: "The module's folder",
    use: makeFolder,
    with: ({ params: p }: Given<Params>) => ({
      path: `${p.flake}/${place(p).moduleFile.replace(/\/[^/]*$/, '')}`,
    }),
  };
}

export function writeModule<Params extends InFlake>(
  place: PlaceOf<Params>,
  text: (params: Params) => string,
) {
  return {
    title: 'The module',
    use: appendToFile,
    with: ({ params: p }: Given<Params>) => ({
      path: `${p.flake}/${place(p).moduleFile}`,
      text: text(p),
      create: true,
    }),
  };
}

export function trackModule<Params extends InFlake>(place: PlaceOf<Params>) {
  return {
    title: 'Make it known to the flake',
    use: trackFile,
    with: ({ params: p }: Given<Params>) => ({ flake: p.flake, file: place(p).moduleFile }),
  };
}

export function importModule<Params extends InFlake>(place: PlaceOf<Params>) {
  return {
    title: 'Import it',
    use: editFile,
    with: ({ params: p }: Given<Params>) => ({
      path: `${p.flake}/${place(p).modulesFile}`,
      replace: importEdit(place(p)),
    }),
  };
}
