import { formatBytes } from './bytes.ts';

/**
 * A rate such as `310 MB/s`.
 * @param rate bytes a second
 */
export function formatRate(rate: number): string {
  return `${formatBytes(rate)}/s`;
}
