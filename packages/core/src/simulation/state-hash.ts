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
import { findObject, type ObjectStore } from '../cluster/store.js'
import type { AgendaItem } from '../kernel/agenda.js'
import { foldBranches, forEachEntry, getAt, sizeOf, type PersistentMap } from '../kernel/persistent-map.js'
import type { QueueEntry, WorkQueue } from '../kernel/work-queue.js'
import { splitObjectPath } from '../cluster/object-events.js'
import type { DueWork, LaggingInformer, RunState } from './run-state.js'

export interface StateHash {
  readonly high: number
  readonly low: number
}

export interface StateHasher {
  /** Says whose uid this is: `Pod/default/web-0`. Told before the uid appears anywhere. */
  readonly learn: (uid: string, path: string) => void
  /** `pending` as the simulation gives it; `more` is what the driver itself keeps (steps done, faults left). */
  readonly hash: (run: RunState, pending: readonly AgendaItem<DueWork>[], more: number) => StateHash
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

const finish = (hash: number): number => {
  let value = hash
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) | 0
}

const pair = (high: number, low: number): StateHash => ({ high, low })
/** Not commutative: the second is about the first. */
const mixed = (first: StateHash, second: StateHash): StateHash =>
  pair(
    finish(Math.imul(first.high, 0x9e3779b1) ^ Math.imul(second.high, 0x85ebca77) ^ (second.low >>> 7)),
    finish(Math.imul(first.low, 0xc2b2ae3d) ^ Math.imul(second.low, 0x27d4eb2f) ^ (second.high >>> 11)),
  )
const plus = (first: StateHash, second: StateHash): StateHash => pair((first.high + second.high) | 0, (first.low + second.low) | 0)

const zero = pair(0, 0)
const absent = pair(0x3c6ef372, 0x1f83d9ab)
const present = pair(0x5be0cd19, 0x6a09e667)
const aList = pair(0x510e527f, 0x243f6a88)
const anObject = pair(0x452821e6, 0x38d01377)

const hashOfText = (text: string): StateHash => {
  let high = 0x811c9dc5
  let low = 0x2166f3a1
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    high = Math.imul(high ^ code, 0x01000193)
    low = Math.imul(low ^ code, 0x5bd1e995) ^ (low >>> 15)
  }
  return pair(finish(high), finish(low ^ text.length))
}

const hashOfNumber = (value: number): StateHash =>
  (value | 0) === value
    ? pair(finish(value ^ 0x7f4a7c15), finish(Math.imul(value, 0x9e3779b1) ^ 0x1b873593))
    : hashOfText(`#${String(value)}`)

interface Reference {
  readonly kind: string
  readonly key: string
  readonly uid: string
}

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

const isMap = (value: object): value is PersistentMap<unknown> => 'keySet' in value && 'root' in value

export const makeStateHasher = (): StateHasher => {
  const paths = new Map<string, string>()
  const texts = new Map<string, StateHash>()
  const objects = new WeakMap<object, StateHash>()
  const branches = new WeakMap<object, StateHash>()
  const queueBranches = new WeakMap<object, StateHash>()
  const references = new WeakMap<object, readonly Reference[]>()
  const timeFields = new Map<string, boolean>()

  const named = (text: string): string => (text.length < uidLength ? text : text.replace(uidPattern, (uid) => paths.get(uid) ?? uid))

  const hashText = (text: string): StateHash => {
    const known = texts.get(text)
    if (known !== undefined) return known
    const made = hashOfText(named(text))
    // A cache only. It is emptied before it eats the memory.
    if (texts.size > 200_000) texts.clear()
    texts.set(text, made)
    return made
  }

  const hashField = (field: string, value: unknown): StateHash => {
    if (field === 'inARow' && typeof value === 'number') return hashOfNumber(Math.min(value, inARowMax))
    if (typeof value === 'number' || typeof value === 'string') {
      let time = timeFields.get(field)
      if (time === undefined) {
        time = isTime(field)
        timeFields.set(field, time)
      }
      if (time) return present
    }
    return hashValue(value)
  }

  const hashMap = (map: PersistentMap<unknown>): StateHash =>
    foldBranches(map, branches, (key, value) => mixed(hashText(key), hashValue(value)), plus, zero)

  const hashValue = (value: unknown): StateHash => {
    if (typeof value === 'string') return hashText(value)
    if (typeof value === 'number') return hashOfNumber(value)
    if (typeof value === 'boolean') return hashOfNumber(value ? 0x600d : 0xbad)
    if (typeof value !== 'object' || value === null) return absent
    const known = objects.get(value)
    if (known !== undefined) return known
    let hash: StateHash
    if (Array.isArray(value)) {
      hash = aList
      for (const item of value) hash = mixed(hash, hashValue(item))
    } else if (isMap(value)) hash = hashMap(value)
    else {
      hash = anObject
      // Everything in a run's state is plain data.
      const fields = value as Readonly<Record<string, unknown>>
      for (const field in fields) {
        const item = fields[field]
        if (item === undefined || dropped.has(field)) continue
        hash = plus(hash, mixed(hashText(field), hashField(field, item)))
      }
      hash = pair(finish(hash.high), finish(hash.low))
    }
    objects.set(value, hash)
    return hash
  }

  const isThere = (cluster: ClusterState, kind: string, key: string, uid: string): boolean =>
    findObject(storeOf(cluster, kind), key)?.metadata.uid === uid

  const gone = hashOfText('gone')

  /** Which references name an object that is not there any more: what the names alone do not tell. */
  const hashReferences = (cluster: ClusterState): StateHash => {
    let hash = zero
    const look = (object: KubernetesObject, key: string): void => {
      let list = references.get(object)
      if (list === undefined) {
        list = referencesOf(object)
        references.set(object, list)
      }
      for (const reference of list)
        if (!isThere(cluster, reference.kind, reference.key, reference.uid))
          hash = plus(hash, mixed(mixed(hashText(key), hashText(reference.key)), gone))
    }
    for (const kind of ['Pod', 'PersistentVolumeClaim', 'PersistentVolume', 'ControllerRevision', 'ReplicaSet', 'EndpointSlice'])
      forEachEntry(storeOf(cluster, kind).objects, (key, object) => look(object, key))
    forEachEntry(cluster.world.pods, (uid) => {
      const path = paths.get(uid)
      if (path === undefined) return
      const { kind, key } = splitObjectPath(path)
      if (!isThere(cluster, kind, key, uid)) hash = plus(hash, mixed(hashText(path), gone))
    })
    return hash
  }

  const hashStore = (kind: string, store: ObjectStore): StateHash => mixed(hashText(kind), hashMap(store.objects))

  const hashStores = (cluster: ClusterState): StateHash => {
    let hash = zero
    forEachEntry(cluster.stores, (kind, store) => {
      if (!notCompared.has(kind)) hash = plus(hash, hashStore(kind, store))
    })
    return hash
  }

  const ready = hashOfText('ready')
  const idle = hashOfText('idle')
  const hashEntry = (key: string, entry: QueueEntry): StateHash => {
    if (entry.dueAt === undefined && entry.memory === undefined) return zero
    return mixed(mixed(hashText(key), entry.dueAt === undefined ? idle : ready), hashValue(entry.memory))
  }

  const hashQueues = (queues: PersistentMap<WorkQueue>): StateHash => {
    let hash = zero
    forEachEntry(queues, (controller, queue) => {
      hash = plus(hash, mixed(hashText(controller), foldBranches(queue, queueBranches, hashEntry, plus, zero)))
    })
    return hash
  }

  /** Looks that fall due together are one group; the groups count in their order. A key's object may be gone by now. */
  const hashTimers = (pending: readonly AgendaItem<DueWork>[]): StateHash => {
    let hash = zero
    let group = 0
    let groupAt: number | undefined
    for (const { dueAt, work } of pending) {
      if (work.kind !== 'delayed') continue
      if (dueAt !== groupAt) group += 1
      groupAt = dueAt
      hash = plus(hash, mixed(hashOfNumber(group), mixed(hashText(work.controller), hashText(work.key))))
    }
    return hash
  }

  const unseen = hashOfText('unseen')
  const hashInformer = (run: RunState, informer: string, { seen, underway }: LaggingInformer): StateHash => {
    if (underway.length === 0) return zero
    const space = informer.indexOf(' ')
    const kind = informer.slice(space + 1)
    let hash = mixed(hashText(informer), hashMap(seen.objects))
    for (const item of underway) {
      const object = findObject(item.store, item.key)
      hash = mixed(hash, mixed(hashText(item.key), object === undefined ? gone : hashValue(object)))
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
        if (shown === undefined || Number(shown) < Number(written.resourceVersion)) hash = mixed(hash, mixed(unseen, hashText(key)))
      })
    return hash
  }

  const parts = [
    'stores',
    'references',
    'machines',
    'processes',
    'assets',
    'attachments',
    'behaviours',
    'queues',
    'timers',
    'stopped',
    'faults',
    'more',
  ].map(hashOfText)

  return {
    learn: (uid, path) => {
      paths.set(uid, path)
    },
    hash: (run, pending, more) => {
      const { cluster } = run
      const { world } = cluster
      const values = [
        hashStores(cluster),
        hashReferences(cluster),
        hashMap(world.machines),
        hashMap(world.pods),
        hashMap(world.assets),
        hashMap(world.attachments),
        hashValue(world.behaviours),
        hashQueues(run.queues),
        hashTimers(pending),
        sizeOf(cluster.stopped) === 0 ? zero : hashMap(cluster.stopped),
        cluster.apiFaults.length === 0 ? zero : hashValue(cluster.apiFaults),
        hashOfNumber(more),
      ]
      let hash = zero
      for (let index = 0; index < values.length; index += 1) hash = plus(hash, mixed(parts[index] ?? zero, values[index] ?? zero))
      forEachEntry(run.informers, (informer, lagging) => {
        hash = plus(hash, hashInformer(run, informer, lagging))
      })
      return pair(finish(hash.high), finish(hash.low))
    },
  }
}
