/** Readers over stores: the API's own view, or the informers' of one controller. */
import type { Kinds, Pod } from '../api/generated/types.js'
import { keyOf, type KubernetesObject } from '../api/object.js'
import { getAt, type PersistentMap } from '../kernel/persistent-map.js'
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

type StoreOf = (kind: string) => ObjectStore | undefined

/**
 * A class, because one is made after every event: its methods are shared and only what differs is kept. The stores hold objects of their kind
 * only, so the casts below are sound.
 */
class StoreReader implements Reader {
  private readonly stores: PersistentMap<ObjectStore> | StoreOf
  // The store asked for last is mostly the one asked for next. The stores of a reader never change, so this is only remembering.
  private lastKind = ''
  private lastStore: ObjectStore = emptyStore
  private readonly isLate: boolean

  constructor(stores: PersistentMap<ObjectStore> | StoreOf, isLate: boolean) {
    this.stores = stores
    this.isLate = isLate
  }

  showsOneState(): boolean {
    return !this.isLate
  }

  store(kind: string): ObjectStore {
    const { stores } = this
    if (typeof stores === 'function') return stores(kind) ?? emptyStore
    if (kind !== this.lastKind) {
      this.lastStore = getAt(stores, kind) ?? emptyStore
      this.lastKind = kind
    }
    return this.lastStore
  }

  getAny(kind: string, namespace: string, name: string): KubernetesObject | undefined {
    return findObject(this.store(kind), keyOf(namespace, name))
  }

  listAny(kind: string, namespace?: string): readonly KubernetesObject[] {
    return namespace === undefined || namespace === '' ? allObjects(this.store(kind)) : objectsIn(this.store(kind), namespace)
  }

  get<K extends Kind>(kind: K, namespace: string, name: string): Kinds[K] | undefined {
    return this.getAny(kind, namespace, name) as Kinds[K] | undefined
  }

  list<K extends Kind>(kind: K, namespace?: string): readonly Kinds[K][] {
    return this.listAny(kind, namespace) as readonly KubernetesObject[] as readonly Kinds[K][]
  }

  ownedBy<K extends Kind>(kind: K, ownerUid: string): readonly Kinds[K][] {
    return objectsOwnedBy(this.store(kind), ownerUid) as readonly KubernetesObject[] as readonly Kinds[K][]
  }

  podsOnNode(nodeName: string): readonly Pod[] {
    return podsOnNode(this.store('Pod'), nodeName) as readonly Pod[]
  }

  podsWithClaim(namespace: string, claimName: string): readonly Pod[] {
    return podsWithClaim(this.store('Pod'), namespace, claimName) as readonly Pod[]
  }
}

/** The store that the reader shows: for indexes that follow it from version to version. A reader that was made otherwise is listed. */
export const storeBehind = (reader: Reader, kind: string): ObjectStore =>
  reader instanceof StoreReader ? reader.store(kind) : storeOfObjects(reader.listAny(kind))

/** Whether it shows one state as it is: nothing that it shows comes from a cache of its own, which may be late. */
export const showsOneState = (reader: Reader): boolean => reader instanceof StoreReader && reader.showsOneState()

/** The stores by kind, or who answers which store to read: the current one, or an informer's older one. */
export const makeReader = (stores: PersistentMap<ObjectStore> | StoreOf): Reader => new StoreReader(stores, typeof stores === 'function')

/** While informers lag: some of the stores may be older than others. */
export const makeLateReader = (stores: PersistentMap<ObjectStore>): Reader => new StoreReader(stores, true)
