/**
 * What changed between two versions of an object, small enough to be written down for every change: pointers with their new values, and
 * pointers that are gone. Subtrees that are the same object (`===`) are never entered, so the work is in proportion to what changed.
 * Law: applyDifference(before, differenceOf(before, after)) equals `after` (the order of keys may differ).
 * A property that is undefined counts as absent.
 */
import { growingCopy } from './extended.js'
import { isJsonObject, type Json, type JsonObject } from './json.js'
import { rememberedText } from './remembered-text.js'

/** Pointers as in RFC 6901: `/metadata/labels/app.kubernetes.io~1name`. No pointer lies below another one. */
export interface ObjectDifference {
  readonly set: { readonly [pointer: string]: Json }
  readonly removed: readonly string[]
}

/** `a/b~c` → `a~1b~0c`. */
const escapePointerKey = (key: string): string =>
  key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key

export const unescapePointerKey = (key: string): string => (key.includes('~') ? key.replaceAll('~1', '/').replaceAll('~0', '~') : key)

// (for-in costs no list of keys; plain objects inherit nothing that it would visit.)

/** Equal as JSON. */
export const deepEqual = (left: Json | undefined, right: Json | undefined): boolean => {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (isList(left)) {
    if (!isList(right) || left.length !== right.length) return false
    for (let index = 0; index < left.length; index += 1) if (!deepEqual(left[index], right[index])) return false
    return true
  }
  if (isList(right)) return false
  let leftCount = 0
  for (const key in left) {
    const value = left[key]
    if (value === undefined) continue
    leftCount += 1
    const other = ownOf(right, key)
    if (value !== other && (other === undefined || !deepEqual(value, other))) return false
  }
  let rightCount = 0
  for (const key in right) if (right[key] !== undefined) rightCount += 1
  return leftCount === rightCount
}

/** Array.isArray does not narrow a read-only list; this does. */
const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/**
 * The property itself, never something inherited such as `constructor`. (What plain objects inherit are functions, which JSON never holds, and
 * `__proto__`; so nearly always one look is enough.)
 */
const ownOf = (object: JsonObject, key: string): Json | undefined => {
  const value: unknown = object[key]
  if (typeof value === 'function' || key === '__proto__') return Object.hasOwn(object, key) ? object[key] : undefined
  return object[key]
}

/**
 * Where a comparison is. Objects of few kinds are compared again and again, so places are kept, each with its pointer: a text that is made anew
 * would have to be joined, hashed and looked up before it could be a key.
 */
interface Place {
  readonly pointer: string
  readonly within: Map<string | number, Place>
}

const newPlace = (pointer: string): Place => ({ pointer, within: new Map() })

/** A cache only: who compares cannot tell. It is emptied before it eats the memory. */
const placesMax = 10_000
let places = { root: newPlace(''), count: 1 }

const placeWithin = (place: Place, key: string | number): Place => {
  const known = place.within.get(key)
  if (known !== undefined) return known
  if (places.count >= placesMax) places = { root: newPlace(''), count: 1 }
  const made = newPlace(`${place.pointer}/${typeof key === 'number' ? key : escapePointerKey(key)}`)
  place.within.set(key, made)
  places.count += 1
  return made
}

/** Changes found so far. A subtree that is cheaper to replace takes back its own, so these work as a stack. */
interface Changes {
  readonly pointers: string[]
  readonly values: Json[]
  readonly removed: string[]
  /** About how many characters the changes take. */
  weight: number
}

const pointerOverhead = 6

/** About how many characters the value takes; stops counting above the limit. */
const weightOf = (value: Json, limit: number): number => {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 4
  let weight = 2
  if (isList(value)) {
    for (const item of value) {
      if (weight > limit) return weight
      weight += 1 + weightOf(item, limit - weight)
    }
    return weight
  }
  for (const key in value) {
    if (weight > limit) return weight
    const item = value[key]
    if (item !== undefined) weight += key.length + 4 + weightOf(item, limit - weight)
  }
  return weight
}

// (Setting the length of a list is a call into the runtime.)
const cutTo = (list: unknown[], length: number): void => {
  while (list.length > length) list.pop()
}

const addSet = (changes: Changes, pointer: string, value: Json): void => {
  changes.pointers.push(pointer)
  changes.values.push(value)
  changes.weight += pointer.length + pointerOverhead + weightOf(value, Number.POSITIVE_INFINITY)
}

const addRemoved = (changes: Changes, pointer: string): void => {
  changes.removed.push(pointer)
  changes.weight += pointer.length + 3
}

const compareObjects = (changes: Changes, place: Place, before: JsonObject, after: JsonObject): void => {
  // Keys that both have.
  let shared = 0
  for (const key in after) {
    const value = after[key]
    if (value === undefined) continue
    const old = ownOf(before, key)
    if (old !== undefined) shared += 1
    if (value === old) continue
    const inner = placeWithin(place, key)
    if (old === undefined) addSet(changes, inner.pointer, value)
    else compareValues(changes, inner, old, value)
  }
  let had = 0
  for (const _key in before) had += 1
  if (had === shared) return
  for (const key of Object.keys(before))
    if (before[key] !== undefined && ownOf(after, key) === undefined) addRemoved(changes, placeWithin(place, key).pointer)
}

const compareLists = (changes: Changes, place: Place, before: readonly Json[], after: readonly Json[]): void => {
  for (let index = 0; index < after.length; index += 1) {
    const value = after[index]
    const old = before[index]
    if (value === old || value === undefined) continue
    const inner = placeWithin(place, index)
    if (old === undefined) addSet(changes, inner.pointer, value)
    else compareValues(changes, inner, old, value)
  }
}

const compareValues = (changes: Changes, place: Place, before: Json, after: Json): void => {
  const { pointer } = place
  const bothObjects = isJsonObject(before) && isJsonObject(after)
  if (!bothObjects && !(Array.isArray(before) && Array.isArray(after) && after.length >= before.length)) {
    // Other kinds of value, or a list that became shorter.
    addSet(changes, pointer, after)
    return
  }
  const { weight } = changes
  const pointerCount = changes.pointers.length
  const removedCount = changes.removed.length
  if (isJsonObject(before) && isJsonObject(after)) compareObjects(changes, place, before, after)
  else compareLists(changes, place, before as readonly Json[], after as readonly Json[]) // both are lists: checked above
  const added = changes.weight - weight
  if (added === 0 || changes.pointers.length + changes.removed.length === pointerCount + removedCount + 1) return
  const wholeWeight = pointer.length + pointerOverhead + weightOf(after, added)
  if (wholeWeight >= added) return
  cutTo(changes.pointers, pointerCount)
  cutTo(changes.values, pointerCount)
  cutTo(changes.removed, removedCount)
  changes.pointers.push(pointer)
  changes.values.push(after)
  changes.weight = weight + wholeWeight
}

const nothingRemoved: readonly string[] = []

export const differenceOf = (before: JsonObject, after: JsonObject): ObjectDifference => {
  if (before === after) return { set: {}, removed: nothingRemoved }
  const changes: Changes = { pointers: [], values: [], removed: [], weight: 0 }
  compareObjects(changes, places.root, before, after)
  const set: { [pointer: string]: Json } = {}
  const { pointers, values } = changes
  for (let index = 0; index < pointers.length; index += 1) {
    const pointer = pointers[index]
    const value = values[index]
    if (pointer !== undefined && value !== undefined) set[pointer] = value
  }
  // A copy has no room for more.
  return { set, removed: changes.removed.length === 0 ? nothingRemoved : changes.removed.slice() }
}

export const isEmptyDifference = (difference: ObjectDifference): boolean => {
  if (difference.removed.length > 0) return false
  for (const _pointer in difference.set) return false
  return true
}

interface MutableObject {
  [key: string]: Json | undefined
}

// Few pointers are met again and again.
const keysOf = rememberedText((pointer): readonly string[] => pointer.slice(1).split('/').map(unescapePointerKey))

type MutableContainer = MutableObject | Json[]

/** The containers that are copies made here, so that they may be changed. A list is the quickest set for as few as there are mostly. */
class Copies {
  private few: object[] = []
  private many: Set<object> | undefined

  has(container: object): boolean {
    return this.many === undefined ? this.few.includes(container) : this.many.has(container)
  }

  add(container: object): void {
    if (this.many === undefined && this.few.length < 24) this.few.push(container)
    else {
      this.many ??= new Set(this.few)
      this.many.add(container)
    }
  }
}

const copyOf = (container: Json | undefined, pointer: string): MutableContainer => {
  if (typeof container !== 'object' || container === null) throw new Error(`The difference does not fit: nothing to change at ${pointer}.`)
  return isList(container) ? [...container] : growingCopy(container)
}

const put = (container: MutableContainer, key: string, value: Json): void => {
  if (Array.isArray(container)) container[Number(key)] = value
  // An own property of that name, not the prototype of the copy.
  else if (key === '__proto__') Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true })
  else container[key] = value
}

/** The container without the key. (Deleting would make it a dictionary for V8, and so every object spread from it later.) */
const without = (container: MutableContainer, dropped: string): MutableContainer => {
  if (Array.isArray(container) || !Object.hasOwn(container, dropped)) return container
  const rest: MutableObject = {}
  for (const key of Object.keys(container)) {
    const value = container[key]
    if (key !== dropped && value !== undefined) put(rest, key, value)
  }
  return rest
}

/** The root with this value at the pointer, or without it (undefined). What `copies` knows was made below, so it may be changed. */
const write = (root: MutableObject, copies: Copies, pointer: string, value: Json | undefined): MutableObject => {
  const keys = keysOf(pointer)
  const last = keys.length - 1
  let container: MutableContainer = root
  let holder: MutableContainer | undefined
  for (let at = 0; at < last; at += 1) {
    const key = keys[at] ?? ''
    const child: Json | undefined = Array.isArray(container) ? container[Number(key)] : ownOf(container, key)
    holder = container
    if (typeof child === 'object' && child !== null && copies.has(child)) {
      container = child as MutableContainer
      continue
    }
    const copy = copyOf(child, pointer)
    copies.add(copy)
    put(container, key, copy)
    container = copy
  }
  const key = keys[last] ?? ''
  if (value !== undefined) {
    put(container, key, value)
    return root
  }
  const rest = without(container, key)
  if (rest === container) return root
  copies.add(rest)
  // The root is an object: its differences name keys.
  if (holder === undefined) return rest as MutableObject
  put(holder, keys[last - 1] ?? '', rest)
  return root
}

/** Copies each container on the way at most once; the rest is shared with `before`. `also` is set last, as if the difference had said so. */
export const applyDifference = (
  before: JsonObject,
  difference: ObjectDifference,
  also?: { readonly pointer: string; readonly value: Json },
): JsonObject => {
  const copies = new Copies()
  const { removed, set } = difference
  const pointers = Object.keys(set)
  if (removed.length === 0 && pointers.length === 0 && also === undefined) return before
  let root: MutableObject = { ...before }
  copies.add(root)
  for (const pointer of removed) root = write(root, copies, pointer, undefined)
  for (const pointer of pointers) root = write(root, copies, pointer, set[pointer])
  return also === undefined ? root : write(root, copies, also.pointer, also.value)
}
