/** Which volume serves a claim: the search that the volume binder and the scheduler share. */
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../api/generated/types.js'
import { selectorMatches } from '../api/label-selector.js'
import { compareQuantities, type Quantity } from '../api/quantity.js'
import { storeBehind } from '../cluster/make-reader.js'
import type { Reader } from '../cluster/reader.js'
import { followMap } from '../kernel/map-difference.js'
import { emptyMap } from '../kernel/persistent-map.js'
import { nodeSelectorMatches } from '../resources/node/queries.js'
import { classOfClaim, requestOf } from '../resources/persistent-volume-claim/queries.js'
import { capacityOf, classOfVolume, isReservedFor } from '../resources/persistent-volume/queries.js'

type Volumes = Map<string, PersistentVolume>

/** Reserved volumes by claim, the others by class: a search never looks at what cannot match. */
interface VolumeIndex {
  readonly reserved: Map<string, Volumes>
  readonly free: Map<string, Volumes>
}

const placeOf = (index: VolumeIndex, volume: PersistentVolume): { readonly group: Map<string, Volumes>; readonly key: string } => {
  const reference = volume.spec.claimRef
  return reference === undefined
    ? { group: index.free, key: classOfVolume(volume) }
    : { group: index.reserved, key: `${reference.namespace ?? ''}/${reference.name ?? ''}` }
}

const followVolumes = followMap<unknown, VolumeIndex>(
  { reserved: new Map(), free: new Map() },
  emptyMap(),
  (index, name, before, after) => {
    // The store of this kind holds nothing else.
    if (before !== undefined) {
      const { group, key } = placeOf(index, before as PersistentVolume)
      const members = group.get(key)
      members?.delete(name)
      if (members?.size === 0) group.delete(key)
    }
    if (after !== undefined) {
      const { group, key } = placeOf(index, after as PersistentVolume)
      const members = group.get(key)
      if (members === undefined) group.set(key, new Map([[name, after as PersistentVolume]]))
      else members.set(name, after as PersistentVolume)
    }
  },
)

const byName = (left: PersistentVolume, right: PersistentVolume): number =>
  left.metadata.name < right.metadata.name ? -1 : left.metadata.name > right.metadata.name ? 1 : 0

/** The volumes that a claim may be bound to at all: reserved for its name, or free and of its class. By name. */
const candidatesFor = (reader: Reader, claim: PersistentVolumeClaim): readonly PersistentVolume[] => {
  const { reserved, free } = followVolumes(storeBehind(reader, 'PersistentVolume').objects)
  const own = reserved.get(`${claim.metadata.namespace ?? ''}/${claim.metadata.name}`)
  const others = free.get(classOfClaim(claim))
  return [...(own?.values() ?? []), ...(others?.values() ?? [])].sort(byName)
}

const modeOf = (spec: { readonly volumeMode?: string }): string => spec.volumeMode ?? 'Filesystem'
export const volumeModesDiffer = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  modeOf(volume.spec) !== modeOf(claim.spec)

export const offersAllModes = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (claim.spec.accessModes ?? []).every((mode) => volume.spec.accessModes?.includes(mode) === true)

/** The node is one of those on which the volume can be used. Follows CheckNodeAffinity in component-helpers/storage/volume. */
export const volumeReaches = (volume: PersistentVolume, node: Node): boolean => {
  const required = volume.spec.nodeAffinity?.required
  return required === undefined || nodeSelectorMatches(required, node.metadata.name, node.metadata.labels)
}

export interface VolumeSearch {
  /** The class waits for a consumer: only what is reserved already may be taken (without a node). */
  readonly delayed: boolean
  /** The scheduler asks for one node. */
  readonly node?: Node
  /** Names of volumes that are taken by other claims of the same Pod, or turned out to be taken. */
  readonly excluded?: ReadonlySet<string>
}

// Follows FindMatchingVolume in component-helpers/storage/volume/pv_helpers.go.
const findAmong = (
  volumes: readonly PersistentVolume[],
  claim: PersistentVolumeClaim,
  requested: Quantity,
  search: VolumeSearch,
): PersistentVolume | 'none at all' | undefined => {
  let smallest: PersistentVolume | undefined
  let smallestCapacity: Quantity | undefined
  for (const volume of volumes) {
    if (search.excluded?.has(volume.metadata.name) === true) continue
    if (volume.spec.claimRef !== undefined && !isReservedFor(volume, claim)) continue
    const capacity = capacityOf(volume)
    if (compareQuantities(capacity, requested) < 0 || volumeModesDiffer(volume, claim)) continue
    if (volume.metadata.deletionTimestamp !== undefined) continue
    const reached = search.node === undefined || volumeReaches(volume, search.node)
    if (isReservedFor(volume, claim)) return reached ? volume : 'none at all'
    if (search.node === undefined && search.delayed) continue
    if (volume.status.phase !== 'Available' || !reached) continue
    if (claim.spec.selector !== undefined && !selectorMatches(claim.spec.selector, volume.metadata.labels)) continue
    if (classOfVolume(volume) !== classOfClaim(claim)) continue
    if (smallestCapacity === undefined || compareQuantities(smallestCapacity, capacity) > 0) {
      smallest = volume
      smallestCapacity = capacity
    }
  }
  return smallest
}

/**
 * The smallest volume that is large enough, among those with the fewest access modes that still contain all requested ones; of equal ones
 * the first by name. A volume reserved for the claim comes first. Follows findByClaim in pkg/controller/volume/persistentvolume/index.go.
 */
export const findVolumeFor = (reader: Reader, claim: PersistentVolumeClaim, search: VolumeSearch): PersistentVolume | undefined => {
  const candidates = candidatesFor(reader, claim).filter((volume) => offersAllModes(volume, claim))
  if (candidates.length === 0) return undefined
  const bySet = new Map<string, PersistentVolume[]>()
  for (const volume of candidates) {
    const modes = [...new Set(volume.spec.accessModes)].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))
    const set = `${modes.length} ${modes.join()}`
    const members = bySet.get(set)
    if (members === undefined) bySet.set(set, [volume])
    else members.push(volume)
  }
  const requested = requestOf(claim)
  for (const [, volumes] of [...bySet].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const found = findAmong(volumes, claim, requested, search)
    if (found === 'none at all') return undefined
    if (found !== undefined) return found
  }
  return undefined
}
