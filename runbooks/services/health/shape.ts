import { z } from 'migrate-runbook';

const unit = z
  .string()
  .regex(/^[\w@:.\\-]+\.(service|timer)$/)
  .meta({ expects: 'the full name of a unit' });

/** What a service's health asks for besides what its move does. */
export const healthShape = {
  replica: z
    .string()
    .regex(/^[A-Za-z][\w.:-]*(\/[\w.:-]+)+$/)
    .meta({ expects: 'the name of a dataset' })
    .optional()
    .describe(
      'Dataset in which the replicas of the services lie; looked for in the other pools when left out',
    ),
  restoreTest: unit
    .optional()
    .describe('Unit that tests a restore of the backups; a sample is restored when left out'),
  preseed: unit
    .optional()
    .describe('Unit that brings missing data back; preseed@SERVICE.service when left out'),
};
