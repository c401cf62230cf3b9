import { absolutePath, operation, sh, StepError, z, type Command, type Host } from 'migrate-runbook';
import { importEdit } from '../nixos-module/edits.ts';
import { moduleText } from './module.ts';
import { newHardware } from './nix-text.ts';
import { identities, machine, type Identities, type Params } from './params.ts';

/** What a file of the flake becomes. */
export interface NewFile {
  readonly file: string;
  /** Missing where the file is made. */
  readonly before: string | undefined;
  readonly after: string;
}

/**
 * The configuration of the machine with its new disk, computed from what the flake holds, and written nowhere.
 * @throws StepError `configuration.no-input`, `configuration.not-once`, `configuration.hardware`, `configuration.taken`
 */
export async function newConfiguration(
  host: Host,
  p: Params,
  ids: Identities,
  flake: string = p.flake,
): Promise<readonly NewFile[]> {
  const [inputs, hostFile, hardware, taken] = await Promise.all(
    ['flake.nix', p.hostFile, p.hardwareFile, p.moduleFile].map((file) =>
      host.files.read(`${flake}/${file}`),
    ),
  );
  if (inputs === undefined || !/\bimpermanence\b/.test(inputs)) {
    throw new StepError(
      'configuration.no-input',
      `${flake}/flake.nix has no input impermanence`,
      'Add impermanence.url = "github:nix-community/impermanence"; to its inputs, hand the inputs to the modules (specialArgs = { inherit inputs; };), and lock it: nix flake lock',
    );
  }
  if (taken !== undefined) {
    throw new StepError(
      'configuration.taken',
      `${flake}/${p.moduleFile} is there already`,
      'Give another moduleFile; or, when it is of an earlier try, remove it and its import.',
    );
  }
  const times = (hostFile ?? '').split(p.importsText).length - 1;
  if (hostFile === undefined || times !== 1) {
    throw new StepError(
      'configuration.not-once',
      `${flake}/${p.hostFile} holds ${JSON.stringify(p.importsText)} ${times} times, not once`,
      'Give importsText so that it is found once.',
    );
  }
  const edit = importEdit({ moduleFile: p.moduleFile, modulesFile: p.hostFile, importsText: p.importsText });
  return [
    { file: p.hardwareFile, before: hardware, after: hardwareOf(hardware, p, ids) },
    { file: p.moduleFile, before: undefined, after: moduleText(p) },
    { file: p.hostFile, before: hostFile, after: hostFile.replace(edit.from, () => edit.to) },
  ];
}

function hardwareOf(text: string | undefined, p: Params, ids: Identities): string {
  try {
    if (text === undefined) throw new Error('it is not there');
    return newHardware(text, p, ids).text;
  } catch (thrown) {
    throw new StepError(
      'configuration.hardware',
      `${p.hardwareFile} cannot be edited: ${(thrown as Error).message}`,
      'Write each file system as a block of its own: fileSystems."/" = { … };',
    );
  }
}

/**
 * Copies the flake to where the state lies, and makes there what the new disk needs. The flake itself is left alone, so
 * that the old disk boots, and is rebuilt, as ever. The copy belongs to root: Nix refuses a repository of somebody else.
 */
export const prepareConfiguration = operation({
  operation: 'prepare-configuration',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({ to: absolutePath, params: machine, ids: identities }),
  output: z.object({ files: z.array(z.string()) }),
  idempotent: true,
  describe: ({ input }) => [
    ...copying(input.params.flake, input.to),
    'write the new file systems, and the module',
  ],
  run: async ({ input, exec, host }) => {
    const { to, params: p, ids } = input;
    const files = await newConfiguration(host, p, ids);
    for (const command of copying(p.flake, to)) await exec(command);
    await host.files.makeFolder(`${to}/${p.moduleFile}`.replace(/\/[^/]*$/, ''));
    for (const { file, after } of files) await host.files.replace(`${to}/${file}`, after, { mode: 0o644 });
    // Nix does not see what git does not know.
    const { exitCode } = await exec(sh`git -C ${to} rev-parse --git-dir`, { anyExit: true });
    if (exitCode === 0) await exec(sh`git -C ${to} add --intent-to-add -- ${p.moduleFile}`);
    return { files: files.map(({ file }) => file) };
  },
  undo: ({ input }) => [sh`rm -rf -- ${input.to}`],
});

function copying(from: string, to: string): readonly Command[] {
  return [
    sh`rm -rf -- ${to}`,
    sh`mkdir -p -m 0700 ${to}`,
    sh`cp -a --no-preserve=ownership -- ${from}/. ${to}`,
  ];
}
