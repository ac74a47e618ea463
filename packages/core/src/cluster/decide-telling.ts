/** Telling people something: an Event comes to be, is counted up, or is dropped by the spam filter. */
import type { EventSubject } from './api-commands.js'
import { keyOf, type KubernetesObject } from '../api/object.js'
import { digitsOf, fourDigits } from '../kernel/hexadecimal.js'
import type { Mutable } from '../kernel/mutable.js'
import { assert } from '../kernel/assert.js'
import type { DecideContext } from '../kernel/decider.js'
import { epochSeconds } from '../kernel/sim-time.js'
import { drawUid } from './draws.js'
import { correlate, detailOf } from './event-correlation.js'
import type { ClusterEvent } from './events.js'
import { objectPath, splitObjectPath, type KubernetesEventRecorded } from './object-events.js'
import { storeOf, type ClusterState } from './state.js'
import { findObject } from './store.js'

export interface TellCommand {
  readonly about: KubernetesObject | EventSubject
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  readonly component?: string
  readonly host?: string
  readonly fieldPath?: string
  readonly series?: boolean
  readonly action?: string
}

const isGiven = (value: string | undefined): value is string => value !== undefined && value !== ''

/** Fields that are empty are left out; the order is that of the log. */
const subjectOf = (about: KubernetesObject | EventSubject, fieldPath: string | undefined): Readonly<Record<string, string>> => {
  const subject: Record<string, string> = {}
  if ('involved' in about) {
    for (const [field, value] of Object.entries(about.involved)) if (isGiven(value)) subject[field] = value
  } else {
    const { apiVersion, kind, metadata } = about
    const { namespace, name, uid, resourceVersion } = metadata
    if (isGiven(apiVersion)) subject['apiVersion'] = apiVersion
    if (isGiven(kind)) subject['kind'] = kind
    if (isGiven(namespace)) subject['namespace'] = namespace
    if (isGiven(name)) subject['name'] = name
    if (isGiven(uid)) subject['uid'] = uid
    if (isGiven(resourceVersion)) subject['resourceVersion'] = resourceVersion
  }
  if (isGiven(fieldPath)) subject['fieldPath'] = fieldPath
  return subject
}

/** The reference as the event tells it: the object's path, and what is not as it is stored. */
const namedIn = (state: ClusterState, involved: Readonly<Record<string, string>>): Pick<KubernetesEventRecorded, 'about' | 'involved'> => {
  const { kind, namespace = '', name, apiVersion, uid, resourceVersion, fieldPath } = involved
  if (kind === undefined || name === undefined) return { involved }
  const stored = findObject(storeOf(state, kind), keyOf(namespace, name))
  const rest: Record<string, string> = {}
  if (apiVersion !== stored?.apiVersion) {
    if (apiVersion === undefined) return { involved }
    rest['apiVersion'] = apiVersion
  }
  if (uid !== stored?.metadata.uid) {
    if (uid === undefined) return { involved }
    rest['uid'] = uid
  }
  if (resourceVersion !== stored?.metadata.resourceVersion) {
    if (resourceVersion === undefined) return { involved }
    rest['resourceVersion'] = resourceVersion
  }
  if (fieldPath !== undefined) rest['fieldPath'] = fieldPath
  const about = objectPath(kind, namespace, name)
  for (const _field in rest) return { about, involved: rest }
  return { about }
}

/** `web-0.18ea0028fae6c424`: the involved name and a time in nanoseconds, here made unique by the resourceVersion. */
const nameOf = (involvedName: string, now: number, rv: number): string => {
  // More than 53 bits: a head and a tail of 16 bits. A BigInt would do, and cost ten times as much.
  const milliseconds = epochSeconds * 1_000 + now
  const head = Math.floor(milliseconds / 65_536)
  const tail = (milliseconds - head * 65_536) * 1_000_000 + (rv % 1_000_000)
  const carried = Math.floor(tail / 65_536)
  return `${involvedName}.${digitsOf(head * 1_000_000 + carried)}${fourDigits(tail - carried * 65_536)}`
}

// Follows Admit in plugin/pkg/admission/namespace/lifecycle/admission.go: nothing new in a namespace that ends, and who told it does not try again
// (recordEvent in client-go tools/record/event.go).
const isBeingDeleted = (namespace: string, state: ClusterState): boolean =>
  findObject(storeOf(state, 'Namespace'), keyOf('', namespace))?.metadata.deletionTimestamp !== undefined

export const decideTell = (command: TellCommand, state: ClusterState, context: DecideContext): readonly ClusterEvent[] => {
  const involved = subjectOf(command.about, command.fieldPath)
  const component = command.component ?? context.actor
  const series = command.series === true
  const telling = {
    source: `${component}/${series ? '' : (command.host ?? '')}/${involved['uid'] ?? involved['name'] ?? ''}`,
    type: command.type,
    reason: command.reason,
    message: command.message,
    detail: detailOf(involved, series ? (command.action ?? '') : undefined),
    series,
  }
  const correlated = correlate(state.correlation, telling, context.now)
  const rv = state.revision + 1
  if (correlated.kind === 'dropped') return []
  // As it was told, where the Event says it otherwise.
  const told = correlated.message === command.message ? undefined : command.message
  // Differs from Kubernetes: one that somebody has deleted comes to be again with a new name and a count of 1 (there under its old name, and the count goes on).
  if (correlated.kind === 'repeat' && findObject(storeOf(state, 'Event'), splitObjectPath(correlated.path).key) !== undefined)
    return [
      {
        kind: 'KubernetesEventRepeated',
        object: correlated.path,
        rv,
        message: correlated.message,
        ...(told === undefined ? undefined : { told }),
      },
    ]
  const name = involved['name']
  assert(name !== undefined, 'an Event is about something with a name')
  const namespace = involved['namespace'] ?? 'default'
  if (isBeingDeleted(namespace, state)) return []
  const eventName = nameOf(name, context.now, rv)
  const object = objectPath('Event', namespace, eventName)
  const uid = drawUid(context.choose, `Event/${namespace}/${eventName}`)
  const { about, involved: reference } = namedIn(state, involved)
  const { type, reason } = command
  const { message } = correlated
  // The order of the fields is that of the log. (Most are about an object as it is stored: a literal costs less than putting parts together.)
  const event: Mutable<KubernetesEventRecorded> =
    about !== undefined && reference === undefined
      ? { kind: 'KubernetesEventRecorded', object, rv, uid, about, type, reason, message, component }
      : {
          kind: 'KubernetesEventRecorded',
          object,
          rv,
          uid,
          ...(about === undefined ? undefined : { about }),
          ...(reference === undefined ? undefined : { involved: reference }),
          type,
          reason,
          message,
          component,
        }
  if (command.host !== undefined) event.host = command.host
  if (series) event.action = command.action ?? ''
  if (told !== undefined) event.told = told
  return [event]
}
