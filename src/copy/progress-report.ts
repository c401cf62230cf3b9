import { nextPace, startPace, timeFor, timeLeft, type Goal, type Pace } from './progress.ts';

export interface CopyProgress {
  /** Such as `copying` or `verifying`. */
  readonly doing: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly doneFiles: number;
  readonly totalFiles: number;
  /** Bytes a second, smoothed. */
  readonly rate?: number;
  /** Milliseconds left. */
  readonly etaMs?: number;
  /** The same until what was copied is verified too: reading it back is taken to be as fast as copying it. */
  readonly verifiedMs?: number;
}

const everyMs = 250;

/** Counts what is done and tells of it now and then. */
export class ProgressReport {
  readonly #doing: string;
  readonly #goal: Goal;
  readonly #isVerifiedNext: boolean;
  readonly #tell: (progress: CopyProgress) => void;
  readonly #now: () => number;
  #bytes = 0;
  #files = 0;
  #underway = 0;
  #pace: Pace;

  /**
   * @param now milliseconds of a clock that does not jump
   * @param isVerifiedNext all of it is read back afterwards
   */
  constructor(
    doing: string,
    goal: Goal,
    tell: (progress: CopyProgress) => void,
    now: () => number,
    isVerifiedNext = false,
  ) {
    this.#doing = doing;
    this.#goal = goal;
    this.#isVerifiedNext = isVerifiedNext;
    this.#tell = tell;
    this.#now = now;
    this.#pace = startPace({ atMs: now(), doneBytes: 0, doneFiles: 0 });
    this.#say();
  }

  /** @param large of a file that may have been underway */
  add(bytes: number, files: number, large = false): void {
    if (large) this.#underway = 0;
    this.#bytes += bytes;
    this.#files += files;
    this.#look();
  }

  /** Bytes that are done of what is not yet added. */
  underway(bytes: number): void {
    this.#underway = bytes;
    this.#look();
  }

  #look(): void {
    const atMs = this.#now();
    if (atMs - this.#pace.last.atMs < everyMs) return;
    this.#pace = nextPace(this.#pace, {
      atMs,
      doneBytes: this.#bytes + this.#underway,
      doneFiles: this.#files,
    });
    this.#say();
  }

  end(): void {
    this.#pace = nextPace(this.#pace, { atMs: this.#now(), doneBytes: this.#bytes, doneFiles: this.#files });
    this.#say();
  }

  #say(): void {
    const etaMs = timeLeft(this.#pace, this.#goal);
    const allMs = timeFor(this.#pace, this.#goal);
    this.#tell({
      doing: this.#doing,
      doneBytes: Math.min(this.#bytes + this.#underway, this.#goal.bytes),
      totalBytes: this.#goal.bytes,
      doneFiles: Math.min(this.#files, this.#goal.files),
      totalFiles: this.#goal.files,
      ...(this.#pace.bytesRate === undefined ? {} : { rate: Math.round(this.#pace.bytesRate) }),
      ...(etaMs === undefined ? {} : { etaMs }),
      ...(etaMs === undefined || allMs === undefined || !this.#isVerifiedNext
        ? {}
        : { verifiedMs: etaMs + allMs }),
    });
  }
}
