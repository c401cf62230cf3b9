import type { Failure } from '../journal/event.ts';

/** How one step ended in this process. */
export type StepResult =
  | { readonly kind: 'done' }
  /** `goBack`: everything is to be undone, whatever the step's `onFailure` says. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly goBack?: boolean }
  | { readonly kind: 'interrupted'; readonly by: string }
  | { readonly kind: 'waiting'; readonly why: string; readonly hint: string };
