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
  /**
   * Programs that only say in the world that they were called, and exit with 0, in place of the real ones: for
   * a runbook that is still being written.
   */
  readonly standIns?: readonly string[];
  /** A sample Nix store at this path, as a NixOS-WSL machine has one, with its boot. */
  readonly nixosWsl?: NixosWslPlan;
  /** A NixOS machine with ZFS pools, and services that can be moved onto them. Needs root. */
  readonly nixosZfs?: NixosZfsPlan;
  /** A NixOS machine that can be given a root file system in memory. Needs root. */
  readonly nixosTmpfs?: NixosTmpfsPlan;
  /** A NixOS machine with stacks of rootless podman, which a user's manager runs. Needs root. */
  readonly nixosPodman?: NixosPodmanPlan;
  /** A NixOS machine with partitioned disks, which boots from one of them or from an installer. Needs root. */
  readonly systemDisks?: SystemDisksPlan;
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
  /**
   * Commands in the world once the runbook has come to its end, which show that what it made does its work; each
   * must exit with 0. Not called while crashes are tried everywhere.
   */
  readonly afterwards?: readonly (readonly [string, ...string[]])[];
  /** Answers to gates, by step id, where typed input is asked for. */
  readonly answers?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  /** Commands in the world that do what a manual gate asks of a person, by its id; called before it is confirmed. */
  readonly byHand?: Readonly<Record<string, readonly (readonly [string, ...string[]])[]>>;
  /** How the machine goes down at a reboot gate, by its id; `shutdown` when left out. */
  readonly restarts?: Readonly<Record<string, 'terminate' | 'shutdown' | 'power-cut'>>;
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
  /** The store has moved already: the folder holds a copy, and the unit binds it over `/nix`. */
  readonly onDisk?: boolean;
  /** Other distributions beside it, by name, each with the folder on the disk that is its `/nix`. */
  readonly instances?: Readonly<Record<string, string>>;
  /** Nix and `dd` wait before each work while `/nix` lies on the old disk. */
  readonly slowOldDisk?: boolean;
  /** Of the seeded generator. */
  readonly seed: number;
  /** About this many paths in the store, besides those of the system. */
  readonly storePaths: number;
}

/**
 * A NixOS machine whose services can be moved onto ZFS. It has the pools `tank` (with `tank/persist`,
 * which is never mounted) and `rpool` (`rpool/safe/persist` at `/persist`, `rpool/safe/home` at `/home`),
 * and the restic repository `nas-primary`; docs/rehearsal.md has where everything lies.
 */
export interface NixosZfsPlan {
  /** Folder of the flake; made with `hosts/HOST/default.nix` and `hosts/_modules/nixos/…` in it. */
  readonly flake: string;
  readonly host: string;
  /** Each with sample data in `/persist/var/lib/NAME`; none when left out. */
  readonly services?: readonly NixosZfsService[];
  /** Further pools, such as the target of a replication. */
  readonly pools?: readonly WorldPool[];
  /** Size of each of the disks of `tank` and `rpool`, 256 when left out. */
  readonly poolMegabytes?: number;
  /** Rows that each database has from the beginning, 200 when left out. */
  readonly rows?: number;
  /** Of everything that is generated. */
  readonly seed: number;
}

/** A NixOS machine on one ext4 disk, with services that keep a file each, and a disk for what shall persist. */
export interface NixosTmpfsPlan {
  /** Folder of the flake; made with `hosts/HOST/default.nix` and `nixos/modules/nixos/system/default.nix` in it. */
  readonly flake: string;
  readonly host: string;
  /** Each is a unit and a user of that name, with a folder in `/var/lib`. */
  readonly services: readonly string[];
  /** Which of `disks` it is; not mounted before the machine is installed anew. */
  readonly persistDisk: string;
  /** Text of the host's configuration; one that gives the user `admin` a password when left out. */
  readonly extra?: string;
  /** Of everything that is generated. */
  readonly seed: number;
}

export type NixosZfsService = 'sonarr' | 'radarr' | 'plex' | 'home-assistant' | 'postgresql';

/** A homelab's machine with two stacks of containers, as units of the user `admin`; docs/rehearsal.md has what is there. */
export interface NixosPodmanPlan {
  /** Folder of the flake, made with a small one in it. */
  readonly flake: string;
  readonly host: string;
  /** What is otherwise about the machine than it should be, or better; docs/rehearsal.md lists them. */
  readonly traits?: readonly string[];
}

/** A pool on a disk of its own, which is imported at each boot. */
export interface WorldPool {
  readonly name: string;
  /** At least 64. */
  readonly megabytes: number;
  /** Properties by dataset; the pool's own, by its name, are `mountpoint=none` unless given. */
  readonly datasets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * A NixOS machine that gets a new system disk. It has the disks that are named, and a stick at /mnt/travel in every boot,
 * on which the state folder lies; docs/rehearsal.md has what is on the old disk.
 */
export interface SystemDisksPlan {
  /** Folder of the flake, in a home; made with `systems/x86_64-linux/HOST/` in it. */
  readonly flake: string;
  readonly host: string;
  /** With an `old` one, on which the machine is installed, and a `new` one; all others are decoys. */
  readonly disks: readonly SystemDisk[];
  /** What the machine boots after a gate, by the gate's id, or `rollback`; what it booted last where none is named. */
  readonly boots: Readonly<Record<string, 'old' | 'installer' | 'new'>>;
  /** The boot in which the rehearsal begins; `old` when left out. */
  readonly begins?: 'old' | 'installer' | 'new';
  /** The machine is on the `new` disk already; when left out, there is nothing on that disk. */
  readonly moved?: MovedSystem;
  /** Of the initrd that the hardware needs. */
  readonly kernelModules?: readonly string[];
}

/** A system with a root in memory on partitions named `esp`, `nix` and `persist`, by their UUIDs. */
export interface MovedSystem {
  /** Such as `0A1B-2C3D`. */
  readonly esp: string;
  readonly nix: string;
  readonly persist: string;
  /** What its configuration takes for the UUID of `/persist`: with another one than `persist` it does not boot. */
  readonly persistInConfiguration?: string;
}

export interface SystemDisk {
  readonly name: string;
  /** None is known when left out. */
  readonly serial?: string;
  readonly megabytes: number;
  /** The first boot in which it is plugged in; `old` when left out. */
  readonly from?: 'old' | 'installer' | 'new';
}
