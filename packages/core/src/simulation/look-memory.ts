/**
 * What a search remembers of looks. In lean runs a look of a controller hangs on nothing but what is compared here: the cluster as it is stored
 * (times, uids and versions included), the instant, what the controller's own late caches show, what it remembers of its key, and what the search
 * lets happen to its writes. A second look that has all this in common does the same, and is not carried out again: the facts it led to are
 * told again, to whatever queues and caches there are now.
 *
 * For that, what is equal is made one: a store and a cluster with the same content as an earlier one give way to it. Contents are told apart by 64
 * bits, as the states of a search are.
 */
import type { KubernetesObject } from '../api/object.js'
import type { ApiResult } from '../cluster/api-commands.js'
import type { ClusterCommand } from '../cluster/commands.js'
import type { ClusterEvent } from '../cluster/events.js'
import type { LaggingInformer } from '../cluster/pending-work.js'
import { lateInformersOf } from '../cluster/late-informers.js'
import { withStore, type ClusterState } from '../cluster/state.js'
import type { ObjectStore } from '../cluster/store.js'
import type { PlanOutcome, Wake } from '../controllers/controller.js'
import type { ObservedChange } from '../invariants/invariant.js'
import type { Json } from '../kernel/json.js'
import { entriesOf, foldBranches, getAt, setAt, sizeOf, type PersistentMap } from '../kernel/persistent-map.js'
import { hashOfNumber, makeValueHasher, mixed, plus, zeroHash, type Hash } from '../kernel/value-hash.js'
import type { RunState } from './run-state.js'
import { sharingWith } from './save-run.js'
import type { SimTime } from '../kernel/sim-time.js'
import type { Watcher, Worker, WorldWatcher } from './watch-wiring.js'

type Content = Pick<RunState, 'cluster' | 'goneVersions'>

/** One fact of what is remembered, and how the cluster stood then. */
export interface RememberedFact extends Content {
  readonly event: ClusterEvent
  readonly change: ObservedChange | undefined
  /** Whom it concerned, once it has been told again. */
  readonly telling: { told: Told | undefined }
}

/** Whom a fact concerns. Good wherever the same informers lag. */
export interface Told {
  readonly informers: PersistentMap<LaggingInformer>['keySet']
  readonly steps: readonly ToldStep[]
}

/** One of these, in the order of a first telling. */
export interface ToldStep {
  /** Controllers without late caches: what they see is what is stored, so the keys that are woken are the same each time. */
  readonly woken?: { readonly controller: Worker; readonly wakes: readonly Wake[] }
  /** Those with late caches look again. */
  readonly watcher?: Watcher
  readonly worldWatcher?: WorldWatcher
  /** This informer hears of it later. */
  readonly informer?: string
}

/** Where the process of a controller may end in a look: after this command. */
export interface PossibleEnd {
  readonly command: ClusterCommand
  /** How many choices had come up before, and which. */
  readonly asked: number
  readonly choices: unknown
  /** So many of the look's facts are told by then. */
  readonly facts: number
}

export interface RememberedLook {
  readonly facts: readonly RememberedFact[]
  /** Undefined: the controller's process ended in the middle. */
  readonly outcome: PlanOutcome | undefined
  readonly writes: number
  /** What came up within it, as the driver of the search keeps it. */
  readonly choices: unknown
  readonly ends: readonly PossibleEnd[]
}

/** A command from outside, and what it was answered. */
export interface RememberedRequest {
  readonly facts: readonly RememberedFact[]
  readonly result: ApiResult
}

export interface LookMemory {
  /** The same run, with stores and a cluster that this memory knows. */
  readonly known: (run: RunState) => RunState
  /** The store of this kind that has this content. */
  readonly storeLike: (kind: string, store: ObjectStore) => ObjectStore
  /** The older version of an object, so that it shares with the newer one all that they have in common. */
  readonly olderOf: (older: KubernetesObject | undefined, newer: KubernetesObject | undefined) => KubernetesObject | undefined
  /** The cluster that has this content. */
  readonly contentLike: (content: Content) => Content
  /** Stands for all that a look hangs on but the mood that it is met in. */
  readonly nameOf: (
    cluster: ClusterState,
    informers: PersistentMap<LaggingInformer>,
    controller: string,
    key: string,
    memory: Json | undefined,
    now: SimTime,
    failures: number,
  ) => Hash | undefined
  readonly lookNamed: (name: Hash, mood: string) => RememberedLook | undefined
  readonly remember: (name: Hash, mood: string, look: RememberedLook) => void
  readonly nameOfRequest: (cluster: ClusterState, command: ClusterCommand, now: SimTime, actor: string) => Hash | undefined
  readonly requestNamed: (name: Hash) => RememberedRequest | undefined
  readonly rememberRequest: (name: Hash, request: RememberedRequest) => void
}

/** So many looks are remembered; then all begins anew. */
const looksMax = 60_000

/** What is known by its hash. */
interface ByHash<V> {
  readonly get: (hash: Hash) => V | undefined
  readonly set: (hash: Hash, value: V) => void
  readonly clear: () => void
  readonly size: () => number
}

const makeByHash = <V>(): ByHash<V> => {
  interface Place {
    readonly low: number
    readonly value: V
    /** Another one whose first 32 bits are the same. */
    readonly next: Place | undefined
  }
  const places = new Map<number, Place>()
  let size = 0
  return {
    get: ({ high, low }) => {
      let place = places.get(high)
      while (place !== undefined && place.low !== low) place = place.next
      return place?.value
    },
    set: ({ high, low }, value) => {
      places.set(high, { low, value, next: places.get(high) })
      size += 1
    },
    clear: () => {
      places.clear()
      size = 0
    },
    size: () => size,
  }
}

export const makeLookMemory = (most = looksMax): LookMemory => {
  const { text, value, map } = makeValueHasher()
  const stores = makeByHash<ObjectStore>()
  const contents = makeByHash<Content>()
  const looks = makeByHash<RememberedLook>()
  const requests = makeByHash<RememberedRequest>()
  const olderVersions = new WeakMap<KubernetesObject, { readonly given: KubernetesObject; readonly older: KubernetesObject }>()
  let names = new WeakMap<ClusterState, Hash>()
  let branches = new WeakMap<object, Hash>()

  const storeLike = (kind: string, store: ObjectStore): ObjectStore => {
    const hash = mixed(text(kind), map(store.objects))
    const known = stores.get(hash)
    if (known !== undefined) return known
    stores.set(hash, store)
    return store
  }

  const hashOfContent = ({ cluster, goneVersions }: Content): Hash => {
    const { stores: all, world, stopped, informerLags, apiFaults } = cluster
    const stored = foldBranches(all, branches, (kind, { objects }) => mixed(text(kind), map(objects)), plus, zeroHash)
    const rest = mixed(mixed(map(stopped), map(informerLags)), value(apiFaults))
    return mixed(mixed(stored, value(world)), mixed(map(goneVersions), rest))
  }

  const contentLike = (content: Content): Content => {
    if (names.has(content.cluster)) return content
    const hash = hashOfContent(content)
    const known = contents.get(hash)
    if (known !== undefined) return known
    contents.set(hash, content)
    names.set(content.cluster, hash)
    return content
  }

  const forget = (): void => {
    stores.clear()
    contents.clear()
    looks.clear()
    requests.clear()
    names = new WeakMap()
    branches = new WeakMap()
  }

  return {
    known: (run) => {
      if (looks.size() + requests.size() >= most) forget()
      if (names.has(run.cluster)) return run
      let { cluster, informers } = run
      for (const [kind, store] of entriesOf(cluster.stores)) {
        const other = storeLike(kind, store)
        if (other !== store) cluster = withStore(cluster, kind, other)
      }
      for (const [informer, { seen, underway }] of entriesOf(informers)) {
        const kind = informer.slice(informer.lastIndexOf(' ') + 1)
        informers = setAt(informers, informer, {
          seen: storeLike(kind, seen),
          underway: underway.map((item) => ({ ...item, store: storeLike(item.kind, item.store) })),
        })
      }
      return { ...run, ...contentLike({ cluster, goneVersions: run.goneVersions }), informers }
    },
    storeLike,
    olderOf: (older, newer) => {
      if (older === undefined || newer === undefined) return older
      const known = olderVersions.get(newer)
      if (known?.given === older) return known.older
      const shared = sharingWith(newer, older)
      olderVersions.set(newer, { given: older, older: shared })
      return shared
    },
    contentLike,
    nameOf: (cluster, informers, controller, key, memory, now, failures) => {
      const content = names.get(cluster)
      if (content === undefined) return undefined
      let name = mixed(content, mixed(text(controller), text(key)))
      name = mixed(name, mixed(hashOfNumber(now), hashOfNumber(failures)))
      if (memory !== undefined) name = mixed(name, value(memory))
      if (sizeOf(informers) > 0)
        for (const late of lateInformersOf(informers).ofController(controller)) {
          const informer = getAt(informers, late.name)
          if (informer !== undefined) name = mixed(name, mixed(text(late.name), map(informer.seen.objects)))
        }
      return name
    },
    lookNamed: (name, mood) => looks.get(mixed(name, text(mood))),
    remember: (name, mood, look) => {
      looks.set(mixed(name, text(mood)), look)
    },
    nameOfRequest: (cluster, command, now, actor) => {
      const content = names.get(cluster)
      return content === undefined ? undefined : mixed(mixed(content, value(command)), mixed(hashOfNumber(now), text(actor)))
    },
    requestNamed: (name) => requests.get(name),
    rememberRequest: (name, request) => {
      requests.set(name, request)
    },
  }
}
