/** One switch: which parts of the state does each event touch? */
import type { KubernetesObject } from '../api/object.js'
import { assert } from '../kernel/assert.js'
import type { Json, JsonObject } from '../kernel/json.js'
import { applyDifference, type ObjectDifference } from '../kernel/object-difference.js'
import { getAt, removeAt, setAt } from '../kernel/persistent-map.js'
import { microTimestampOf, timestampOf, type SimTime } from '../kernel/sim-time.js'
import { isEngineEvent, type EngineEvent } from './engine-events.js'
import { detailOf, remembered, type Telling } from './event-correlation.js'
import type { ClusterEvent } from './events.js'
import {
  isObjectChanged,
  isObjectCreated,
  isObjectDeleted,
  splitObjectPath,
  type KubernetesEventRecorded,
  type KubernetesEventRepeated,
  type ObjectChanged,
  type ObjectCreated,
} from './object-events.js'
import { reduceWorld } from './reduce-world.js'
import {
  asNewObject,
  modelsFor,
  receivedObject,
  statusKeyOf,
  statusPointer,
  storeOf,
  withCorrelation,
  withStores,
  withWorld,
  type ClusterState,
} from './state.js'
import { findObject, withObject } from './store.js'

// Events hold plain JSON that a decoder has checked; what they make is an object again (the casts in this file).
const asObject = (json: JsonObject): KubernetesObject => json as unknown as KubernetesObject
const asJson = (object: KubernetesObject): JsonObject => object as unknown as JsonObject

const differenceIn = (event: ObjectCreated | ObjectChanged): ObjectDifference => ({
  set: (event.set ?? nothing) as ObjectDifference['set'],
  removed: event.removed ?? noRemovals,
})
const nothing: ObjectDifference['set'] = {}
const noRemovals: readonly string[] = []

const withRevision = (object: JsonObject, rv: number): JsonObject => ({
  ...object,
  metadata: { ...(object['metadata'] as JsonObject), resourceVersion: String(rv) },
})

/** The object after a change, at its new resourceVersion. */
const changed = (before: JsonObject, event: ObjectCreated | ObjectChanged): KubernetesObject =>
  asObject(applyDifference(before, differenceIn(event), { pointer: '/metadata/resourceVersion', value: String(event.rv) }))

/** The object that a creation describes. */
const createdObject = (state: ClusterState, event: ObjectCreated, at: SimTime): KubernetesObject => {
  if (event.manifest !== undefined) return asObject(withRevision(event.manifest as JsonObject, event.rv))
  const template = event.template ?? receivedObject
  const prototype = getAt(modelsFor(state, template), template)
  assert(prototype !== undefined, `${event.object} is like something that is not known: ${template}`)
  return changed(event.uid === undefined ? prototype : asNewObject(prototype, event.object, event.uid, at), event)
}

const put = (state: ClusterState, path: string, rv: number, object: KubernetesObject | undefined): ClusterState => {
  const { kind, key } = splitObjectPath(path)
  return withStores(state, rv, setAt(state.stores, kind, withObject(storeOf(state, kind), key, object)))
}

const reduceCreated = (state: ClusterState, event: ObjectCreated, at: SimTime): ClusterState => {
  const object = createdObject(state, event, at)
  const stored = put(state, event.object, event.rv, object)
  const { template, manifest } = event
  if (template === undefined || manifest === undefined) return stored
  const models = setAt(modelsFor(state, template), template, manifest as JsonObject)
  return template.includes('/') ? { ...stored, prototypes: models } : { ...stored, likenesses: models }
}

const reduceChanged = (state: ClusterState, event: ObjectChanged): ClusterState => {
  const { kind, key } = splitObjectPath(event.object)
  const before = findObject(storeOf(state, kind), key)
  assert(before !== undefined, `${event.kind}: ${event.object} does not exist`)
  // Further facts of a write that the first one has carried.
  if (event.set === undefined && event.removed === undefined && before.metadata.resourceVersion === String(event.rv)) return state
  if (event.like !== undefined) {
    const status = getAt(state.likenesses, statusKeyOf(before) ?? '')
    assert(status !== undefined, `${event.kind}: no status is known that that of ${event.object} could be like`)
    return put(state, event.object, event.rv, changed({ ...asJson(before), status }, event))
  }
  const stored = put(state, event.object, event.rv, changed(asJson(before), event))
  const status = event.set?.[statusPointer]
  const statusKey = status === undefined ? undefined : statusKeyOf(before)
  return statusKey === undefined ? stored : { ...stored, likenesses: setAt(state.likenesses, statusKey, status as JsonObject) }
}

type Involved = Readonly<Record<string, string>>

/** The object that people are told about, as a reference: what the event does not say of it is as it is stored. */
const involvedIn = (state: ClusterState, { about, involved }: KubernetesEventRecorded): Involved => {
  if (about === undefined) return involved ?? {}
  const { kind, namespace, name, key } = splitObjectPath(about)
  const stored = findObject(storeOf(state, kind), key)
  const apiVersion = involved?.['apiVersion'] ?? stored?.apiVersion
  const uid = involved?.['uid'] ?? stored?.metadata.uid
  const resourceVersion = involved?.['resourceVersion'] ?? stored?.metadata.resourceVersion
  const fieldPath = involved?.['fieldPath']
  const reference: Record<string, string> = {}
  if (apiVersion !== undefined) reference['apiVersion'] = apiVersion
  reference['kind'] = kind
  if (namespace !== '') reference['namespace'] = namespace
  reference['name'] = name
  if (uid !== undefined) reference['uid'] = uid
  if (resourceVersion !== undefined) reference['resourceVersion'] = resourceVersion
  if (fieldPath !== undefined) reference['fieldPath'] = fieldPath
  return reference
}

const tellingOf = (event: KubernetesEventRecorded, involved: Involved): Telling => ({
  source: `${event.component}/${event.host ?? ''}/${involved['uid'] ?? involved['name'] ?? ''}`,
  type: event.type,
  reason: event.reason,
  message: event.told ?? event.message,
  detail: detailOf(involved, event.action),
  series: event.action !== undefined,
})

/** Follows makeEvent in client-go/tools/record/event.go and in client-go/tools/events/event_recorder.go. */
const kubernetesEventOf = (event: KubernetesEventRecorded, involved: Involved, at: SimTime): KubernetesObject => {
  const { namespace, name } = splitObjectPath(event.object)
  const now = timestampOf(at)
  const metadata = { creationTimestamp: now, name, namespace, resourceVersion: String(event.rv), uid: event.uid }
  const { reason, message, type } = event
  const object: JsonObject =
    event.action === undefined
      ? {
          apiVersion: 'v1',
          kind: 'Event',
          metadata,
          involvedObject: involved,
          reason,
          message,
          type,
          count: 1,
          eventTime: null,
          firstTimestamp: now,
          lastTimestamp: now,
          reportingComponent: event.component,
          reportingInstance: event.host ?? '',
          source: event.host === undefined ? { component: event.component } : { component: event.component, host: event.host },
        }
      : {
          apiVersion: 'v1',
          kind: 'Event',
          metadata,
          involvedObject: involved,
          reason,
          message,
          type,
          action: event.action,
          eventTime: microTimestampOf(at),
          firstTimestamp: null,
          lastTimestamp: null,
          reportingComponent: event.component,
          reportingInstance: `${event.component}-control-plane`,
          source: {},
        }
  return asObject(object)
}

const reduceTold = (state: ClusterState, event: KubernetesEventRecorded, at: SimTime): ClusterState => {
  const involved = involvedIn(state, event)
  return withCorrelation(
    put(state, event.object, event.rv, kubernetesEventOf(event, involved, at)),
    remembered(state.correlation, tellingOf(event, involved), { path: event.object, isCombined: event.told !== undefined }, at),
  )
}

const repeatedEvent = (before: KubernetesObject, event: KubernetesEventRepeated, at: SimTime): KubernetesObject => {
  const json = asJson(before)
  if (json['eventTime'] !== null) {
    const series = json['series'] as JsonObject | undefined
    return asObject(
      withRevision(
        { ...json, series: { count: series === undefined ? 2 : Number(series['count']) + 1, lastObservedTime: microTimestampOf(at) } },
        event.rv,
      ),
    )
  }
  return asObject(
    withRevision({ ...json, count: Number(json['count']) + 1, lastTimestamp: timestampOf(at), message: event.message }, event.rv),
  )
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

const reduceRepeated = (state: ClusterState, event: KubernetesEventRepeated, at: SimTime): ClusterState => {
  const { key } = splitObjectPath(event.object)
  const before = findObject(storeOf(state, 'Event'), key)
  assert(before !== undefined, `${event.object} does not exist`)
  const json = asJson(before)
  const source = json['source'] as JsonObject
  const involved = json['involvedObject'] as JsonObject
  const component = textOf(json['reportingComponent'] ?? source['component'])
  const series = json['eventTime'] !== null
  const host = series ? undefined : source['host']
  const telling: Telling = {
    source: `${component}/${typeof host === 'string' ? host : ''}/${textOf(involved['uid'] ?? involved['name'])}`,
    type: textOf(json['type']),
    reason: textOf(json['reason']),
    message: event.told ?? event.message,
    detail: '',
    series,
  }
  return {
    ...put(state, event.object, event.rv, repeatedEvent(before, event, at)),
    correlation: series ? state.correlation : remembered(state.correlation, telling, undefined, at),
  }
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
      return object === undefined ? state : { ...state, likenesses: setAt(state.likenesses, receivedObject, object) }
    }
    case 'CommandRejected':
      return state
    case 'WaitingChanged': {
      const key = `${event.controller} ${event.key}`
      return {
        ...state,
        waiting: event.waitingFor.length === 0 ? removeAt(state.waiting, key) : setAt(state.waiting, key, event.waitingFor),
      }
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
  if (isObjectChanged(event)) return reduceChanged(state, event)
  if (isObjectCreated(event)) return reduceCreated(state, event, at)
  if (isObjectDeleted(event)) return put(state, event.object, event.rv, undefined)
  if (event.kind === 'KubernetesEventRecorded') return reduceTold(state, event, at)
  if (event.kind === 'KubernetesEventRepeated') return reduceRepeated(state, event, at)
  if (isEngineEvent(event)) return reduceEngine(state, event)
  const world = reduceWorld(state.world, event, at)
  return world === state.world ? state : withWorld(state, world)
}
