/** What an EndpointSlice holds, and when two versions of it or of its endpoints are the same. */
import type { DiscoveryEndpointPort, Endpoint, EndpointSlice, Service } from '../api/generated/types.js'
import { semanticallyEqual } from './semantic-equality.js'
import { isHeadless } from './service-endpoints.js'

export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
export const serviceNameLabel = 'kubernetes.io/service-name'
export const managedBy = 'endpointslice-controller.k8s.io'
const headlessLabel = 'service.kubernetes.io/headless'

export type UnstoredSlice = Omit<EndpointSlice, 'metadata'> & {
  readonly metadata: Partial<EndpointSlice['metadata']> & { readonly labels: { readonly [key: string]: string } }
}

/** What makes an endpoint the same one in another version. */
// Follows hashEndpoint in staging/src/k8s.io/endpointslice/util/endpointset.go.
export const endpointKey = ({ addresses, hostname, targetRef }: Endpoint): string =>
  `${addresses.join(',')} ${hostname ?? ''} ${targetRef?.kind ?? ''} ${targetRef?.namespace ?? ''} ${targetRef?.name ?? ''} ${targetRef?.uid ?? ''}`

export const portKey = (ports: readonly DiscoveryEndpointPort[] | undefined): string =>
  (ports ?? [])
    .map(({ name, port, protocol, appProtocol }) => `${name ?? ''}:${port ?? ''}/${protocol ?? ''}/${appProtocol ?? ''}`)
    .sort((one, other) => (one < other ? -1 : one > other ? 1 : 0))
    .join(' ')

const isReserved = (label: string): boolean => label === serviceNameLabel || label === managedByLabel || label === headlessLabel

/** The Service's labels, but not those that are the controller's own to set. */
// Follows setEndpointSliceLabels in staging/src/k8s.io/endpointslice/utils.go.
export const sliceLabels = (service: Service): { readonly [key: string]: string } => {
  const kept = Object.entries(service.metadata.labels ?? {}).filter(([label]) => !isReserved(label))
  const headless = isHeadless(service) ? { [headlessLabel]: '' } : undefined
  return { ...Object.fromEntries(kept), ...headless, [serviceNameLabel]: service.metadata.name, [managedByLabel]: managedBy }
}

/** Whether the slice lacks a label of its Service, or has it with another value. One that the Service lost is no reason to write. */
export const lacksLabels = (slice: EndpointSlice, service: Service): boolean =>
  Object.entries(service.metadata.labels ?? {}).some(([label, value]) => !isReserved(label) && slice.metadata.labels?.[label] !== value)

/** Whether a placeholder stands already. */
// Follows placeholderSliceCompare in staging/src/k8s.io/endpointslice/reconciler.go.
export const isPlaceholder = (slice: EndpointSlice, service: Service): boolean =>
  (slice.endpoints ?? []).length === 0 && (slice.ports ?? []).length === 0 && semanticallyEqual(slice.metadata.labels, sliceLabels(service))

export const isOwnedBy = (slice: EndpointSlice, service: Service): boolean =>
  slice.metadata.ownerReferences?.some((reference) => reference.uid === service.metadata.uid && reference.kind === 'Service') ?? false
