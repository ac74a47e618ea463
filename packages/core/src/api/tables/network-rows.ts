/** Rows of Services and what stands behind them. */
// Follows printService, printEndpoints, printEndpointSlice in pkg/printers/internalversion/printers.go.
import type { EndpointSlice, Endpoints, Service } from '../generated/types.js'
import { createdAgo, labelsText, listWithMore, type RowOf } from './cells.js'

export const serviceRow: RowOf<Service> = (service, now) => [
  service.metadata.name,
  service.spec.type ?? '',
  service.spec.clusterIPs?.[0] ?? '<none>',
  externalAddressOf(service),
  portsOf(service),
  createdAgo(service, now),
  labelsText(service.spec.selector),
]

const externalAddressOf = (service: Service): string => {
  const externalIPs = service.spec.externalIPs ?? []
  switch (service.spec.type) {
    case 'ClusterIP':
    case 'NodePort':
      return externalIPs.length === 0 ? '<none>' : externalIPs.join(',')
    case 'LoadBalancer': {
      // The server prints for the wide table, so that long lists are not cut.
      const balancers = new Set(
        (service.status.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) =>
          (ip ?? '') !== '' ? [ip ?? ''] : (hostname ?? '') !== '' ? [hostname ?? ''] : [],
        ),
      )
      const addresses = [...[...balancers].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0)), ...externalIPs]
      return addresses.length === 0 ? '<pending>' : addresses.join(',')
    }
    case 'ExternalName':
      return service.spec.externalName ?? ''
    default:
      return '<unknown>'
  }
}

const portsOf = (service: Service): string => {
  const ports = service.spec.ports ?? []
  return ports.length === 0
    ? '<none>'
    : ports.map(({ port, nodePort, protocol }) => `${port}${(nodePort ?? 0) > 0 ? `:${nodePort}` : ''}/${protocol ?? ''}`).join(',')
}

/** Ready addresses only: subsets without any leave the cell empty. */
export const endpointsRow: RowOf<Endpoints> = (endpoints, now) => [
  endpoints.metadata.name,
  endpoints.subsets === undefined || endpoints.subsets.length === 0
    ? '<none>'
    : listWithMore(
        endpoints.subsets.flatMap(({ addresses = [], ports = [] }) =>
          ports.length === 0
            ? addresses.map(({ ip }) => ip)
            : ports.flatMap(({ port }) => addresses.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`))),
        ),
        3,
      ),
  createdAgo(endpoints, now),
]

export const endpointSliceRow: RowOf<EndpointSlice> = (slice, now) => [
  slice.metadata.name,
  slice.addressType,
  orUnset(
    listWithMore(
      (slice.ports ?? []).map(({ port, name }) => (port === undefined ? (name ?? '*') : `${port}`)),
      3,
    ),
  ),
  orUnset(
    listWithMore(
      (slice.endpoints ?? []).flatMap(({ addresses }) => addresses),
      3,
    ),
  ),
  createdAgo(slice, now),
]

const orUnset = (text: string): string => (text === '' ? '<unset>' : text)
