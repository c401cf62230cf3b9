/** What a plan in prose says is to be done, in its order. */
export interface Outline {
  readonly title: string;
  readonly phases: readonly Phase[];
}

export interface Phase {
  readonly title: string;
  readonly items: readonly Item[];
}

export type Item = CommandItem | ManualItem | RebootItem | CheckItem;

export interface CommandItem {
  readonly kind: 'command';
  readonly title: string;
  readonly argv: readonly [string, ...string[]];
  /** As it stands in the plan. */
  readonly text: string;
  readonly asRoot: boolean;
}

/** What only a person can do, or a shell. */
export interface ManualItem {
  readonly kind: 'manual';
  readonly title: string;
  readonly instructions: string;
}

export interface RebootItem {
  readonly kind: 'reboot';
  readonly title: string;
}

export interface CheckItem {
  readonly kind: 'check';
  readonly title: string;
  readonly expect: string;
  /** Missing where a person must look. */
  readonly argv: readonly [string, ...string[]] | undefined;
  readonly text: string;
}
