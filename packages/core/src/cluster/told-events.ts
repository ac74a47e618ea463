/** What becomes of the facts that somebody told people something: core/v1 Events, and what their correlation has to know of them. */
import type { KubernetesObject } from '../api/object.js'
import type { Json, JsonObject } from '../kernel/json.js'
import { rememberedText } from '../kernel/remembered-text.js'
import { microTimestampOf, timestampOf, type SimTime } from '../kernel/sim-time.js'
import { detailOf, type RecordedAt, type Telling } from './event-correlation.js'
import { splitObjectPath, type KubernetesEventRepeated } from './object-events.js'
import { storeOf, withRevision, type ClusterState } from './state.js'
import { findObject } from './store.js'

/** A reference to the object that people are told about. */
export type Involved = Readonly<Record<string, string>>

/** What is told, as `KubernetesEventRecorded` has it. */
export interface Told {
  readonly object: string
  readonly rv: number
  readonly uid: string
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly component: string
  readonly host?: string | undefined
  readonly action?: string | undefined
  readonly told?: string | undefined
}

// Facts hold plain JSON that a decoder has checked; what they make is an object again.
const asObject = (json: JsonObject): KubernetesObject => json as unknown as KubernetesObject
const asJson = (object: KubernetesObject): JsonObject => object as unknown as JsonObject

/** What a reference says of an object that is stored. */
export interface StoredAs {
  readonly apiVersion: string | undefined
  readonly uid: string | undefined
  readonly resourceVersion: string | undefined
}

// (All fields at once, where all are there: one hidden class, and no growing.)
const referenceTo = (
  kind: string,
  namespace: string,
  name: string,
  apiVersion: string | undefined,
  uid: string | undefined,
  resourceVersion: string | undefined,
  fieldPath: string | undefined,
): Involved => {
  if (namespace !== '' && apiVersion !== undefined && uid !== undefined && resourceVersion !== undefined)
    return fieldPath === undefined
      ? { apiVersion, kind, namespace, name, uid, resourceVersion }
      : { apiVersion, kind, namespace, name, uid, resourceVersion, fieldPath }
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

/** The only one of its kind runs on the control plane. */
const instanceOf = rememberedText((component) => `${component}-control-plane`)

export const storedAs = (state: ClusterState, path: string): StoredAs | undefined => {
  const { kind, key } = splitObjectPath(path)
  const object = findObject(storeOf(state, kind), key)
  if (object === undefined) return undefined
  const { apiVersion, metadata } = object
  return { apiVersion, uid: metadata.uid, resourceVersion: metadata.resourceVersion }
}

/** The object that people are told about: what the event does not say of it is as it is stored. */
export const involvedAs = (about: string | undefined, stored: StoredAs | undefined, involved: Involved | undefined): Involved => {
  if (about === undefined) return involved ?? {}
  const { kind, namespace, name } = splitObjectPath(about)
  return referenceTo(
    kind,
    namespace,
    name,
    involved?.['apiVersion'] ?? stored?.apiVersion,
    involved?.['uid'] ?? stored?.uid,
    involved?.['resourceVersion'] ?? stored?.resourceVersion,
    involved?.['fieldPath'],
  )
}

export const involvedIn = (state: ClusterState, about: string | undefined, involved: Involved | undefined): Involved =>
  involvedAs(about, about === undefined ? undefined : storedAs(state, about), involved)

export const tellingOf = (event: Told, involved: Involved): Telling => ({
  source: `${event.component}/${event.host ?? ''}/${involved['uid'] ?? involved['name'] ?? ''}`,
  type: event.type,
  reason: event.reason,
  message: event.told ?? event.message,
  detail: detailOf(involved, event.action),
  series: event.action !== undefined,
})

/** Where it is recorded anew. */
export const placeOf = (event: Told): RecordedAt => ({ path: event.object, isCombined: event.told !== undefined })

/** Follows makeEvent in client-go/tools/record/event.go and in client-go/tools/events/event_recorder.go. */
export const toldEvent = (event: Told, involved: Involved, at: SimTime): KubernetesObject => {
  const { namespace, name } = splitObjectPath(event.object)
  const now = timestampOf(at)
  const metadata = { creationTimestamp: now, name, namespace, resourceVersion: String(event.rv), uid: event.uid }
  const { component, reason, message, type } = event
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
          reportingComponent: component,
          reportingInstance: event.host ?? '',
          source: event.host === undefined ? { component } : { component, host: event.host },
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
          reportingComponent: component,
          reportingInstance: instanceOf(component),
          source: {},
        }
  return asObject(object)
}

/** The Event after it was counted up. */
export const repeatedEvent = (before: KubernetesObject, event: KubernetesEventRepeated, at: SimTime): KubernetesObject => {
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

/** What was told again, of the Event as it was before. */
export const tellingAgain = (before: KubernetesObject, event: KubernetesEventRepeated): Telling => {
  const json = asJson(before)
  const source = json['source'] as JsonObject
  const involved = json['involvedObject'] as JsonObject
  const component = textOf(json['reportingComponent'] ?? source['component'])
  const series = json['eventTime'] !== null
  const host = series ? undefined : source['host']
  return {
    source: `${component}/${typeof host === 'string' ? host : ''}/${textOf(involved['uid'] ?? involved['name'])}`,
    type: textOf(json['type']),
    reason: textOf(json['reason']),
    message: event.told ?? event.message,
    detail: '',
    series,
  }
}
