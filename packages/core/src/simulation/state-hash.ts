/**
 * 64 bits that stand for what a run could still do: two states with one hash go on alike as far as a search is concerned.
 *
 * What counts: the stored objects, the physical world, what is ready, in which order the delayed looks fall due, what each lagging informer
 * has seen. What does not: the clock and every point of time (that a time is set counts, its value does not), resourceVersions, addresses of
 * Pods, Events and Leases, lengths of back-offs. A uid stands for the object it was given to, and for whether that object is still there.
 *
 * Hashes are sums over persistent maps, remembered for each object and each branch, so a state costs what changed since its parent.
 */
import type { KubernetesObject } from '../api/object.js'
import { keyOf } from '../api/object.js'
import { storeOf } from '../cluster/state.js'
import type { ClusterState } from '../cluster/state.js'
import { emptyStore, findObject } from '../cluster/store.js'
import type { AgendaItem } from '../kernel/agenda.js'
import { forEachDifference } from '../kernel/map-difference.js'
import { foldBranches, forEachEntry, getAt, type PersistentMap } from '../kernel/persistent-map.js'
import {
  finished,
  hashOfNumber,
  hashOfText,
  makeValueHasher,
  minus,
  mixed,
  plus,
  zeroHash,
  type Hash,
  type ValueHashRules,
} from '../kernel/value-hash.js'
import { emptyQueue, type QueueEntry } from '../kernel/work-queue.js'
import { splitObjectPath } from '../cluster/object-events.js'
import type { DueWork, LaggingInformer } from '../cluster/pending-work.js'
import type { RunState } from './run-state.js'

export type StateHash = Hash

export interface StateHasher {
  /** Says whose uid this is: `Pod/default/web-0`. Told before the uid appears anywhere. */
  readonly learn: (uid: string, path: string) => void
  /** `pending` as the simulation gives it; `more` is what the driver itself keeps (steps done, faults left). */
  readonly hash: (run: RunState, pending: readonly AgendaItem<DueWork>[], more: number) => StateHash
  readonly sumsOf: (run: RunState) => StateSums
  /** The sums after a move, from those before it: costs what the move has changed. */
  readonly sumsAfter: (sums: StateSums, before: RunState, after: RunState) => StateSums
  /** The hash of a state whose sums are known. */
  readonly combine: (sums: StateSums, run: RunState, pending: readonly AgendaItem<DueWork>[], more: number) => StateHash
}

/** What a state's hash is made of, as far as it is a sum. */
export interface StateSums {
  readonly cluster: ClusterSums
  readonly queues: Hash
  /** Which of the nodes go by whose names, if they are interchangeable. */
  readonly naming?: string
}

interface ClusterSums {
  readonly entries: Hash
  /** Of references to what is gone. It stays as it is while no object comes, goes or refers to others than before. */
  readonly references: Hash
}

/** The maps of a cluster whose entries are summed up, each under its name. */
const forEachHashedPart = (cluster: ClusterState, visit: (part: string, entries: PersistentMap<unknown>) => void): void => {
  forEachEntry(cluster.stores, (kind, store) => visit(kind, store.objects))
  const { world } = cluster
  visit('machines', world.machines)
  visit('processes', world.pods)
  visit('assets', world.assets)
  visit('attachments', world.attachments)
  visit('stopped', cluster.stopped)
}

const notCompared: ReadonlySet<string> = new Set(['Event', 'Lease'])

const dropped: ReadonlySet<string> = new Set([
  'resourceVersion',
  'managedFields',
  'podIP',
  'podIPs',
  'address',
  'addresses',
  'lastAddress',
  'delayMs',
  'endpoints.kubernetes.io/last-change-trigger-time',
])

/** Points of time by the name of their field. */
const isTime = (field: string): boolean => /(?:At|Time|Timestamp|heartbeatsFrom|heartbeatsLost)$|^(?:at|since)$/.test(field)

/** Repetitions that no threshold tells apart any more. */
const inARowMax = 3

const uidPattern = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const uidLength = 36

const present: Hash = { high: 0x5be0cd19, low: 0x6a09e667 }
const gone = hashOfText('gone')
const unseen = hashOfText('unseen')
const ready = hashOfText('ready')
const idle = hashOfText('idle')

interface Reference {
  readonly kind: string
  readonly key: string
  readonly uid: string
}

const kindsWithReferences = ['Pod', 'PersistentVolumeClaim', 'PersistentVolume', 'ControllerRevision', 'ReplicaSet', 'EndpointSlice']

const referencesOf = ({ kind, metadata, ...rest }: KubernetesObject): readonly Reference[] => {
  const found: Reference[] = (metadata.ownerReferences ?? []).map((owner) => ({
    kind: owner.kind,
    key: keyOf(metadata.namespace ?? '', owner.name),
    uid: owner.uid,
  }))
  if (kind !== 'PersistentVolume') return found
  // The one other reference by uid that the API has among the kinds simulated here.
  const { spec } = rest as {
    readonly spec?: { readonly claimRef?: { readonly namespace?: string; readonly name?: string; readonly uid?: string } }
  }
  const claim = spec?.claimRef
  if (claim?.uid !== undefined)
    found.push({ kind: 'PersistentVolumeClaim', key: keyOf(claim.namespace ?? '', claim.name ?? ''), uid: claim.uid })
  return found
}

const sameReferences = (left: readonly Reference[], right: readonly Reference[]): boolean =>
  left === right ||
  (left.length === right.length &&
    left.every(({ kind, key, uid }, place) => {
      const other = right[place]
      return other !== undefined && other.kind === kind && other.key === key && other.uid === uid
    }))

export interface HashNames {
  /** Whose uids are whose: learned by all who share it. */
  readonly paths: Map<string, string>
  /** The text that stands for this one. */
  readonly renamed?: (text: string) => string
  /** Fields that do not count, beside those that never do. */
  readonly isLeftOut?: (field: string) => boolean
}

const noNames = (): HashNames => ({ paths: new Map() })

/** What of a state's values counts. */
export const stateHashRules = ({ paths, renamed, isLeftOut }: HashNames): ValueHashRules => {
  const timeFields = new Map<string, boolean>()
  return {
    named: (written) => {
      const path = written.length < uidLength ? written : written.replace(uidPattern, (uid) => paths.get(uid) ?? uid)
      return renamed === undefined ? path : renamed(path)
    },
    isLeftOut: (field) => dropped.has(field) || isLeftOut?.(field) === true,
    ofField: (field, inner) => {
      if (typeof inner !== 'number' && typeof inner !== 'string') return undefined
      if (field === 'inARow' && typeof inner === 'number') return hashOfNumber(Math.min(inner, inARowMax))
      let time = timeFields.get(field)
      if (time === undefined) {
        time = isTime(field)
        timeFields.set(field, time)
      }
      return time ? present : undefined
    },
  }
}

export const makeStateHasher = (names = noNames()): StateHasher => {
  const { paths } = names
  const references = new WeakMap<object, readonly Reference[]>()
  const { text, value, map } = makeValueHasher(stateHashRules(names))

  const isThere = (cluster: ClusterState, kind: string, key: string, uid: string): boolean =>
    findObject(storeOf(cluster, kind), key)?.metadata.uid === uid

  const referencesIn = (object: KubernetesObject): readonly Reference[] => {
    const known = references.get(object)
    if (known !== undefined) return known
    const list = referencesOf(object)
    references.set(object, list)
    return list
  }

  /** Which references name an object that is not there any more: what the names alone do not tell. */
  const hashReferences = (cluster: ClusterState): Hash => {
    let hash = zeroHash
    for (const kind of kindsWithReferences)
      forEachEntry(storeOf(cluster, kind).objects, (key, object) => {
        for (const reference of referencesIn(object))
          if (!isThere(cluster, reference.kind, reference.key, reference.uid))
            hash = plus(hash, mixed(mixed(text(key), text(reference.key)), gone))
      })
    forEachEntry(cluster.world.pods, (uid) => {
      const path = paths.get(uid)
      if (path === undefined) return
      const { kind, key } = splitObjectPath(path)
      if (!isThere(cluster, kind, key, uid)) hash = plus(hash, mixed(text(path), gone))
    })
    return hash
  }

  const hashOfEntry = (part: string, key: string, item: unknown): Hash => {
    if (item === undefined || notCompared.has(part)) return zeroHash
    if (!part.startsWith('queue ')) return mixed(text(part), mixed(text(key), value(item)))
    // The queues hold entries.
    const { dueAt, memory } = item as QueueEntry
    return dueAt === undefined && memory === undefined
      ? zeroHash
      : mixed(text(part), mixed(mixed(text(key), dueAt === undefined ? idle : ready), value(memory)))
  }

  const branchesOfPart = new Map<string, WeakMap<object, Hash>>()
  const hashPart = (part: string, entries: PersistentMap<unknown>): Hash => {
    let branches = branchesOfPart.get(part)
    if (branches === undefined) {
      branches = new WeakMap()
      branchesOfPart.set(part, branches)
    }
    return foldBranches(entries, branches, (key, item) => hashOfEntry(part, key, item), plus, zeroHash)
  }

  const sumsOfCluster = (cluster: ClusterState): ClusterSums => {
    let entries = zeroHash
    forEachHashedPart(cluster, (part, items) => {
      entries = plus(entries, hashPart(part, items))
    })
    return { entries, references: hashReferences(cluster) }
  }

  const hashQueues = ({ queues }: RunState): Hash => {
    let hash = zeroHash
    forEachEntry(queues, (controller, queue) => {
      hash = plus(hash, hashPart(`queue ${controller}`, queue))
    })
    return hash
  }

  const partAfter = (part: string, sum: Hash, before: PersistentMap<unknown>, after: PersistentMap<unknown>): Hash => {
    let next = sum
    forEachDifference(before, after, (key, old, item) => {
      next = plus(next, minus(hashOfEntry(part, key, item), hashOfEntry(part, key, old)))
    })
    return next
  }

  // Many ways may lead to one cluster.
  const clusters = new WeakMap<ClusterState, ClusterSums>()

  const sumsOfNext = ({ entries, references: referring }: ClusterSums, was: ClusterState, is: ClusterState): ClusterSums => {
    let sum = entries
    let refersAnew = false
    forEachDifference(was.stores, is.stores, (kind, old = emptyStore, store = emptyStore) => {
      if (notCompared.has(kind)) return
      forEachDifference(old.objects, store.objects, (key, one, other) => {
        sum = plus(sum, minus(hashOfEntry(kind, key, other), hashOfEntry(kind, key, one)))
        refersAnew ||=
          one === undefined ||
          other === undefined ||
          one.metadata.uid !== other.metadata.uid ||
          !sameReferences(referencesIn(one), referencesIn(other))
      })
    })
    if (was.world !== is.world) {
      sum = partAfter('machines', sum, was.world.machines, is.world.machines)
      sum = partAfter('processes', sum, was.world.pods, is.world.pods)
      sum = partAfter('assets', sum, was.world.assets, is.world.assets)
      sum = partAfter('attachments', sum, was.world.attachments, is.world.attachments)
      refersAnew ||= was.world.pods.keySet !== is.world.pods.keySet
    }
    sum = partAfter('stopped', sum, was.stopped, is.stopped)
    return { entries: sum, references: refersAnew ? hashReferences(is) : referring }
  }

  const sumsAfter: StateHasher['sumsAfter'] = (sums, before, after) => {
    let cluster: ClusterSums | undefined = sums.cluster
    if (before.cluster !== after.cluster) {
      cluster = clusters.get(after.cluster)
      if (cluster === undefined) {
        cluster = sumsOfNext(sums.cluster, before.cluster, after.cluster)
        clusters.set(after.cluster, cluster)
      }
    }
    let { queues } = sums
    forEachDifference(before.queues, after.queues, (controller, old = emptyQueue, queue = emptyQueue) => {
      queues = partAfter(`queue ${controller}`, queues, old, queue)
    })
    return { cluster, queues }
  }

  /** Looks that fall due together are one group; the groups count in their order. A key's object may be gone by now. */
  const hashTimers = (pending: readonly AgendaItem<DueWork>[]): Hash => {
    let hash = zeroHash
    let group = 0
    let groupAt: number | undefined
    for (const { dueAt, work } of pending) {
      if (work.kind !== 'delayed') continue
      if (dueAt !== groupAt) group += 1
      groupAt = dueAt
      hash = plus(hash, mixed(hashOfNumber(group), mixed(text(work.controller), text(work.key))))
    }
    return hash
  }

  const hashInformer = (run: RunState, informer: string, { seen, underway }: LaggingInformer): Hash => {
    if (underway.length === 0) return zeroHash
    const space = informer.indexOf(' ')
    const kind = informer.slice(space + 1)
    let hash = mixed(text(informer), map(seen.objects))
    for (const item of underway) {
      const object = findObject(item.store, item.key)
      hash = mixed(hash, mixed(text(item.key), object === undefined ? gone : value(object)))
    }
    // What the controller remembers of its own writes: whether the cache shows them.
    const queue = getAt(run.queues, informer.slice(0, space))
    if (queue !== undefined)
      forEachEntry(queue, (key, { memory }) => {
        const written = (
          memory as Readonly<Record<string, { readonly name?: string; readonly resourceVersion?: string }>> | null | undefined
        )?.[kind]
        if (written?.resourceVersion === undefined) return
        const namespace = key.slice(0, key.indexOf('/'))
        const shown = findObject(seen, keyOf(namespace, written.name ?? ''))?.metadata.resourceVersion
        if (shown === undefined || Number(shown) < Number(written.resourceVersion)) hash = mixed(hash, mixed(unseen, text(key)))
      })
    return hash
  }

  const behaviours = hashOfText('behaviours')
  const faults = hashOfText('faults')
  const timers = hashOfText('timers')
  const others = hashOfText('more')

  const sumsOf = (run: RunState): StateSums => ({ cluster: sumsOfCluster(run.cluster), queues: hashQueues(run) })

  const combine: StateHasher['combine'] = ({ cluster, queues }, run, pending, more) => {
    const { apiFaults, world } = run.cluster
    let sum = plus(plus(cluster.entries, cluster.references), queues)
    if (world.behaviours.length > 0) sum = plus(sum, mixed(behaviours, value(world.behaviours)))
    if (apiFaults.length > 0) sum = plus(sum, mixed(faults, value(apiFaults)))
    sum = plus(sum, mixed(timers, hashTimers(pending)))
    sum = plus(sum, mixed(others, hashOfNumber(more)))
    forEachEntry(run.informers, (informer, lagging) => {
      sum = plus(sum, hashInformer(run, informer, lagging))
    })
    return finished(sum)
  }

  return {
    learn: (uid, path) => {
      paths.set(uid, path)
    },
    hash: (run, pending, more) => combine(sumsOf(run), run, pending, more),
    sumsOf,
    sumsAfter,
    combine,
  }
}
