import type { RunbookBuilder, RunInfo, SoakProbe } from 'migrate-runbook';
import type { ServiceParams } from './params.ts';
import type { Placed } from './place.ts';

/** A group of steps that only some services have. They see the parameters, and each other's outputs. */
export interface Part {
  // Its own outputs are of its own types, which nobody outside reads.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly steps: RunbookBuilder<ServiceParams, any>;
  /** The steps of the group that nothing in it needs; what follows the group waits for them. */
  readonly last: readonly string[];
}

/** What a service of one kind has besides the steps of all: where each group comes in, in this order. */
export interface Kind {
  /** Programs that must be there. */
  readonly tools?: readonly string[];
  /** With the service at work and nothing changed yet; ids begin with `before-`. */
  readonly before?: Part;
  /** What is backed up with the service at work, where the data folder itself would be no backup, as it is. */
  readonly backup?: (params: ServiceParams, run: RunInfo) => string;
  /** With its units stopped, before the last copy: is it at rest?; ids begin with `at-rest-`. */
  readonly atRest?: Part;
  /** On the verified copy, before the service is pointed to it: what goes to further datasets; `copied-`. */
  readonly copied?: Part;
  /** SQLite databases by their paths in the folder, by what the steps of `atRest` have found. */
  readonly databases?: (outputs: unknown, params: ServiceParams) => readonly string[];
  /** When it has answered at the new place; `up-`. */
  readonly up?: Part;
  /** Beside the probes of all services, while one lives with it. */
  readonly probes?: readonly SoakProbe<ServiceParams, { readonly place: Placed }>[];
  /** Paths in the old folder of which nobody misses anything, such as what moved to another dataset. */
  readonly expendable?: readonly string[];
  /** What lies on further datasets and belongs into the old folder again: the dataset's name, and the path there. */
  readonly returns?: readonly { readonly dataset: string; readonly into: string }[];
}
