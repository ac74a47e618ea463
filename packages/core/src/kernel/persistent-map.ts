/**
 * A persistent map from strings: every change gives a new map that shares all but one path with the old one, and old versions stay as
 * they were. A bitmap HAMT (hash array mapped trie), 32 ways at each level. Its shape and its order of iteration depend on the content
 * alone, never on the way it came about, so two equal maps are walked alike.
 */
export interface PersistentMap<V> {
  readonly root: Branch<V>
  readonly size: number
  /** Stands for the set of keys: shared by all versions that have the same keys by descent. What is sorted once is remembered under it. */
  readonly keySet: KeySet
}

interface KeySet {
  readonly mark: 'keys'
}

const kindBranch = 0
const kindLeaf = 1
const kindCollision = 2

interface Branch<V> {
  readonly kind: typeof kindBranch
  /** Bit n is set when there is a child for the hash digit n. */
  readonly bitmap: number
  readonly children: readonly Child<V>[]
}
interface Leaf<V> {
  readonly kind: typeof kindLeaf
  readonly hash: number
  readonly key: string
  readonly value: V
}
/** Keys with one hash, all 32 bits of it; in the order of the keys. */
interface Collision<V> {
  readonly kind: typeof kindCollision
  readonly hash: number
  readonly leaves: readonly Leaf<V>[]
}
type Child<V> = Branch<V> | Leaf<V> | Collision<V>

const bitsPerLevel = 5
const digitMask = 31

const workOutHash = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

// One key is looked up in several maps, one after the other: the last key of each length and last letter (both modulo 16) is kept with its hash.
const placesMask = 255
const lastKeys: string[] = Array.from({ length: placesMask + 1 }, () => '')
const lastHashes: number[] = Array.from({ length: placesMask + 1 }, () => workOutHash(''))

/** FNV-1a over the UTF-16 code units, then the finishing steps of MurmurHash3: short keys that differ in the last digit land far apart. */
export const hashOfString = (text: string): number => {
  const place = ((text.length << 4) | (text.charCodeAt(text.length - 1) & 15)) & placesMask
  if (lastKeys[place] === text) return lastHashes[place] ?? 0
  const hash = workOutHash(text)
  lastKeys[place] = text
  lastHashes[place] = hash
  return hash
}

const bitCount = (bits: number): number => {
  let count = bits - ((bits >>> 1) & 0x55555555)
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333)
  count = (count + (count >>> 4)) & 0x0f0f0f0f
  return Math.imul(count, 0x01010101) >>> 24
}

/** The order in which maps are walked: by the digits of the hashes, the lowest first. Keys with one hash stand in their own order. */
export const byHashOfKey = (one: number, left: string, other: number, right: string): number => {
  const differing = one ^ other
  if (differing === 0) return byText(left, right)
  const lowest = 31 - Math.clz32(differing & -differing)
  const shift = lowest - (lowest % bitsPerLevel)
  return ((one >>> shift) & digitMask) - ((other >>> shift) & digitMask)
}

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)
const byKey = <V>(left: Leaf<V>, right: Leaf<V>): number => byText(left.key, right.key)

const emptyRoot: Branch<never> = { kind: kindBranch, bitmap: 0, children: [] }
const empty: PersistentMap<never> = { root: emptyRoot, size: 0, keySet: { mark: 'keys' } }

export const emptyMap = <V>(): PersistentMap<V> => empty

export const sizeOf = <V>(map: PersistentMap<V>): number => map.size

const findLeaf = <V>(map: PersistentMap<V>, key: string): Leaf<V> | undefined => {
  const hash = hashOfString(key)
  let node: Child<V> = map.root
  let shift = 0
  while (node.kind === kindBranch) {
    const bit = 1 << ((hash >>> shift) & digitMask)
    if ((node.bitmap & bit) === 0) return undefined
    const child: Child<V> | undefined = node.children[bitCount(node.bitmap & (bit - 1))]
    if (child === undefined) return undefined
    node = child
    shift += bitsPerLevel
  }
  if (node.kind === kindLeaf) return node.key === key ? node : undefined
  return node.hash === hash ? node.leaves.find((leaf) => leaf.key === key) : undefined
}

export const getAt = <V>(map: PersistentMap<V>, key: string): V | undefined => findLeaf(map, key)?.value

export const hasAt = <V>(map: PersistentMap<V>, key: string): boolean => findLeaf(map, key) !== undefined

const replaced = <T>(items: readonly T[], at: number, item: T): readonly T[] => {
  const copy = items.slice()
  copy[at] = item
  return copy
}

// Pushing would leave room for sixteen more items in every copy; these are never appended to.

const inserted = <T>(items: readonly T[], at: number, item: T): readonly T[] => {
  const copy = Array<T>(items.length + 1)
  for (let index = 0; index < at; index += 1) copy[index] = items[index] as T // within bounds
  copy[at] = item
  for (let index = at; index < items.length; index += 1) copy[index + 1] = items[index] as T // within bounds
  return copy
}

const without = <T>(items: readonly T[], at: number): readonly T[] => {
  const copy = Array<T>(items.length - 1)
  for (let index = 0; index < at; index += 1) copy[index] = items[index] as T // within bounds
  for (let index = at + 1; index < items.length; index += 1) copy[index - 1] = items[index] as T // within bounds
  return copy
}

/** The smallest subtree that tells an older leaf (or collision) from a new leaf with another hash. */
const splitNode = <V>(shift: number, older: Leaf<V> | Collision<V>, newer: Leaf<V>): Branch<V> => {
  const olderDigit = (older.hash >>> shift) & digitMask
  const newerDigit = (newer.hash >>> shift) & digitMask
  const bitmap = (1 << olderDigit) | (1 << newerDigit)
  if (olderDigit === newerDigit) return { kind: kindBranch, bitmap, children: [splitNode(shift + bitsPerLevel, older, newer)] }
  return { kind: kindBranch, bitmap, children: olderDigit < newerDigit ? [older, newer] : [newer, older] }
}

/** The same node when the value is already there. Counts an added key in `keysAdded`. */
const setInBranch = <V>(branch: Branch<V>, shift: number, leaf: Leaf<V>): Branch<V> => {
  const bit = 1 << ((leaf.hash >>> shift) & digitMask)
  const position = bitCount(branch.bitmap & (bit - 1))
  const child = (branch.bitmap & bit) === 0 ? undefined : branch.children[position]
  if (child === undefined) {
    keysAdded += 1
    return { kind: kindBranch, bitmap: branch.bitmap | bit, children: inserted(branch.children, position, leaf) }
  }
  const next = child.kind === kindBranch ? setInBranch(child, shift + bitsPerLevel, leaf) : setBesideLeaf(child, shift + bitsPerLevel, leaf)
  return next === child ? branch : { kind: kindBranch, bitmap: branch.bitmap, children: replaced(branch.children, position, next) }
}

const setBesideLeaf = <V>(child: Leaf<V> | Collision<V>, shift: number, leaf: Leaf<V>): Child<V> => {
  if (child.hash !== leaf.hash) {
    keysAdded += 1
    return splitNode(shift, child, leaf)
  }
  if (child.kind === kindLeaf) {
    if (child.key === leaf.key) return child.value === leaf.value ? child : leaf
    keysAdded += 1
    return { kind: kindCollision, hash: leaf.hash, leaves: [child, leaf].sort(byKey) }
  }
  const position = child.leaves.findIndex((other) => other.key === leaf.key)
  if (position < 0) {
    keysAdded += 1
    return { ...child, leaves: [...child.leaves, leaf].sort(byKey) }
  }
  return child.leaves[position]?.value === leaf.value ? child : { ...child, leaves: replaced(child.leaves, position, leaf) }
}

// A second result of setInBranch without allocating one: reset by setAt before each call, read right after it, meaningless in between.
let keysAdded = 0

/** The map with this value at the key; the very same map when it is already there (`===`). */
export const setAt = <V>(map: PersistentMap<V>, key: string, value: V): PersistentMap<V> => {
  keysAdded = 0
  const root = setInBranch(map.root, 0, { kind: kindLeaf, hash: hashOfString(key), key, value })
  if (root === map.root) return map
  return keysAdded === 0 ? { root, size: map.size, keySet: map.keySet } : { root, size: map.size + 1, keySet: { mark: 'keys' } }
}

/** Undefined when nothing is left. A branch with a single leaf becomes that leaf, so that the shape depends on the content alone. */
const removeInBranch = <V>(branch: Branch<V>, shift: number, hash: number, key: string): Child<V> | undefined => {
  const bit = 1 << ((hash >>> shift) & digitMask)
  if ((branch.bitmap & bit) === 0) return branch
  const position = bitCount(branch.bitmap & (bit - 1))
  const child = branch.children[position]
  if (child === undefined) return branch
  const next = child.kind === kindBranch ? removeInBranch(child, shift + bitsPerLevel, hash, key) : removeFromLeaf(child, hash, key)
  if (next === child) return branch
  if (next !== undefined) {
    if (next.kind !== kindBranch && branch.children.length === 1) return next
    return { kind: kindBranch, bitmap: branch.bitmap, children: replaced(branch.children, position, next) }
  }
  const children = without(branch.children, position)
  const [only] = children
  if (only === undefined) return undefined
  if (children.length === 1 && only.kind !== kindBranch) return only
  return { kind: kindBranch, bitmap: branch.bitmap & ~bit, children }
}

const removeFromLeaf = <V>(child: Leaf<V> | Collision<V>, hash: number, key: string): Child<V> | undefined => {
  if (child.hash !== hash) return child
  if (child.kind === kindLeaf) return child.key === key ? undefined : child
  const leaves = child.leaves.filter((leaf) => leaf.key !== key)
  if (leaves.length === child.leaves.length) return child
  return leaves.length === 1 ? leaves[0] : { ...child, leaves }
}

/** The map without the key; the very same map when it has none. */
export const removeAt = <V>(map: PersistentMap<V>, key: string): PersistentMap<V> => {
  const next = removeInBranch(map.root, 0, hashOfString(key), key)
  if (next === map.root) return map
  if (next === undefined) return emptyMap()
  const root: Branch<V> = next.kind === kindBranch ? next : { kind: kindBranch, bitmap: 1 << (next.hash & digitMask), children: [next] }
  return { root, size: map.size - 1, keySet: { mark: 'keys' } }
}

const visitBranch = <V>(branch: Branch<V>, visit: (key: string, value: V) => void): void => {
  for (const child of branch.children) {
    if (child.kind === kindLeaf) visit(child.key, child.value)
    else if (child.kind === kindBranch) visitBranch(child, visit)
    else for (const leaf of child.leaves) visit(leaf.key, leaf.value)
  }
}

/** Every entry, in an order that depends on the content alone (but is not sorted): the quickest walk. */
export const forEachEntry = <V>(map: PersistentMap<V>, visit: (key: string, value: V) => void): void => {
  visitBranch(map.root, visit)
}

const foldBranch = <V, R>(
  branch: Branch<V>,
  remembered: WeakMap<object, R>,
  of: (key: string, value: V) => R,
  add: (left: R, right: R) => R,
  zero: R,
): R => {
  const known = remembered.get(branch)
  if (known !== undefined) return known
  let sum = zero
  for (const child of branch.children) {
    if (child.kind === kindLeaf) sum = add(sum, of(child.key, child.value))
    else if (child.kind === kindBranch) sum = add(sum, foldBranch(child, remembered, of, add, zero))
    else for (const leaf of child.leaves) sum = add(sum, of(leaf.key, leaf.value))
  }
  remembered.set(branch, sum)
  return sum
}

/** A sum over all entries, in any order; what it is for a branch is remembered, so a new version of a map costs what changed. */
export const foldBranches = <V, R>(
  map: PersistentMap<V>,
  remembered: WeakMap<object, R>,
  of: (key: string, value: V) => R,
  add: (left: R, right: R) => R,
  zero: R,
): R => foldBranch(map.root, remembered, of, add, zero)

// Sorting is the dear part of a listing and most changes keep the keys, so it is done once for each set of keys. A cache only: nothing
// can be told from the outside. Weak, so that it lives no longer than the versions it serves.
const sortedKeys = new WeakMap<KeySet, readonly string[]>()

/** All keys, sorted. */
export const keysOf = <V>(map: PersistentMap<V>): readonly string[] => {
  const known = sortedKeys.get(map.keySet)
  if (known !== undefined) return known
  const keys: string[] = []
  visitBranch(map.root, (key) => keys.push(key))
  keys.sort(byText)
  sortedKeys.set(map.keySet, keys)
  return keys
}

/** All entries, sorted by key. */
export const entriesOf = <V>(map: PersistentMap<V>): readonly (readonly [string, V])[] => {
  const entries: [string, V][] = []
  for (const key of keysOf(map)) {
    const leaf = findLeaf(map, key)
    if (leaf !== undefined) entries.push([key, leaf.value])
  }
  return entries
}

/** All values, in the order of their keys. */
export const valuesOf = <V>(map: PersistentMap<V>): readonly V[] => {
  const values: V[] = []
  for (const key of keysOf(map)) {
    const leaf = findLeaf(map, key)
    if (leaf !== undefined) values.push(leaf.value)
  }
  return values
}

/** What these leaves, each with a key of its own, make at that depth. */
const childOf = <V>(leaves: Leaf<V>[], shift: number): Child<V> | undefined => {
  const [first] = leaves
  if (first === undefined || leaves.length === 1) return first
  return leaves.every(({ hash }) => hash === first.hash)
    ? { kind: kindCollision, hash: first.hash, leaves: leaves.sort(byKey) }
    : branchOf(leaves, shift)
}

const branchOf = <V>(leaves: readonly Leaf<V>[], shift: number): Branch<V> => {
  const byDigit: (Leaf<V>[] | undefined)[] = []
  let bitmap = 0
  for (let digit = 0; digit <= digitMask; digit += 1) byDigit.push(undefined)
  for (const leaf of leaves) {
    const digit = (leaf.hash >>> shift) & digitMask
    const others = byDigit[digit]
    if (others === undefined) byDigit[digit] = [leaf]
    else others.push(leaf)
    bitmap |= 1 << digit
  }
  const children = Array<Child<V>>(bitCount(bitmap))
  let filled = 0
  for (const some of byDigit) {
    const child = some === undefined ? undefined : childOf(some, shift + bitsPerLevel)
    if (child !== undefined) children[filled++] = child
  }
  return { kind: kindBranch, bitmap, children }
}

/** As many calls of `setAt`; where nearly all is new, the branches are made once. */
export const setAll = <V>(map: PersistentMap<V>, entries: ReadonlyMap<string, V>): PersistentMap<V> => {
  let next = map
  if (entries.size < map.size) {
    for (const [key, value] of entries) next = setAt(next, key, value)
    return next
  }
  const leaves: Leaf<V>[] = []
  forEachEntry(map, (key, value) => {
    if (!entries.has(key)) leaves.push({ kind: kindLeaf, hash: hashOfString(key), key, value })
  })
  for (const [key, value] of entries) leaves.push({ kind: kindLeaf, hash: hashOfString(key), key, value })
  return leaves.length === 0 ? map : { root: branchOf(leaves, 0), size: leaves.length, keySet: { mark: 'keys' } }
}

/** A map that is made when somebody looks into it for the first time; to ask for its size is not yet looking. */
export const mapLater = <V>(size: () => number, make: () => PersistentMap<V>): PersistentMap<V> => {
  let made: PersistentMap<V> | undefined
  const map = (): PersistentMap<V> => (made ??= make())
  return {
    get root() {
      return map().root
    },
    get size() {
      return made?.size ?? size()
    },
    get keySet() {
      return map().keySet
    },
  }
}

export const fromEntries = <V>(entries: Iterable<readonly [string, V]>): PersistentMap<V> => {
  let map = emptyMap<V>()
  for (const [key, value] of entries) map = setAt(map, key, value)
  return map
}
