const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * A length of time in its two largest units, such as `0.8s`, `48s`, `1m 48s`, `23h 12m`, `2d 1h`.
 * It is cut, not rounded: what is shown has fully passed.
 * @param milliseconds a negative length (a clock that went back) shows as `0s`, no number as `?`
 */
export function formatDuration(milliseconds: number): string {
  if (Number.isNaN(milliseconds) || milliseconds === Infinity) return '?';
  if (milliseconds < 100) return '0s';
  if (milliseconds < 10 * second) {
    const tenths = Math.floor(milliseconds / 100);
    return tenths % 10 === 0 ? `${tenths / 10}s` : `${(tenths / 10).toFixed(1)}s`;
  }
  if (milliseconds < minute) return `${Math.floor(milliseconds / second)}s`;
  if (milliseconds < hour) return two(milliseconds, minute, 'm', second, 's');
  if (milliseconds < day) return two(milliseconds, hour, 'h', minute, 'm');
  return two(milliseconds, day, 'd', hour, 'h');
}

function two(
  milliseconds: number,
  large: number,
  largeUnit: string,
  small: number,
  smallUnit: string,
): string {
  const rest = Math.floor((milliseconds % large) / small);
  const whole = `${Math.floor(milliseconds / large)}${largeUnit}`;
  return rest === 0 ? whole : `${whole} ${rest}${smallUnit}`;
}
