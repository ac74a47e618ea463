/** Who looks at what: made once for a run, so that an event meets only the invariants that it can matter to. */
import type { ClusterEvent } from '../cluster/events.js'
import { changedEventKinds, type ObjectChanged } from '../cluster/object-events.js'
import type { Invariant, Observation, Violation } from './invariant.js'
import type { ObservedTurn } from './observed-turn.js'

interface Watched {
  readonly invariant: Invariant
  /** Pointers of which a change must write one; undefined: it is looked at anyway. */
  readonly fields: readonly Field[] | undefined
}

type Watching = readonly Watched[]

interface Field {
  /** The field and all that hold it: `/metadata/uid`, `/metadata`. */
  readonly pointers: readonly string[]
  /** How pointers into it begin, if it has an inside. */
  readonly inside: string | undefined
}

const fieldOf = (field: string): Field => {
  const hasInside = field.endsWith('/')
  const pointers: string[] = []
  for (let place = hasInside ? field.slice(0, -1) : field; place !== ''; place = place.slice(0, place.lastIndexOf('/')))
    pointers.push(place)
  return { pointers, inside: hasInside ? field : undefined }
}

const changes: ReadonlySet<string> = new Set(changedEventKinds)

/** The pointers that the event sets or removes. (Only changes of objects stand in the table with fields.) */
const writtenBy = (event: ClusterEvent): readonly string[] => {
  const { set, removed } = event as ObjectChanged
  const written = set === undefined ? none : Object.keys(set)
  return removed === undefined || removed.length === 0 ? written : [...written, ...removed]
}
const none: readonly string[] = []

const isAnyWritten = (fields: readonly Field[], written: readonly string[]): boolean => {
  for (const pointer of written)
    for (const { pointers, inside } of fields)
      if (pointers.includes(pointer) || (inside !== undefined && pointer.startsWith(inside))) return true
  return false
}

export interface InvariantTable {
  /** Those who look at such events, if anybody does. */
  readonly watching: (kind: ClusterEvent['kind']) => Watching | undefined
  /** Shows an event to those that it can matter to. What has happened once need not be seen again: a mark that was hit is left out from then on. */
  readonly look: (watching: Watching, observation: Observation, found: Found) => void
  readonly watchesTurns: boolean
  /** Shows a turn that has ended to those that look at turns. */
  readonly lookAtTurn: (turn: ObservedTurn, found: Found) => void
}

type Found = (invariant: Invariant, violation: Violation) => void

const everyKind = (invariants: readonly Invariant[]): ReadonlyMap<string, Watching> => {
  const table = new Map<string, Watched[]>()
  for (const invariant of invariants) {
    const fields = invariant.fields?.map(fieldOf)
    for (const kind of new Set(invariant.concerns)) {
      const watched = { invariant, fields: changes.has(kind) ? fields : undefined }
      const others = table.get(kind)
      if (others === undefined) table.set(kind, [watched])
      else others.push(watched)
    }
  }
  return table
}

// Many short runs are given one list: the last is kept.
let lastInvariants: readonly Invariant[] = []
let lastTable = everyKind(lastInvariants)

export const makeInvariantTable = (invariants: readonly Invariant[]): InvariantTable => {
  if (invariants !== lastInvariants) {
    lastTable = everyKind(invariants)
    lastInvariants = invariants
  }
  const table = new Map(lastTable)
  const leaveOut = (invariant: Invariant): void => {
    for (const kind of invariant.concerns) {
      const rest = table.get(kind)?.filter((watched) => watched.invariant !== invariant) ?? []
      if (rest.length > 0) table.set(kind, rest)
      else table.delete(kind)
    }
  }
  const ofTurns = invariants.filter(({ checkTurn }) => checkTurn !== undefined)
  return {
    watching: (kind) => table.get(kind),
    look: (watching, observation, found) => {
      let written: readonly string[] | undefined
      for (const { invariant, fields } of watching) {
        if (fields !== undefined && !isAnyWritten(fields, (written ??= writtenBy(observation.recorded.event)))) continue
        const violation = invariant.check(observation)
        if (violation === undefined) continue
        if (invariant.expectation === 'sometimes') leaveOut(invariant)
        found(invariant, violation)
      }
    },
    watchesTurns: ofTurns.length > 0,
    lookAtTurn: (turn, found) => {
      for (const invariant of ofTurns) {
        const violation = invariant.checkTurn?.(turn)
        if (violation !== undefined) found(invariant, violation)
      }
    },
  }
}
