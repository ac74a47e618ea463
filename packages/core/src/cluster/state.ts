/** All facts folded so far: the stored objects, the physical world beside them, and what the run itself knows. */
import type { Waiting } from './waiting.js'
import type { Json, JsonObject } from '../kernel/json.js'
import { emptyMap, getAt, setAt, type PersistentMap } from '../kernel/persistent-map.js'
import type { ApiFaultSet } from './engine-events.js'
import type { Correlation } from './event-correlation.js'
import { makeReader } from './make-reader.js'
import type { Reader } from './reader.js'
import { emptyStore, type ObjectStore } from './store.js'
import { initialWorld, type World, type WorldSettings } from './world.js'

/** What does not change during a run. Plain JSON: it stands in the log's header. */
export interface ClusterSettings {
  /** Tolerations of not-ready and unreachable nodes that admission adds, in seconds. */
  readonly tolerationSeconds: number
  readonly featureGates: { readonly maxUnavailableStatefulSet: boolean; readonly staleReadProtection: boolean }
  readonly nodeMonitorPeriodMs: number
  readonly nodeMonitorGraceMs: number
  /** `10.96.0.0/16` */
  readonly serviceNetwork: string
  readonly world: WorldSettings
}

export interface ClusterState {
  /** The newest resourceVersion: one counter for all kinds. */
  readonly revision: number
  readonly stores: PersistentMap<ObjectStore>
  /** The first Pod of each template, as accepted: later ones say only how they differ. Key: owner uid and template hash. */
  readonly prototypes: PersistentMap<JsonObject>
  readonly correlation: Correlation
  readonly world: World
  /** controller and key → what its last plan waited for. */
  readonly waiting: PersistentMap<readonly Waiting[]>
  /** Controllers that have crashed. */
  readonly stopped: PersistentMap<true>
  /** controller and kind → lag in ms. */
  readonly informerLags: PersistentMap<number>
  readonly apiFaults: readonly ApiFaultSet[]
}

export const initialState = (settings: ClusterSettings): ClusterState => ({
  revision: 200,
  stores: emptyMap(),
  prototypes: emptyMap(),
  correlation: emptyMap(),
  world: initialWorld(settings.world),
  waiting: emptyMap(),
  stopped: emptyMap(),
  informerLags: emptyMap(),
  apiFaults: [],
})

export const storeOf = (state: ClusterState, kind: string): ObjectStore => getAt(state.stores, kind) ?? emptyStore
export const withStore = (state: ClusterState, kind: string, store: ObjectStore): ClusterState => ({
  ...state,
  stores: setAt(state.stores, kind, store),
})

const readers = new WeakMap<ClusterState, Reader>()

/** The API's own view, always fresh. (Remembered for the state, which never changes.) */
export const readerOf = (state: ClusterState): Reader => {
  const known = readers.get(state)
  if (known !== undefined) return known
  const reader = makeReader((kind) => getAt(state.stores, kind))
  readers.set(state, reader)
  return reader
}

export type StoredJson = Json
