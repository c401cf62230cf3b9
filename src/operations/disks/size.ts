import { z } from 'zod';

// Makers of disks and plans count in thousands, programs often in 1024s: a unit is always said.
const units: Readonly<Record<string, number>> = {
  B: 1,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** A size with its unit, such as `512 MB` (10^6 bytes each) or `64 GiB` (2^30 bytes each). */
export const diskSize = z
  .string()
  .refine((text) => parse(text) !== undefined, {
    error: `expected a size with a unit, such as 350 GB or 64 GiB: ${Object.keys(units).join(', ')}`,
  })
  .meta({ expects: 'a size such as 350 GB or 64 GiB' });

/** @returns bytes; NaN for what `diskSize` refuses */
export function bytesOf(size: string): number {
  return parse(size) ?? Number.NaN;
}

/** Bytes as plans write them: in thousands, with at most three decimals, never rounded to what is not there. */
export function showBytes(bytes: number): string {
  const [unit, factor] = bytes >= 1e9 ? ['GB', 1e9] : ['MB', 1e6];
  return `${(Math.floor((bytes / factor) * 1000) / 1000).toString()} ${unit}`;
}

function parse(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : units[unit];
  const bytes = factor === undefined ? 0 : Math.floor(Number(number) * factor);
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}
