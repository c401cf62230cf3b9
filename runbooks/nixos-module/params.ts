import { absolutePath, z } from 'migrate-runbook';

export const datasetName = z
  .string()
  .regex(/^[A-Za-z][\w.:-]*(\/[\w.:-]+)*$/)
  .meta({ expects: 'the name of a dataset' });

export const unitName = z
  .string()
  .regex(/^[\w@:.\\-]+\.(service|timer)$/)
  .meta({ expects: 'the full name of a unit' });

export const flake = absolutePath.describe('Folder of the NixOS configuration flake');

export const hostInFlake = z
  .string()
  .regex(/^[\w-]+$/)
  .meta({ expects: 'a name' })
  .default('forge')
  .describe('Name of the host in the flake');

export const program = z
  .array(z.string().min(1))
  .min(1)
  .default(['/run/current-system/sw/bin/migrate'])
  .describe('How a unit calls migrate, word by word');
