/** One switch: which parts of the state does each event touch? */
import type { KubernetesObject } from '../api/object.js'
import { assert } from '../kernel/assert.js'
import type { JsonObject } from '../kernel/json.js'
import { applyDifference, type ObjectDifference } from '../kernel/object-difference.js'
import { getAt, removeAt, setAt } from '../kernel/persistent-map.js'
import type { SimTime } from '../kernel/sim-time.js'
import { isEngineEvent, type EngineEvent } from './engine-events.js'
import { remembered } from './event-correlation.js'
import type { ClusterEvent } from './events.js'
import {
  changeOfObject,
  splitObjectPath,
  type KubernetesEventRecorded,
  type KubernetesEventRepeated,
  type ObjectChanged,
  type ObjectCreated,
  type ObjectDeleted,
} from './object-events.js'
import { reduceWorld } from './reduce-world.js'
import type { WorldEvent } from './world-events.js'
import {
  asNewObject,
  modelsFor,
  receivedObject,
  statusKeyOf,
  statusPointer,
  storeOf,
  withLikenesses,
  withRevision,
  withStores,
  withTold,
  withWaiting,
  withWorld,
  type ClusterState,
} from './state.js'
import { emptyStore, findObject, withObject } from './store.js'
import { involvedIn, placeOf, repeatedEvent, tellingAgain, tellingOf, toldEvent } from './told-events.js'

// Events hold plain JSON that a decoder has checked; what they make is an object again (the casts in this file).
const asObject = (json: JsonObject): KubernetesObject => json as unknown as KubernetesObject
const asJson = (object: KubernetesObject): JsonObject => object as unknown as JsonObject

const differenceIn = (event: ObjectCreated | ObjectChanged): ObjectDifference => ({
  set: (event.set ?? nothing) as ObjectDifference['set'],
  removed: event.removed ?? noRemovals,
})
const nothing: ObjectDifference['set'] = {}
const noRemovals: readonly string[] = []

/** The object after a change, at its new resourceVersion. */
const changed = (before: JsonObject, event: ObjectCreated | ObjectChanged): KubernetesObject =>
  asObject(applyDifference(before, differenceIn(event), { pointer: '/metadata/resourceVersion', value: String(event.rv) }))

/** The object that a creation describes. */
const createdObject = (state: ClusterState, event: ObjectCreated, at: SimTime): KubernetesObject => {
  if (event.manifest !== undefined) return asObject(withRevision(event.manifest as JsonObject, event.rv))
  const template = event.template ?? receivedObject
  const prototype = getAt(modelsFor(state, template), template)
  assert(prototype !== undefined, () => `${event.object} is like something that is not known: ${template}`)
  return changed(event.uid === undefined ? prototype : asNewObject(prototype, event.object, event.uid, at), event)
}

type Stores = ClusterState['stores']

/** A write of an object: both versions of it, and the stores before and after. */
export interface ObjectWrite {
  readonly path: string
  readonly from: Stores
  readonly to: Stores
  readonly before: KubernetesObject | undefined
  readonly after: KubernetesObject | undefined
}
let last: ObjectWrite | undefined

/** The write that led from these stores to those, if it was the last. (The last is kept: whoever hears of an event asks for both versions.) */
export const lastWrite = (path: string, from: Stores, to: Stores): ObjectWrite | undefined =>
  last !== undefined && last.path === path && last.from === from && last.to === to ? last : undefined

const stored = (state: ClusterState, path: string): KubernetesObject | undefined => {
  const { kind, key } = splitObjectPath(path)
  return findObject(storeOf(state, kind), key)
}

const storesWith = (
  { stores }: ClusterState,
  path: string,
  before: KubernetesObject | undefined,
  after: KubernetesObject | undefined,
): Stores => {
  const { kind, key } = splitObjectPath(path)
  const to = setAt(stores, kind, withObject(getAt(stores, kind) ?? emptyStore, key, after, before))
  last = { path, from: stores, to, before, after }
  return to
}

const put = (
  state: ClusterState,
  path: string,
  rv: number,
  before: KubernetesObject | undefined,
  after: KubernetesObject | undefined,
): ClusterState => withStores(state, rv, storesWith(state, path, before, after))

const reduceCreated = (state: ClusterState, event: ObjectCreated, at: SimTime): ClusterState => {
  const object = createdObject(state, event, at)
  const next = put(state, event.object, event.rv, stored(state, event.object), object)
  const { template, manifest } = event
  if (template === undefined || manifest === undefined) return next
  const models = setAt(modelsFor(state, template), template, manifest as JsonObject)
  return template.includes('/') ? { ...next, prototypes: models } : withLikenesses(next, models)
}

const reduceChanged = (state: ClusterState, event: ObjectChanged): ClusterState => {
  const before = stored(state, event.object)
  assert(before !== undefined, () => `${event.kind}: ${event.object} does not exist`)
  // Further facts of a write that the first one has carried.
  if (event.set === undefined && event.removed === undefined && before.metadata.resourceVersion === String(event.rv)) return state
  if (event.like !== undefined) {
    const status = getAt(state.likenesses, statusKeyOf(before) ?? '')
    assert(status !== undefined, () => `${event.kind}: no status is known that that of ${event.object} could be like`)
    return put(state, event.object, event.rv, before, changed({ ...asJson(before), status }, event))
  }
  const next = put(state, event.object, event.rv, before, changed(asJson(before), event))
  const status = event.set?.[statusPointer]
  const statusKey = status === undefined ? undefined : statusKeyOf(before)
  return statusKey === undefined ? next : withLikenesses(next, setAt(state.likenesses, statusKey, status as JsonObject))
}

const reduceDeleted = (state: ClusterState, event: ObjectDeleted): ClusterState =>
  put(state, event.object, event.rv, stored(state, event.object), undefined)

const reduceTold = (state: ClusterState, event: KubernetesEventRecorded, at: SimTime): ClusterState => {
  const involved = involvedIn(state, event.about, event.involved)
  const stores = storesWith(state, event.object, stored(state, event.object), toldEvent(event, involved, at))
  return withTold(state, event.rv, stores, remembered(state.correlation, tellingOf(event, involved), placeOf(event), at))
}

const reduceRepeated = (state: ClusterState, event: KubernetesEventRepeated, at: SimTime): ClusterState => {
  const before = stored(state, event.object)
  assert(before !== undefined, () => `${event.object} does not exist`)
  const telling = tellingAgain(before, event)
  const stores = storesWith(state, event.object, before, repeatedEvent(before, event, at))
  return withTold(state, event.rv, stores, telling.series ? state.correlation : remembered(state.correlation, telling, undefined, at))
}

/** What the command asks to be created, if it does. */
const objectToCreate = (command: unknown): JsonObject | undefined => {
  // Commands are plain JSON; what is in them is decided elsewhere.
  const { kind, object } = command as { readonly kind?: unknown; readonly object?: unknown }
  return kind === 'CreateObject' && typeof object === 'object' && object !== null ? (object as JsonObject) : undefined
}

const reduceEngine = (state: ClusterState, event: EngineEvent): ClusterState => {
  switch (event.kind) {
    case 'CommandReceived': {
      const object = objectToCreate(event.command)
      return object === undefined ? state : withLikenesses(state, setAt(state.likenesses, receivedObject, object))
    }
    case 'CommandRejected':
      return state
    case 'WaitingChanged': {
      const key = `${event.controller} ${event.key}`
      return withWaiting(state, event.waitingFor.length === 0 ? removeAt(state.waiting, key) : setAt(state.waiting, key, event.waitingFor))
    }
    case 'ControllerCrashed':
      return { ...state, stopped: setAt(state.stopped, event.controller, true) }
    case 'ControllerRestarted':
      return { ...state, stopped: removeAt(state.stopped, event.controller) }
    case 'InformerLagSet': {
      const key = `${event.controller} ${event.objectKind}`
      return { ...state, informerLags: event.lagMs === 0 ? removeAt(state.informerLags, key) : setAt(state.informerLags, key, event.lagMs) }
    }
    case 'ApiFaultSet':
      return { ...state, apiFaults: [...state.apiFaults, event] }
    case 'ApiFaultStruck': {
      const index = state.apiFaults.findIndex(
        (fault) =>
          fault.fault === event.fault &&
          (fault.on === undefined || fault.on === event.on) &&
          (fault.command === undefined || fault.command === event.command),
      )
      const struck = state.apiFaults[index]
      if (struck === undefined) return state
      const rest = state.apiFaults.filter((_, place) => place !== index)
      return { ...state, apiFaults: struck.times > 1 ? [...rest, { ...struck, times: struck.times - 1 }] : rest }
    }
  }
}

export const reduce = (state: ClusterState, event: ClusterEvent, at: SimTime): ClusterState => {
  // Asked once, for every event comes by here: the answer says which event it is (the casts).
  const change = changeOfObject(event.kind)
  if (change === 'changed') return reduceChanged(state, event as ObjectChanged)
  if (change === 'created') return reduceCreated(state, event as ObjectCreated, at)
  if (change === 'deleted') return reduceDeleted(state, event as ObjectDeleted)
  if (event.kind === 'KubernetesEventRecorded') return reduceTold(state, event, at)
  if (event.kind === 'KubernetesEventRepeated') return reduceRepeated(state, event, at)
  if (isEngineEvent(event)) return reduceEngine(state, event)
  const world = reduceWorld(state.world, event as WorldEvent, at)
  return world === state.world ? state : withWorld(state, world)
}
