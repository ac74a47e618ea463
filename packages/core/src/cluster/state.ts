/** All facts folded so far: the stored objects, the physical world beside them, and what the run itself knows. */
import type { Waiting } from './waiting.js'
import { controllerRefOf, type KubernetesObject } from '../api/object.js'
import { extended } from '../kernel/extended.js'
import type { JsonObject } from '../kernel/json.js'
import { emptyMap, getAt, setAt, type PersistentMap } from '../kernel/persistent-map.js'
import type { ApiFaultSet } from './engine-events.js'
import type { Correlation } from './event-correlation.js'
import { splitObjectPath } from './object-events.js'
import { timestampOf, type SimTime } from '../kernel/sim-time.js'
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
  /**
   * What else is like what comes to be, so that it need not be told again: another object of a kind (key: the kind), the first status of a
   * template's Pods (`statusKeyOf`), and what somebody outside asked to be created last (`receivedObject`).
   */
  readonly likenesses: PersistentMap<JsonObject>
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

/** The key of the likeness that came with a command. */
export const receivedObject = 'received'

/** Where the state keeps what objects of this template key are like. */
export const modelsFor = (state: ClusterState, template: string): PersistentMap<JsonObject> =>
  template.includes('/') ? state.prototypes : state.likenesses

/** Which objects are alike: Pods of one owner and one template (with a slash), and other objects of one kind. */
export const templateKeyOf = (object: KubernetesObject): string => {
  if (object.kind !== 'Pod') return object.kind
  const owner = controllerRefOf(object)
  const labels = object.metadata.labels
  const hash = labels?.['controller-revision-hash'] ?? labels?.['pod-template-hash']
  return owner === undefined || hash === undefined ? object.kind : `${owner.uid}/${hash}`
}

/** The key of the first status of the Pods of a template; undefined for others. */
export const statusKeyOf = (object: KubernetesObject): string | undefined => {
  if (object.kind !== 'Pod') return undefined
  const template = templateKeyOf(object)
  return template === object.kind ? undefined : `status ${template}`
}
export const statusPointer = '/status'

/** A new object that is like the prototype: what every object has of its own is the new one's. */
export const asNewObject = (prototype: JsonObject, path: string, uid: string, now: SimTime): JsonObject => {
  const { namespace, name } = splitObjectPath(path)
  const creationTimestamp = timestampOf(now)
  const own = namespace === '' ? { name, uid, creationTimestamp } : { name, uid, creationTimestamp, namespace }
  const metadata = extended((prototype['metadata'] as JsonObject | undefined) ?? {}, own)
  return { ...prototype, metadata }
}

/** The object at this resourceVersion. */
export const withRevision = (object: JsonObject, rv: number): JsonObject => ({
  ...object,
  metadata: { ...(object['metadata'] as JsonObject), resourceVersion: String(rv) },
})

export const initialState = (settings: ClusterSettings): ClusterState => ({
  revision: 200,
  stores: emptyMap(),
  prototypes: emptyMap(),
  likenesses: emptyMap(),
  correlation: emptyMap(),
  world: initialWorld(settings.world),
  waiting: emptyMap(),
  stopped: emptyMap(),
  informerLags: emptyMap(),
  apiFaults: [],
})

export const storeOf = (state: ClusterState, kind: string): ObjectStore => getAt(state.stores, kind) ?? emptyStore
export const withStore = (state: ClusterState, kind: string, store: ObjectStore): ClusterState =>
  withStores(state, state.revision, setAt(state.stores, kind, store))

/** All fields are listed: copying an object by spreading it costs several times as much, and this is done for every event. */
const stateWith = (
  state: ClusterState,
  revision: number,
  stores: ClusterState['stores'],
  likenesses: ClusterState['likenesses'],
  correlation: Correlation,
  world: World,
  waiting: ClusterState['waiting'],
): ClusterState => ({
  revision,
  stores,
  prototypes: state.prototypes,
  likenesses,
  correlation,
  world,
  waiting,
  stopped: state.stopped,
  informerLags: state.informerLags,
  apiFaults: state.apiFaults,
})

export const withStores = (state: ClusterState, revision: number, stores: ClusterState['stores']): ClusterState =>
  stateWith(state, revision, stores, state.likenesses, state.correlation, state.world, state.waiting)

export const withLikenesses = (state: ClusterState, likenesses: ClusterState['likenesses']): ClusterState =>
  stateWith(state, state.revision, state.stores, likenesses, state.correlation, state.world, state.waiting)

export const withCorrelation = (state: ClusterState, correlation: Correlation): ClusterState =>
  stateWith(state, state.revision, state.stores, state.likenesses, correlation, state.world, state.waiting)

/** A fact that people are told: the Event, and what is known of its source. */
export const withTold = (state: ClusterState, revision: number, stores: ClusterState['stores'], correlation: Correlation): ClusterState =>
  stateWith(state, revision, stores, state.likenesses, correlation, state.world, state.waiting)

export const withWorld = (state: ClusterState, world: World): ClusterState =>
  stateWith(state, state.revision, state.stores, state.likenesses, state.correlation, world, state.waiting)

export const withWaiting = (state: ClusterState, waiting: ClusterState['waiting']): ClusterState =>
  stateWith(state, state.revision, state.stores, state.likenesses, state.correlation, state.world, waiting)

let lastState: ClusterState | undefined
let lastReader: Reader | undefined

/** The API's own view, always fresh. (The last answer is kept: a state never changes, and many look at it one after the other.) */
export const readerOf = (state: ClusterState): Reader => {
  if (lastReader === undefined || lastState !== state) {
    lastReader = makeReader(state.stores)
    lastState = state
  }
  return lastReader
}
