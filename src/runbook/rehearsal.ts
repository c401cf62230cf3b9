import type { Json } from './json.ts';

/**
 * The miniature world of a runbook, as data. A world is a throw-away root: a small disk of its own
 * with the host's programs read-only inside, in a private mount namespace.
 */
export interface RehearsalPlan {
  /** Parameters for the rehearsal; `--set` overrides. */
  readonly params?: Readonly<Record<string, Json>>;
  /** Size of the disk that holds the world's root directory; 512 when left out. It takes no room until used. */
  readonly megabytes?: number;
  /** Further disks, mounted at the world's boot. */
  readonly disks?: readonly WorldDisk[];
  /** Folders and files made before the first boot; a text is a file's content, null a folder. */
  readonly files?: Readonly<Record<string, string | null>>;
  /** A sample Nix store at this path, as a NixOS-WSL machine has one, with its boot. */
  readonly nixosWsl?: NixosWslPlan;
  /**
   * Paths that are not compared when crashes are tried everywhere, with everything beneath them: where
   * each run writes something else, or a rollback leaves something on purpose, such as a backup.
   */
  readonly notCompared?: readonly string[];
  /** Commands that only read; what they print is compared as well, such as which units are up. */
  readonly looks?: readonly (readonly string[])[];
  /**
   * By step id, the paths that taking back this step alone may leave changed, with everything beneath: a later
   * pass over the same copy goes with the first one.
   */
  readonly leaves?: Readonly<Record<string, readonly string[]>>;
  /** Answers to gates, by step id, where typed input is asked for. */
  readonly answers?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}

export interface WorldDisk {
  readonly name: string;
  readonly mountPoint: string;
  readonly uuid: string;
  readonly megabytes: number;
}

/** A NixOS-WSL machine: its store, its systems, its units, and a configuration to rebuild it from. */
export interface NixosWslPlan {
  /** Folder of the flake; made with a small configuration in it. */
  readonly flake: string;
  readonly host: string;
  /** Within the flake; holds `OPTION = false;` and `imports = [` exactly once each. */
  readonly hostFile: string;
  /** Binds the store's folder on the disk over `/nix`, from the next boot on. */
  readonly option: string;
  readonly mountUnit: string;
  /** Which of `disks` the unit mounts at boot, the first when left out; the others are mounted by `/etc/fstab`. */
  readonly disk?: string;
  /** The folder on that disk which the unit binds over `/nix`, made empty; `nixos-wsl-main` when left out. */
  readonly subfolder?: string;
  /** Of the seeded generator. */
  readonly seed: number;
  /** About this many paths in the store, besides those of the system. */
  readonly storePaths: number;
}
