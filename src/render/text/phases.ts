/** Steps in groups of consecutive ones that share a phase. */
export function byPhase<Step extends { readonly phase?: string | undefined }>(
  steps: readonly Step[],
): { readonly phase: string | undefined; readonly steps: readonly Step[] }[] {
  const groups: { phase: string | undefined; steps: Step[] }[] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (last !== undefined && last.phase === step.phase) last.steps.push(step);
    else groups.push({ phase: step.phase, steps: [step] });
  }
  return groups;
}
