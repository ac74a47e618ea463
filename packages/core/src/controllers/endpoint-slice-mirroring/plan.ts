/** Copies the Endpoints that somebody keeps by hand, for a Service without a selector, into EndpointSlices. */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { DiscoveryEndpointPort, Endpoint, EndpointAddress, EndpointPort, EndpointSlice, Endpoints } from '../../api/generated/types.js'
import { splitKey } from '../../api/object.js'
import type { Reader } from '../../cluster/reader.js'
import type { Plan, PlanContext } from '../controller.js'
import { managedByLabel, portKey, serviceNameLabel } from '../slice-content.js'
import { repackSubsets, type PortedAddress } from '../repack-subsets.js'
import { lastChangeTriggerTime } from '../last-change-trigger.js'
import { newControllerRef } from '../pod-from-template.js'
import { create, isNamespaceTerminating, isNotFound, remove, replace, report } from '../requests.js'
import { semanticallyEqual } from '../semantic-equality.js'
import { aggregateErrors, wrapError, type Steps } from '../steps.js'

export const mirroredBy = 'endpointslicemirroring-controller.k8s.io'
const skipMirrorLabel = 'endpointslice.kubernetes.io/skip-mirror'
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader'
const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration'

/** One subset becomes one slice of so many addresses; the rest is left out. */
const addressesMax = 1_000

const mirroredSlices = (reader: Reader, namespace: string, name: string): readonly EndpointSlice[] =>
  reader
    .list('EndpointSlice', namespace)
    .filter(({ metadata: { labels } }) => labels?.[serviceNameLabel] === name && labels[managedByLabel] === mirroredBy)

// Follows syncEndpoints in pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go.
export function* planMirroredSlices({ key, reader }: PlanContext): Plan {
  const { namespace, name } = splitKey(key)
  const endpoints = reader.get('Endpoints', namespace, name)
  const service = reader.get('Service', namespace, name)
  const slices = mirroredSlices(reader, namespace, name)
  const mirrors = endpoints !== undefined && mayMirror(endpoints) && service !== undefined && service.spec.selector === undefined
  const error = aggregateErrors(mirrors ? yield* reconcile(endpoints, slices) : yield* removeAll(slices))
  return error === undefined ? {} : { error }
}

// Follows shouldMirror.
const mayMirror = ({ metadata: { labels, annotations } }: Endpoints): boolean =>
  labels?.[skipMirrorLabel] !== 'true' && annotations?.[leaderAnnotation] === undefined

function* removeAll(slices: readonly EndpointSlice[]): Steps<readonly ApiStatus[]> {
  const errors: ApiStatus[] = []
  for (const slice of slices) {
    const removed = yield* remove(slice)
    if (E.isLeft(removed) && !isNotFound(removed)) errors.push(removed.left)
  }
  return errors
}

interface Group {
  readonly addressType: string
  readonly ports: readonly DiscoveryEndpointPort[]
  readonly endpoints: Endpoint[]
}

// Follows reconcile in pkg/controller/endpointslicemirroring/reconciler.go.
function* reconcile(endpoints: Endpoints, slices: readonly EndpointSlice[]): Steps<readonly ApiStatus[]> {
  const { namespace = '', name } = endpoints.metadata
  const groups = new Map<string, Group>()
  let skipped = 0
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of repackSubsets(entriesOf(endpoints))) {
    const mirrored = ports.map(mirroredPort)
    const all = [
      ...addresses.map((address) => ({ address, ready: true })),
      ...notReadyAddresses.map((address) => ({ address, ready: false })),
    ]
    skipped += Math.max(0, all.length - addressesMax)
    for (const { address, ready } of all.slice(0, addressesMax)) {
      const addressType = address.ip.includes(':') ? 'IPv6' : 'IPv4'
      const groupKey = `${addressType} ${portKey(mirrored)}`
      const group = groups.get(groupKey) ?? { addressType, ports: mirrored, endpoints: [] }
      group.endpoints.push(endpointOf(address, ready))
      groups.set(groupKey, group)
    }
  }
  if (skipped > 0) {
    yield* report(endpoints, {
      type: 'Warning',
      reason: 'TooManyAddressesToMirror',
      message: `A max of ${addressesMax} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped} addresses were skipped`,
    })
  }
  const kept = new Set<EndpointSlice>()
  const errors: ApiStatus[] = []
  for (const [groupKey, group] of groups) {
    const slice = slices.find(({ addressType, ports }) => `${addressType} ${portKey(ports)}` === groupKey)
    if (slice !== undefined) kept.add(slice)
    const wanted = sliceOf(endpoints, group, slice)
    if (slice !== undefined && isSame(slice, wanted)) continue
    const written = slice === undefined ? yield* create(wanted) : yield* replace(wanted)
    if (E.isRight(written)) continue
    if (isNamespaceTerminating(written.left)) return []
    const words = slice === undefined ? 'failed to create EndpointSlice' : `failed to update ${slice.metadata.name} EndpointSlice`
    errors.push(wrapError(`${words} for Endpoints ${namespace}/${name}: `, written.left))
  }
  return [...errors, ...(yield* removeAll(slices.filter((slice) => !kept.has(slice))))]
}

const entriesOf = ({ subsets = [] }: Endpoints): readonly PortedAddress[] =>
  subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) =>
    (ports.length === 0 ? [undefined] : ports).flatMap((port) => [
      ...addresses.map((address) => ({ address, ready: true, port })),
      ...notReadyAddresses.map((address) => ({ address, ready: false, port })),
    ]),
  )

// Follows epPortsToEpsPorts.
const mirroredPort = ({ name = '', port, protocol, appProtocol }: EndpointPort): DiscoveryEndpointPort => ({
  ...(appProtocol === undefined ? undefined : { appProtocol }),
  name,
  port,
  ...(protocol === undefined ? undefined : { protocol }),
})

// Follows addressToEndpoint.
const endpointOf = ({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint => ({
  addresses: [ip],
  conditions: { ready },
  ...(hostname === undefined || hostname === '' ? undefined : { hostname }),
  ...(nodeName === undefined ? undefined : { nodeName }),
  ...(targetRef === undefined ? undefined : { targetRef }),
})

// Follows newEndpointSlice in utils.go: an update keeps the name and nothing else of what the slice was.
const sliceOf = (endpoints: Endpoints, { addressType, ports, endpoints: members }: Group, slice: EndpointSlice | undefined) => {
  const { name, namespace = '', labels } = endpoints.metadata
  const annotations = mirroredAnnotations(endpoints)
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...(slice === undefined ? { generateName: `${name}-` } : { name: slice.metadata.name }),
      namespace,
      labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: mirroredBy },
      ...(Object.keys(annotations).length === 0 ? undefined : { annotations }),
      ownerReferences: [newControllerRef(endpoints)],
    },
    addressType,
    endpoints: members,
    ports,
  } as const
}

const mirroredAnnotations = ({ metadata }: Endpoints): { readonly [key: string]: string } => {
  const { [lastChangeTriggerTime]: _time, [lastAppliedAnnotation]: _applied, ...annotations } = metadata.annotations ?? {}
  return annotations
}

const isSame = (slice: EndpointSlice, wanted: ReturnType<typeof sliceOf>): boolean =>
  semanticallyEqual(slice.endpoints ?? [], wanted.endpoints) &&
  semanticallyEqual(slice.metadata.labels ?? {}, wanted.metadata.labels) &&
  semanticallyEqual(slice.metadata.annotations ?? {}, wanted.metadata.annotations ?? {})
