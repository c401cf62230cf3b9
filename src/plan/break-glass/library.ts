import { acting } from './sh-acting.ts';
import { begin } from './sh-begin.ts';
import { checks } from './sh-checks.ts';
import { marks } from './sh-marks.ts';
import { mounts } from './sh-mounts.ts';

/**
 * What every `undo.sh` holds after its own values: plain POSIX `sh`, which dash, busybox and bash run
 * alike, with coreutils only. The recorded commands run through `env`, so that no name of a function or
 * a builtin stands for a program.
 */
export const library = [begin, mounts, acting, marks, checks].join('');
