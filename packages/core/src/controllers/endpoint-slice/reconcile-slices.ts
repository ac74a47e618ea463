/**
 * Which slices to create, to update and to delete, so that each desired endpoint is in one slice of its ports: what is there stays where it
 * is, the rest fills up slices that are written anyway, then one with room, then new ones.
 */
import type { DiscoveryEndpointPort, Endpoint, EndpointSlice, Service } from '../../api/generated/types.js'
import { semanticallyEqual } from '../semantic-equality.js'
import { endpointKey, isOwnedBy, isPlaceholder, lacksLabels, portKey, sliceLabels, type UnstoredSlice } from '../slice-content.js'

const endpointsMax = 100

export interface DesiredGroup {
  readonly ports: readonly DiscoveryEndpointPort[]
  readonly endpoints: ReadonlyMap<string, Endpoint>
}

export interface SliceChanges {
  readonly toCreate: readonly UnstoredSlice[]
  readonly toUpdate: readonly EndpointSlice[]
  readonly toDelete: readonly EndpointSlice[]
}

// Follows reconcileByAddressType in staging/src/k8s.io/endpointslice/reconciler.go.
export const reconcileSlices = (
  service: Service,
  existing: readonly EndpointSlice[],
  groups: ReadonlyMap<string, DesiredGroup>,
  newSlice: (ports: readonly DiscoveryEndpointPort[]) => UnstoredSlice,
): SliceChanges => {
  const foreign = existing.filter((slice) => !isOwnedBy(slice, service))
  const ownByPorts = new Map<string, EndpointSlice[]>()
  for (const slice of existing) {
    if (!isOwnedBy(slice, service)) continue
    const key = portKey(slice.ports)
    ownByPorts.set(key, [...(ownByPorts.get(key) ?? []), slice])
  }
  const parts = [...groups].map(([key, group]) => reconcileGroup(service, ownByPorts.get(key) ?? [], group, newSlice))
  const toCreate = parts.flatMap((part) => part.toCreate)
  const toUpdate = parts.flatMap((part) => part.toUpdate)
  const unwanted = [...ownByPorts].flatMap(([key, slices]) => (groups.has(key) ? [] : slices))
  const toDelete = [...foreign, ...parts.flatMap((part) => part.toDelete), ...unwanted]

  // A Service is never without a slice: one that is empty holds the place.
  if (existing.length !== toDelete.length || toCreate.length > 0) return { toCreate, toUpdate, toDelete }
  const [only] = toDelete
  if (toDelete.length === 1 && only !== undefined && isOwnedBy(only, service) && isPlaceholder(only, service))
    return { toCreate, toUpdate, toDelete: [] }
  return { toCreate: [newSlice([])], toUpdate, toDelete }
}

// Follows reconcileByPortMapping in staging/src/k8s.io/endpointslice/reconciler.go.
const reconcileGroup = (
  service: Service,
  existing: readonly EndpointSlice[],
  { ports, endpoints }: DesiredGroup,
  newSlice: (ports: readonly DiscoveryEndpointPort[]) => UnstoredSlice,
): SliceChanges => {
  const missing = new Map(endpoints)
  const updates = new Map<string, EndpointSlice>()
  const unchanged: EndpointSlice[] = []
  const toDelete: EndpointSlice[] = []
  const relabelled = (slice: EndpointSlice, kept: readonly Endpoint[]): EndpointSlice => ({
    ...slice,
    metadata: { ...slice.metadata, labels: sliceLabels(service) },
    endpoints: kept,
  })

  for (const slice of existing) {
    const before = slice.endpoints ?? []
    let isChanged = false
    const kept = before.flatMap((endpoint) => {
      const key = endpointKey(endpoint)
      const desired = missing.get(key)
      if (desired === undefined) return []
      missing.delete(key)
      if (!semanticallyEqual(desired, endpoint)) isChanged = true
      return [desired]
    })
    if (isChanged || kept.length !== before.length) {
      if (kept.length === 0) toDelete.push(slice)
      else updates.set(slice.metadata.name, relabelled(slice, kept))
    } else if (lacksLabels(slice, service)) updates.set(slice.metadata.name, relabelled(slice, kept))
    else unchanged.push(slice)
  }

  // Kubernetes takes new endpoints in no particular order; here in the order of the Pods' names.
  const rest = [...missing.values()]
  const fill = (slice: EndpointSlice): EndpointSlice => {
    const before = slice.endpoints ?? []
    return { ...slice, endpoints: [...before, ...rest.splice(0, Math.max(0, endpointsMax - before.length))] }
  }
  const byFullness = [...updates.values()].sort((one, other) => (other.endpoints ?? []).length - (one.endpoints ?? []).length)
  for (const slice of byFullness) if (rest.length > 0) updates.set(slice.metadata.name, fill(slice))

  const toCreate: UnstoredSlice[] = []
  while (rest.length > 0) {
    const withRoom = rest.length < endpointsMax ? sliceToFill(unchanged, rest.length) : undefined
    if (withRoom === undefined) toCreate.push({ ...newSlice(ports), endpoints: rest.splice(0, endpointsMax) })
    else {
      unchanged.splice(unchanged.indexOf(withRoom), 1)
      updates.set(withRoom.metadata.name, fill(withRoom))
    }
  }
  return { toCreate, toUpdate: [...updates.values()], toDelete }
}

/** The fullest slice that still has room for all of them. */
// Follows getSliceToFill in staging/src/k8s.io/endpointslice/utils.go.
const sliceToFill = (slices: readonly EndpointSlice[], count: number): EndpointSlice | undefined => {
  let best: EndpointSlice | undefined
  for (const slice of slices) {
    const size = (slice.endpoints ?? []).length
    if (size + count <= endpointsMax && (best === undefined || size > (best.endpoints ?? []).length)) best = slice
  }
  return best
}
