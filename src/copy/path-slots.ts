import { join, nameOf, parentOf, type BytePath } from './byte-path.ts';

/**
 * Paths with a number each, in the order in which they came, in a third of the memory that a map takes: each
 * folder is kept once, and names are bytes side by side.
 */
export class PathSlots {
  readonly #folders = new Map<BytePath, number>();
  readonly #folderNames: BytePath[] = [];
  #count = 0;
  #names = Buffer.alloc(4_096);
  // One more than there are paths, since a name ends where the next begins.
  #starts = new Uint32Array(1_025);
  #folderOf = new Uint32Array(1_024);
  #slots = new Uint32Array(1_024);
  /** By hash, one more than the place of a path; 0 where there is none. Never more than half full. */
  #table = new Uint32Array(2_048);

  /** The path must be new. */
  add(path: BytePath, slot: number): void {
    if (this.#count === this.#slots.length) this.#grow();
    const [folder, name, place] = [this.#folder(parentOf(path)), nameOf(path), this.#count];
    const start = this.#starts[place] ?? 0;
    if (start + name.length > this.#names.length)
      this.#names = Buffer.concat([this.#names, Buffer.alloc(this.#names.length)]);
    this.#names.write(name, start, 'latin1');
    this.#starts[place + 1] = start + name.length;
    this.#folderOf[place] = folder;
    this.#slots[place] = slot;
    this.#count += 1;
    this.#enter(place, hashOf(folder, name));
  }

  get(path: BytePath): number | undefined {
    const folder = this.#folders.get(parentOf(path));
    if (folder === undefined) return undefined;
    const name = nameOf(path);
    for (let at = this.#at(hashOf(folder, name)); ; at = this.#at(at + 1)) {
      const place = (this.#table[at] ?? 0) - 1;
      if (place < 0) return undefined;
      if (this.#folderOf[place] === folder && this.#nameAt(place) === name) return this.#slots[place];
    }
  }

  get size(): number {
    return this.#count;
  }

  /** The path that came as the so many-th, from 0, and its number. */
  at(place: number): readonly [BytePath, number] {
    const folder = this.#folderNames[this.#folderOf[place] ?? 0] ?? '.';
    return [join(folder, this.#nameAt(place)), this.#slots[place] ?? 0];
  }

  *[Symbol.iterator](): Generator<readonly [BytePath, number], void> {
    for (let place = 0; place < this.#count; place += 1) yield this.at(place);
  }

  #folder(path: BytePath): number {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    this.#folders.set(path, this.#folderNames.length);
    return this.#folderNames.push(path) - 1;
  }

  #nameAt(place: number): BytePath {
    return this.#names.toString('latin1', this.#starts[place], this.#starts[place + 1]);
  }

  #at(hash: number): number {
    return hash & (this.#table.length - 1);
  }

  #enter(place: number, hash: number): void {
    let at = this.#at(hash);
    while (this.#table[at] !== 0) at = this.#at(at + 1);
    this.#table[at] = place + 1;
  }

  #grow(): void {
    const size = this.#slots.length * 2;
    const grown = (from: Uint32Array<ArrayBuffer>, length: number) => {
      const larger = new Uint32Array(length);
      larger.set(from);
      return larger;
    };
    this.#starts = grown(this.#starts, size + 1);
    this.#folderOf = grown(this.#folderOf, size);
    this.#slots = grown(this.#slots, size);
    this.#table = new Uint32Array(size * 2);
    for (let place = 0; place < this.#count; place += 1)
      this.#enter(place, hashOf(this.#folderOf[place] ?? 0, this.#nameAt(place)));
  }
}

/** FNV-1a, 32 bits. */
function hashOf(folder: number, name: BytePath): number {
  let hash = Math.imul(folder ^ 0x811c9dc5, 0x01000193);
  for (let index = 0; index < name.length; index += 1)
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  // The low bits decide, so the high ones must reach them.
  return (hash ^ (hash >>> 15)) >>> 0;
}
