import { z, type Finding, type Host } from 'migrate-runbook';

/** As `migrate report wsl-mount-validation --format json` writes it, or with `finishedAt` in place of `lastAt`. */
const report = z
  .looseObject({
    runbook: z.string(),
    verdict: z.string(),
    finishedAt: z.iso.datetime().optional(),
    lastAt: z.iso.datetime().optional(),
  })
  .transform(({ finishedAt, lastAt, ...others }) => ({ ...others, finishedAt: finishedAt ?? lastAt }))
  .pipe(z.looseObject({ runbook: z.string(), verdict: z.string(), finishedAt: z.iso.datetime() }));
const day = 86_400_000;

/** Whether the mount of the SSD was validated lately; a report is asked for, not believed by its name. */
export async function mountValidation({
  host,
  params: p,
}: {
  readonly host: Host;
  readonly params: {
    readonly validationReport?: string | undefined;
    readonly validationMaxAgeDays: number;
    readonly skipMountValidation: boolean;
  };
}): Promise<Finding> {
  if (p.validationReport === undefined) {
    return p.skipMountValidation
      ? { verdict: 'PARTIAL', observed: 'skipped, as was said with skipMountValidation' }
      : {
          verdict: 'FAIL',
          observed:
            'no report was given; give one with --set validationReport=/path, or say --set skipMountValidation=true',
        };
  }
  const text = await host.files.read(p.validationReport);
  if (text === undefined) return { verdict: 'FAIL', observed: `there is no file ${p.validationReport}` };
  const parsed = report.safeParse(parseJson(text));
  if (!parsed.success) return { verdict: 'FAIL', observed: `${p.validationReport} is no validation report` };
  const { verdict, finishedAt, runbook } = parsed.data;
  const age = (host.clock.now().wall - Date.parse(finishedAt)) / day;
  const observed = `${runbook} ended ${verdict} at ${finishedAt}`;
  const recent = age >= 0 && age <= p.validationMaxAgeDays;
  const why =
    verdict !== 'PASS' ? '' : recent ? '' : `, which is not within the last ${p.validationMaxAgeDays} days`;
  return {
    verdict: verdict === 'PASS' && recent ? 'PASS' : 'FAIL',
    observed: observed + why,
    evidence: { report: p.validationReport, verdict, finishedAt },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
