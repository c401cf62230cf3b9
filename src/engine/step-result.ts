import type { Failure } from '../journal/event.ts';

/** How one step ended in this process. */
export type StepResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'interrupted'; readonly by: string }
  | { readonly kind: 'waiting'; readonly why: string; readonly hint: string };
