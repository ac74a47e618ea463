/** Observations for tests of invariants: some objects, one event, and what the acting controller saw. */
import type { KubernetesObject } from '../api/object.js'
import { changesOf, creationOf, pathOf, removalOf } from '../cluster/decide-write.js'
import type { ClusterEvent } from '../cluster/events.js'
import { makeReader } from '../cluster/make-reader.js'
import type { ChangedKind } from '../cluster/object-events.js'
import { reduce } from '../cluster/reduce.js'
import { initialState, readerOf, withStore, type ClusterSettings, type ClusterState } from '../cluster/state.js'
import { storeOf } from '../cluster/store.js'
import type { WorldEvent } from '../cluster/world-events.js'
import type { Observation, ObservedRequest } from '../invariants/invariant.js'
import { recordedClusterSettings } from '../simulation/default-controllers.js'

export interface Scene {
  readonly stored?: readonly KubernetesObject[]
  /** What happened in the world before. */
  readonly world?: readonly WorldEvent[]
  /** What happens. */
  readonly event: ClusterEvent | ((before: ClusterState) => ClusterEvent)
  /** Who does it. A user has no view. */
  readonly by?: string
  /** What the controller's caches show, if that is not what is stored. */
  readonly seen?: readonly KubernetesObject[]
  readonly at?: number
  readonly state?: Partial<ClusterState>
  /** What was asked for. */
  readonly command?: ObservedRequest['command']
  /** Which kubelet the machines run. */
  readonly profile?: ClusterSettings['world']['profile']
}

const storesOf = (objects: readonly KubernetesObject[]): ReadonlyMap<string, readonly KubernetesObject[]> => {
  const kinds = new Map<string, readonly KubernetesObject[]>()
  for (const object of objects) kinds.set(object.kind, [...(kinds.get(object.kind) ?? []), object])
  return kinds
}

const withProfile = (profile: ClusterSettings['world']['profile']): ClusterSettings => ({
  ...recordedClusterSettings,
  world: { ...recordedClusterSettings.world, profile },
})

export const observe = ({
  stored = [],
  world = [],
  event,
  by = 'user',
  seen,
  at = 100_000,
  state = {},
  command,
  profile = 'recorded',
}: Scene): Observation => {
  let before: ClusterState = { ...initialState(withProfile(profile)), ...state }
  for (const [kind, objects] of storesOf(stored)) before = withStore(before, kind, storeOf(objects))
  for (const fact of world) before = reduce(before, fact, 0)
  const happened = typeof event === 'function' ? event(before) : event
  const caches = storesOf(seen ?? [])
  const view = seen === undefined ? readerOf(before) : makeReader((kind) => storeOf(caches.get(kind) ?? []))
  const recorded = { seq: 7, turn: 3, at, causedBy: 5, actor: by, event: happened }
  const request = command === undefined ? undefined : { command, revision: before.revision }
  const observation = { before, recorded, after: reduce(before, happened, at), request }
  return by === 'user' ? observation : { ...observation, view }
}

export const created =
  (object: KubernetesObject) =>
  (before: ClusterState): ClusterEvent =>
    creationOf(before, object, before.revision + 1, 0)

export const removed =
  (object: KubernetesObject) =>
  (before: ClusterState): ClusterEvent =>
    removalOf(object, before.revision + 1)

/** The fact of that name, with what differs between the two versions. */
export const changed =
  (kind: ChangedKind, before: KubernetesObject, after: KubernetesObject) =>
  (state: ClusterState): ClusterEvent => {
    const first = changesOf(before, after, state.revision + 1, state)[0]
    return first === undefined ? { kind, object: pathOf(before), rv: state.revision + 1, set: {} } : ({ ...first, kind } as ClusterEvent)
  }
