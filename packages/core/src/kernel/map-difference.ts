/**
 * What differs between two versions of a persistent map, found by walking only where they do not share structure: O(changes), not O(size).
 * With it an index over a map can follow the map from version to version.
 */
import { byHashOfKey, forEachEntry, getAt, hashOfString, keysOf, sizeOf, type PersistentMap } from './persistent-map.js'

type Branch<V> = PersistentMap<V>['root']
type Child<V> = Branch<V>['children'][number]

/** `before` is undefined for an added entry, `after` for a removed one. */
export type VisitDifference<V> = (key: string, before: V | undefined, after: V | undefined) => void

const asMap = <V>(child: Child<V>): PersistentMap<V> => ({
  // Only the walk of `forEachEntry` looks at this map; it reads the root alone.
  root: child.kind === 0 ? child : { kind: 0, bitmap: 1, children: [child] },
  size: 0,
  keySet: { mark: 'keys' },
})

const visitAll = <V>(child: Child<V>, visit: (key: string, value: V) => void): void => {
  if (child.kind === 1) visit(child.key, child.value)
  else forEachEntry(asMap(child), visit)
}

const differUnlike = <V>(before: Child<V>, after: Child<V>, visit: VisitDifference<V>): void => {
  if (before.kind === 1 && after.kind === 1) {
    if (before.key === after.key) {
      if (before.value !== after.value) visit(before.key, before.value, after.value)
    } else {
      visit(before.key, before.value, undefined)
      visit(after.key, undefined, after.value)
    }
    return
  }
  const old = new Map<string, V>()
  visitAll(before, (key, value) => old.set(key, value))
  visitAll(after, (key, value) => {
    const known = old.get(key)
    if (known !== value) visit(key, known, value)
    old.delete(key)
  })
  for (const [key, value] of old) visit(key, value, undefined)
}

const differBranches = <V>(before: Branch<V>, after: Branch<V>, visit: VisitDifference<V>): void => {
  let bits = before.bitmap | after.bitmap
  let beforeAt = 0
  let afterAt = 0
  while (bits !== 0) {
    const bit = bits & -bits
    bits ^= bit
    const old = (before.bitmap & bit) === 0 ? undefined : before.children[beforeAt++]
    const next = (after.bitmap & bit) === 0 ? undefined : after.children[afterAt++]
    if (old === next) continue
    if (old === undefined) {
      if (next !== undefined) visitAll(next, (key, value) => visit(key, undefined, value))
    } else if (next === undefined) visitAll(old, (key, value) => visit(key, value, undefined))
    else if (old.kind === 0 && next.kind === 0) differBranches(old, next, visit)
    else differUnlike(old, next, visit)
  }
}

interface Step {
  readonly before: Branch<unknown>
  readonly after: Branch<unknown>
  readonly key: string
  readonly hash: number
  readonly old: unknown
  readonly next: unknown
}

const stepsKept = 128
const steps = Array<Step | undefined>(stepsKept).fill(undefined)
let stepsTaken = 0

/**
 * `after` is `before` with another value at one key. The last steps are kept, so that an index that follows a map closely is told what changed
 * instead of walking what is there: in a large map that walk goes through memory that nobody has looked at for long. A cache only.
 */
export const keepStep = <V>(
  before: PersistentMap<V>,
  after: PersistentMap<V>,
  key: string,
  old: V | undefined,
  next: V | undefined,
): void => {
  if (before.root === after.root) return
  steps[stepsTaken % stepsKept] = { before: before.root, after: after.root, key, hash: hashOfString(key), old, next }
  stepsTaken += 1
}

/** More changes than this are found as quickly by walking. */
const changesMax = 24

const inOrderOfWalk = (left: Step, right: Step): number => byHashOfKey(left.hash, left.key, right.hash, right.key)

/** Where the change of that key is, or would be put. */
const placeIn = (changes: readonly Step[], { hash, key }: Step): number => {
  let place = 0
  for (const change of changes) {
    if (change.hash === hash && change.key === key) return place
    place += 1
  }
  return place
}

/** What the steps from one version to the other come to, in the order of the walk; undefined when that is not known. */
const stepsBetween = (before: Branch<unknown>, after: Branch<unknown>): readonly Step[] | undefined => {
  const changes: Step[] = []
  let version = after
  for (let at = stepsTaken - 1; version !== before; at -= 1) {
    if (at < 0 || at < stepsTaken - stepsKept) return undefined
    const step = steps[at % stepsKept]
    if (step?.after !== version) continue
    version = step.before
    const place = placeIn(changes, step)
    const later = changes[place]
    changes[place] = later === undefined ? step : { ...step, next: later.next }
    if (changes.length > changesMax) return undefined
  }
  if (changes.length === 1) return changes
  // The walk may come to what is gone later than to what took its place.
  if (changes.some(({ next }) => next === undefined)) return undefined
  return changes.sort(inOrderOfWalk)
}

/** Visits every key whose value is not the very same in both maps. The order depends on the two maps alone. */
export const forEachDifference = <V>(before: PersistentMap<V>, after: PersistentMap<V>, visit: VisitDifference<V>): void => {
  if (before.root !== after.root) differBranches(before.root, after.root, visit)
}

/** The same for what follows a map of which steps are kept. (Looking through the steps costs more than walking what is small.) */
export const forEachStep = <V>(before: PersistentMap<V>, after: PersistentMap<V>, visit: VisitDifference<V>): void => {
  if (before.root === after.root) return
  const known = stepsBetween(before.root, after.root)
  if (known === undefined) {
    differBranches(before.root, after.root, visit)
    return
  }
  // They were kept for maps of such values.
  for (const { key, old, next } of known) if (old !== next) visit(key, old as V | undefined, next as V | undefined)
}

/**
 * An index that follows a map. Its content depends on the map that was asked for alone (a memo, not a state): asking for another version, a
 * newer, an older or one of another run, moves it there by the difference.
 */
export const followMap = <V, Index>(
  emptyIndex: Index,
  empty: PersistentMap<V>,
  change: (index: Index, key: string, before: V | undefined, after: V | undefined) => void,
): ((map: PersistentMap<V>) => Index) => {
  let at = empty
  return (map) => {
    if (at !== map) {
      forEachStep(at, map, (key, before, after) => {
        change(emptyIndex, key, before, after)
      })
      at = map
    }
    return emptyIndex
  }
}

interface Picked {
  readonly from: PersistentMap<unknown>
  readonly values: readonly unknown[]
}

const fewKeys = 8

// What was picked last for a set of keys: the next answer mostly differs in a few places. Weak, so that it lives no longer than the keys.
const picked = new WeakMap<PersistentMap<unknown>['keySet'], Picked>()

const pick = <V>(map: PersistentMap<V>, keys: readonly string[]): readonly V[] => {
  const values: V[] = []
  for (const key of keys) {
    const value = getAt(map, key)
    if (value !== undefined) values.push(value)
  }
  return values
}

const placeOf = (keys: readonly string[], wanted: string): number => {
  let low = 0
  let high = keys.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const key = keys[middle] ?? ''
    if (key === wanted) return middle
    if (key < wanted) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** The map's values at these keys, in the order of the keys. Keys that it lacks are left out. */
export const valuesAt = <V>(map: PersistentMap<V>, keys: PersistentMap<unknown>): readonly V[] => {
  const sorted = keysOf(keys)
  if (sizeOf(keys) <= fewKeys) return pick(map, sorted)
  // It was picked from maps of values by this very function; the callers of one set of keys have one type of values.
  const last = picked.get(keys.keySet) as { readonly from: PersistentMap<V>; readonly values: readonly V[] } | undefined
  if (last?.from === map) return last.values
  if (last === undefined || last.values.length !== sorted.length) {
    const values = pick(map, sorted)
    picked.set(keys.keySet, { from: map, values })
    return values
  }
  const values = last.values.slice()
  let isWhole = true
  forEachStep(last.from, map, (key, _, after) => {
    const place = placeOf(sorted, key)
    if (place < 0) return
    if (after === undefined) isWhole = false
    else values[place] = after
  })
  const answer = isWhole ? values : pick(map, sorted)
  picked.set(keys.keySet, { from: map, values: answer })
  return answer
}
