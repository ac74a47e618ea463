/**
 * The stored objects of one kind with their indexes: what etcd and the watch cache are in Kubernetes. Persistent: an old store stays as it
 * was, which is how an informer that lags keeps its older view.
 */
import type { KubernetesObject } from '../api/object.js'
import { keyOf, keyOfObject } from '../api/object.js'
import type { Pod } from '../api/generated/types.js'
import { claimNamesOf } from '../resources/pod/queries.js'
import { keepStep, valuesAt } from '../kernel/map-difference.js'
import { emptyMap, getAt, keysOf, removeAt, setAt, sizeOf, valuesOf, type PersistentMap } from '../kernel/persistent-map.js'

export interface ObjectStore {
  readonly objects: PersistentMap<KubernetesObject>
  /** uid of an owner (controller or not) → keys. Pods without any owner stand under ''. Keys alone: most changes leave them as they are. */
  readonly byOwner: Index
  /** Pods only: spec.nodeName → keys. */
  readonly byNode: Index
  /** Pods only: namespace/claim → keys. */
  readonly byClaim: Index
}

type Index = PersistentMap<PersistentMap<true>>

export const emptyStore: ObjectStore = { objects: emptyMap(), byOwner: emptyMap(), byNode: emptyMap(), byClaim: emptyMap() }

const add = (index: Index, bucket: string, key: string): Index =>
  setAt(index, bucket, setAt(getAt(index, bucket) ?? emptyMap<true>(), key, true))

const drop = (index: Index, bucket: string, key: string): Index => {
  const members = getAt(index, bucket)
  if (members === undefined) return index
  const rest = removeAt(members, key)
  return sizeOf(rest) === 0 ? removeAt(index, bucket) : setAt(index, bucket, rest)
}

const none: readonly string[] = []
const orphan: readonly string[] = ['']

const isPod = (object: KubernetesObject): object is Pod => object.kind === 'Pod'

const ownersOf = (object: KubernetesObject): readonly string[] => {
  const references = object.metadata.ownerReferences
  if (references === undefined || references.length === 0) return isPod(object) ? orphan : none
  return references.map((reference) => reference.uid)
}

const nodesOf = (object: KubernetesObject): readonly string[] =>
  isPod(object) && object.spec.nodeName !== undefined && object.spec.nodeName !== '' ? [object.spec.nodeName] : none

const claimsOf = (object: KubernetesObject): readonly string[] =>
  isPod(object) && object.spec.volumes !== undefined
    ? claimNamesOf(object).map((name) => keyOf(object.metadata.namespace ?? '', name))
    : none

const reindexed = (
  index: Index,
  key: string,
  before: KubernetesObject | undefined,
  after: KubernetesObject | undefined,
  bucketsOf: (object: KubernetesObject) => readonly string[],
): Index => {
  const old = before === undefined ? none : bucketsOf(before)
  const next = after === undefined ? none : bucketsOf(after)
  let result = index
  for (const bucket of old) if (!next.includes(bucket)) result = drop(result, bucket, key)
  for (const bucket of next) if (!old.includes(bucket)) result = add(result, bucket, key)
  return result
}

/** The store with the object put in place of an older version (`before`), or without it (undefined). */
export const withObject = (
  store: ObjectStore,
  key: string,
  object: KubernetesObject | undefined,
  before: KubernetesObject | undefined,
): ObjectStore => {
  const sample = object ?? before
  if (sample === undefined) return store
  const pod = isPod(sample)
  const both = before !== undefined && object !== undefined
  const sameOwners = both && before.metadata.ownerReferences === object.metadata.ownerReferences
  // Only Pods have these indexes, and they are about the spec.
  const sameSpec = both && isPod(before) && isPod(object) && before.spec === object.spec
  const objects = object === undefined ? removeAt(store.objects, key) : setAt(store.objects, key, object)
  keepStep(store.objects, objects, key, before, object)
  return {
    objects,
    byOwner: sameOwners ? store.byOwner : reindexed(store.byOwner, key, before, object, ownersOf),
    byNode: !pod || sameSpec ? store.byNode : reindexed(store.byNode, key, before, object, nodesOf),
    byClaim: !pod || sameSpec ? store.byClaim : reindexed(store.byClaim, key, before, object, claimsOf),
  }
}

export const findObject = (store: ObjectStore, key: string): KubernetesObject | undefined => getAt(store.objects, key)

/** Ordered by key. */
export const allObjects = (store: ObjectStore): readonly KubernetesObject[] => valuesOf(store.objects)

export const objectsIn = (store: ObjectStore, namespace: string): readonly KubernetesObject[] => {
  const found: KubernetesObject[] = []
  const prefix = `${namespace}/`
  for (const key of keysOf(store.objects)) {
    if (!key.startsWith(prefix)) continue
    const object = getAt(store.objects, key)
    if (object !== undefined) found.push(object)
  }
  return found
}

const members = ({ objects }: ObjectStore, index: Index, bucket: string): readonly KubernetesObject[] => {
  const keys = getAt(index, bucket)
  return keys === undefined ? nobody : valuesAt(objects, keys)
}
const nobody: readonly KubernetesObject[] = []

export const objectsOwnedBy = (store: ObjectStore, ownerUid: string): readonly KubernetesObject[] => members(store, store.byOwner, ownerUid)
export const podsOnNode = (store: ObjectStore, nodeName: string): readonly KubernetesObject[] => members(store, store.byNode, nodeName)
/** How many they are, without looking at them. */
export const countOnNode = (store: ObjectStore, nodeName: string): number => {
  const keys = getAt(store.byNode, nodeName)
  return keys === undefined ? 0 : sizeOf(keys)
}
export const podsWithClaim = (store: ObjectStore, namespace: string, claimName: string): readonly KubernetesObject[] =>
  members(store, store.byClaim, keyOf(namespace, claimName))

/** A store of these objects: for loading. */
export const storeOf = (objects: readonly KubernetesObject[]): ObjectStore =>
  objects.reduce((store, object) => {
    const key = keyOfObject(object)
    return withObject(store, key, object, findObject(store, key))
  }, emptyStore)
