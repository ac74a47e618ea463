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
import { withStore, type ClusterState } from '../cluster/state.js'
import type { ObjectStore } from '../cluster/store.js'
import type { PlanOutcome, Wake } from '../controllers/controller.js'
import type { ObservedChange } from '../invariants/invariant.js'
import type { Json } from '../kernel/json.js'
import { entriesOf, foldBranches, forEachEntry, setAt, sizeOf, type PersistentMap } from '../kernel/persistent-map.js'
import { makeValueHasher, mixed, plus, zeroHash, type Hash } from '../kernel/value-hash.js'
import type { RunState } from './run-state.js'
import { sharingWith } from './save-run.js'
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
  /** Stands for all that a look hangs on: `more` is what else there is, in a word. */
  readonly nameOf: (
    cluster: ClusterState,
    informers: PersistentMap<LaggingInformer>,
    controller: string,
    key: string,
    memory: Json | undefined,
    more: string,
  ) => string | undefined
  readonly lookNamed: (name: string) => RememberedLook | undefined
  readonly remember: (name: string, look: RememberedLook) => void
  readonly nameOfRequest: (cluster: ClusterState, command: ClusterCommand, more: string) => string | undefined
  readonly requestNamed: (name: string) => RememberedRequest | undefined
  readonly rememberRequest: (name: string, request: RememberedRequest) => void
}

/** So many looks are remembered; then all begins anew. */
const looksMax = 60_000

const wordOf = ({ high, low }: Hash): string => `${high}.${low}`

/** What is known by its hash. */
interface ByHash<V> {
  readonly get: (hash: Hash) => V | undefined
  readonly set: (hash: Hash, value: V) => void
  readonly clear: () => void
}

const makeByHash = <V>(): ByHash<V> => {
  const places = new Map<number, { readonly low: number; readonly value: V }[]>()
  return {
    get: ({ high, low }) => places.get(high)?.find((place) => place.low === low)?.value,
    set: ({ high, low }, value) => {
      const others = places.get(high)
      if (others === undefined) places.set(high, [{ low, value }])
      else others.push({ low, value })
    },
    clear: () => places.clear(),
  }
}

export const makeLookMemory = (most = looksMax): LookMemory => {
  const { text, value, map } = makeValueHasher()
  const stores = makeByHash<ObjectStore>()
  const contents = makeByHash<Content>()
  const looks = new Map<string, RememberedLook>()
  const requests = new Map<string, RememberedRequest>()
  const olderVersions = new WeakMap<KubernetesObject, { readonly given: KubernetesObject; readonly older: KubernetesObject }>()
  let names = new WeakMap<ClusterState, number>()
  let branches = new WeakMap<object, Hash>()
  // Never used again, also after all has been forgotten.
  let nextName = 1

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
    names.set(content.cluster, nextName)
    nextName += 1
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
      if (looks.size + requests.size >= most) forget()
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
    nameOf: (cluster, informers, controller, key, memory, more) => {
      const name = names.get(cluster)
      if (name === undefined) return undefined
      let word = `${name} ${controller} ${key} ${more}`
      if (memory !== undefined) word += ` ${wordOf(value(memory))}`
      if (sizeOf(informers) > 0)
        forEachEntry(informers, (informer, { seen }) => {
          if (informer.startsWith(controller) && informer[controller.length] === ' ') word += ` ${informer} ${wordOf(map(seen.objects))}`
        })
      return word
    },
    lookNamed: (name) => looks.get(name),
    remember: (name, look) => {
      looks.set(name, look)
    },
    nameOfRequest: (cluster, command, more) => {
      const name = names.get(cluster)
      return name === undefined ? undefined : `${name} ${wordOf(value(command))} ${more}`
    },
    requestNamed: (name) => requests.get(name),
    rememberRequest: (name, request) => {
      requests.set(name, request)
    },
  }
}
