/** Readers over stores: the API's own view, or the informers' of one controller. */
import type { Kinds, Pod } from '../api/generated/types.js'
import { keyOf, type KubernetesObject } from '../api/object.js'
import type { Kind, Reader } from './reader.js'
import {
  allObjects,
  emptyStore,
  findObject,
  objectsIn,
  objectsOwnedBy,
  podsOnNode,
  podsWithClaim,
  storeOf as storeOfObjects,
  type ObjectStore,
} from './store.js'

const storesBehind = new WeakMap<Reader, (kind: string) => ObjectStore | undefined>()

/** The store that the reader shows: for indexes that follow it from version to version. A reader that was made otherwise is listed. */
export const storeBehind = (reader: Reader, kind: string): ObjectStore => {
  const known = storesBehind.get(reader)
  return known === undefined ? storeOfObjects(reader.listAny(kind)) : (known(kind) ?? emptyStore)
}

/** `storeOf(kind)` answers the store to read: the current one, or an informer's older one. The stores hold objects of their kind only, so the casts below are sound. */
export const makeReader = (storeOf: (kind: string) => ObjectStore | undefined): Reader => {
  const store = (kind: string): ObjectStore => storeOf(kind) ?? emptyStore
  const getAny = (kind: string, namespace: string, name: string): KubernetesObject | undefined =>
    findObject(store(kind), keyOf(namespace, name))
  const listAny = (kind: string, namespace?: string): readonly KubernetesObject[] =>
    namespace === undefined || namespace === '' ? allObjects(store(kind)) : objectsIn(store(kind), namespace)
  const reader: Reader = {
    getAny,
    listAny,
    get: <K extends Kind>(kind: K, namespace: string, name: string) => getAny(kind, namespace, name) as Kinds[K] | undefined,
    list: <K extends Kind>(kind: K, namespace?: string) => listAny(kind, namespace) as readonly KubernetesObject[] as readonly Kinds[K][],
    ownedBy: <K extends Kind>(kind: K, ownerUid: string) =>
      objectsOwnedBy(store(kind), ownerUid) as readonly KubernetesObject[] as readonly Kinds[K][],
    podsOnNode: (nodeName) => podsOnNode(store('Pod'), nodeName) as readonly Pod[],
    podsWithClaim: (namespace, claimName) => podsWithClaim(store('Pod'), namespace, claimName) as readonly Pod[],
  }
  storesBehind.set(reader, storeOf)
  return reader
}
