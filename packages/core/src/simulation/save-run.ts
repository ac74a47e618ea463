/** A paused run as JSON and back: saved at a turn end, loaded in another process, it goes on with the same events, byte for byte. */
import { storeOf as storeOfKind, type ClusterState } from '../cluster/state.js'
import { jsonOfWorld, worldOfJson } from '../cluster/world.js'
import { findObject, storeOf as storeOfObjects, type ObjectStore } from '../cluster/store.js'
import { keyOfObject, type KubernetesObject } from '../api/object.js'
import { agendaOf, itemsOf, type AgendaItem } from '../kernel/agenda.js'
import type { Json, JsonObject } from '../kernel/json.js'
import { applyDifference, differenceOf } from '../kernel/object-difference.js'
import { emptyMap, entriesOf, fromEntries, valuesOf, type PersistentMap } from '../kernel/persistent-map.js'
import type { DueWork, LaggingInformer } from '../cluster/pending-work.js'
import type { RunState } from './run-state.js'

const savedRunVersion = 1

// Everything in a run's state is plain JSON or a persistent map of it; the casts below only say so to the types.
const json = (value: unknown): Json => value as Json
const mapToJson = <V>(map: PersistentMap<V>, encode: (value: V) => Json): Json =>
  entriesOf(map).map(([key, value]): Json => [key, encode(value)])
const mapFromJson = <V>(value: Json | undefined, decode: (value: Json) => V): PersistentMap<V> =>
  fromEntries((value as readonly (readonly [string, Json])[]).map(([key, item]): [string, V] => [key, decode(item)]))

const storeToJson = (store: ObjectStore): Json => json(valuesOf(store.objects))
const storeFromJson = (value: Json): ObjectStore => storeOfObjects(value as unknown as readonly KubernetesObject[])

const clusterToJson = (cluster: ClusterState): JsonObject => ({
  revision: cluster.revision,
  stores: mapToJson(cluster.stores, storeToJson),
  prototypes: mapToJson(cluster.prototypes, json),
  likenesses: mapToJson(cluster.likenesses, json),
  correlation: mapToJson(cluster.correlation, json),
  world: jsonOfWorld(cluster.world),
  waiting: mapToJson(cluster.waiting, json),
  stopped: mapToJson(cluster.stopped, json),
  informerLags: mapToJson(cluster.informerLags, json),
  apiFaults: json(cluster.apiFaults),
})

const as = <T>(value: Json | undefined): T => value as unknown as T

const clusterFromJson = (value: JsonObject): ClusterState => ({
  revision: as<number>(value['revision']),
  stores: mapFromJson(value['stores'], storeFromJson),
  prototypes: mapFromJson(value['prototypes'], (item) => as<JsonObject>(item)),
  likenesses: mapFromJson(value['likenesses'], (item) => as<JsonObject>(item)),
  correlation: mapFromJson(value['correlation'], (item) => as(item)),
  world: worldOfJson(as<JsonObject>(value['world'])),
  waiting: mapFromJson(value['waiting'], (item) => as(item)),
  stopped: mapFromJson(value['stopped'], () => true as const),
  informerLags: mapFromJson(value['informerLags'], (item) => as<number>(item)),
  apiFaults: as(value['apiFaults']),
})

const informerToJson = (informer: LaggingInformer): Json => ({
  seen: storeToJson(informer.seen),
  underway: informer.underway.map((item): Json => ({ ...item, store: storeToJson(item.store) })),
})

/**
 * An older version that shares with the newer one all that they have in common, as it did in the run: whoever compares the two by identity to
 * see quickly what changed gets the same answer again.
 */
export const sharingWith = (newer: KubernetesObject | undefined, older: KubernetesObject): KubernetesObject => {
  if (newer === undefined || newer.metadata.uid !== older.metadata.uid) return older
  if (newer.metadata.resourceVersion === older.metadata.resourceVersion) return newer
  const [from, to] = [newer, older] as unknown as readonly [JsonObject, JsonObject]
  return applyDifference(from, differenceOf(from, to)) as unknown as KubernetesObject
}

const olderStore = (newer: ObjectStore, value: Json): ObjectStore =>
  storeOfObjects(
    (value as unknown as readonly KubernetesObject[]).map((object) => sharingWith(findObject(newer, keyOfObject(object)), object)),
  )

/** From the newest version, which is the present one, to the one that the informer still shows. */
const informerFromJson = (value: Json, present: ObjectStore): LaggingInformer => {
  const { seen, underway } = value as unknown as { readonly seen: Json; readonly underway: readonly JsonObject[] }
  let newer = present
  const loaded: LaggingInformer['underway'][number][] = []
  for (const item of [...underway].reverse()) {
    newer = olderStore(newer, as<Json>(item['store']))
    loaded.unshift({ ...(item as unknown as LaggingInformer['underway'][number]), store: newer })
  }
  return { seen: olderStore(newer, seen), underway: loaded }
}

export const saveRun = (run: RunState): JsonObject => ({
  savedRun: savedRunVersion,
  now: run.now,
  seq: run.seq,
  turn: run.turn,
  order: run.order,
  cluster: clusterToJson(run.cluster),
  agenda: json(itemsOf(run.agenda)),
  queues: mapToJson(run.queues, (queue) => mapToJson(queue, json)),
  informers: mapToJson(run.informers, informerToJson),
  workers: mapToJson(run.workers, json),
})

export const loadRun = (value: JsonObject): RunState => {
  const cluster = clusterFromJson(as<JsonObject>(value['cluster']))
  const saved = as<readonly (readonly [string, Json])[]>(value['informers'])
  return {
    now: as<number>(value['now']),
    seq: as<number>(value['seq']),
    turn: as<number>(value['turn']),
    order: as<number>(value['order']),
    cluster,
    agenda: agendaOf(as<readonly AgendaItem<DueWork>[]>(value['agenda'])),
    queues: mapFromJson(value['queues'], (queue) => mapFromJson(queue, (item) => as(item))),
    informers: fromEntries(
      saved.map(([informer, item]): [string, LaggingInformer] => [
        informer,
        informerFromJson(item, storeOfKind(cluster, informer.slice(informer.indexOf(' ') + 1))),
      ]),
    ),
    workers: mapFromJson(value['workers'], (item) => as<number>(item)),
    // Runs that are saved are not lean.
    goneVersions: emptyMap(),
  }
}
