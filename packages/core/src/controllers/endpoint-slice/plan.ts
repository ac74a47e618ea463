/** Keeps the EndpointSlices of each Service with a selector: at most a hundred Pods in one, one set of ports in one, terminating Pods too. */
import { fnv1a128 } from '../../api/template-hash/fnv.js'
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { DiscoveryEndpointPort, Endpoint, EndpointSlice, Pod, Service } from '../../api/generated/types.js'
import { splitKey } from '../../api/object.js'
import type { Reader } from '../../cluster/reader.js'
import { isReady } from '../../resources/pod/queries.js'
import type { Plan, PlanContext } from '../controller.js'
import { lastChangeTriggerTime, triggerOf } from '../last-change-trigger.js'
import { newControllerRef } from '../pod-from-template.js'
import { create, isNamespaceTerminating, isNotFound, remove, replace } from '../requests.js'
import { endpointHostname, findPort, hasManagedEndpoints, podsOf, shouldBeInEndpoints } from '../service-endpoints.js'
import { aggregateErrors, plainError, wrapError, type Steps } from '../steps.js'
import { reconcileSlices, type DesiredGroup, type SliceChanges } from './reconcile-slices.js'
import {
  endpointKey,
  isOwnedBy,
  managedBy,
  managedByLabel,
  portKey,
  serviceNameLabel,
  sliceLabels,
  type UnstoredSlice,
} from '../slice-content.js'
import { extended } from '../../kernel/extended.js'

/** The slices that this controller keeps for the Service. */
export const slicesOf = (service: Service, reader: Reader): readonly EndpointSlice[] =>
  reader
    .list('EndpointSlice', service.metadata.namespace ?? '')
    .filter(({ metadata: { labels } }) => labels?.[serviceNameLabel] === service.metadata.name && labels[managedByLabel] === managedBy)

// Follows syncService in pkg/controller/endpointslice/endpointslice_controller.go.
export function* planEndpointSlices({ key, reader, memory }: PlanContext): Plan {
  const { namespace, name } = splitKey(key)
  const service = reader.get('Service', namespace, name)
  // The slices of a Service that is gone are the garbage collector's.
  if (service === undefined) return { memory: null }
  if (!hasManagedEndpoints(service)) return {}
  const pods = podsOf(service, reader)
  const slices = slicesOf(service, reader).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const trigger = triggerOf(service, pods, memory)
  const errors: (ApiStatus | undefined)[] = []
  for (const addressType of addressTypesOf(service)) {
    const ofType = slices.filter((slice) => slice.addressType === addressType)
    const { groups, missingNodes } = desiredGroups(service, pods, addressType, reader)
    const changes = reconcileSlices(service, ofType, groups, (ports) => newSlice(service, addressType, ports))
    const failed = yield* finalize(service, changes, trigger.time)
    if (failed === 'stop') return {}
    errors.push(...missingNodes, failed)
  }
  for (const slice of slices.filter(({ addressType }) => !addressTypesOf(service).includes(addressType))) {
    const removed = yield* remove(slice)
    if (E.isLeft(removed) && !isNotFound(removed)) {
      errors.push(wrapError(`error deleting ${slice.metadata.name} EndpointSlice for Service ${namespace}/${name}: `, removed.left))
    }
  }
  const error = aggregateErrors(errors)
  return error === undefined ? { memory: trigger.memory } : { memory: trigger.memory, error }
}

type AddressType = EndpointSlice['addressType']

// Follows getAddressTypesForService in staging/src/k8s.io/endpointslice/utils.go.
const addressTypesOf = (service: Service): readonly AddressType[] => {
  const families = (service.spec.ipFamilies ?? []).filter((family) => family !== '')
  return families.length === 0 ? ['IPv4'] : families
}

const desiredGroups = (
  service: Service,
  pods: readonly Pod[],
  addressType: AddressType,
  reader: Reader,
): { readonly groups: ReadonlyMap<string, DesiredGroup>; readonly missingNodes: readonly ApiStatus[] } => {
  const groups = new Map<string, { readonly ports: readonly DiscoveryEndpointPort[]; readonly endpoints: Map<string, Endpoint> }>()
  const missingNodes: ApiStatus[] = []
  const zones = new Map<string, { readonly zone: string | undefined } | undefined>()
  for (const pod of pods) {
    if (!shouldBeInEndpoints(pod, true)) continue
    const ports = portsOf(service, pod)
    const key = portKey(ports)
    let group = groups.get(key)
    if (group === undefined) {
      group = { ports, endpoints: new Map() }
      groups.set(key, group)
    }
    const nodeName = pod.spec.nodeName ?? ''
    if (!zones.has(nodeName)) {
      const found = reader.get('Node', '', nodeName)
      zones.set(nodeName, found === undefined ? undefined : { zone: found.metadata.labels?.['topology.kubernetes.io/zone'] })
    }
    const place = zones.get(nodeName)
    if (place === undefined && service.spec.publishNotReadyAddresses !== true) {
      missingNodes.push(
        plainError(
          `skipping Pod ${pod.metadata.name} for Service ${service.metadata.namespace ?? ''}/${service.metadata.name}: Node ${nodeName} Not Found`,
        ),
      )
      continue
    }
    const endpoint = endpointOf(pod, service, addressType, place?.zone)
    if (endpoint.addresses.length > 0) group.endpoints.set(endpointKey(endpoint), endpoint)
  }
  return { groups, missingNodes }
}

// Follows getEndpointPorts in staging/src/k8s.io/endpointslice/utils.go.
const portsOf = (service: Service, pod: Pod): readonly DiscoveryEndpointPort[] =>
  inOrder(
    (service.spec.ports ?? []).flatMap((port) => {
      const number = findPort(pod, port)
      if (number === undefined) return []
      const { name = '', protocol, appProtocol } = port
      return [
        {
          ...(appProtocol === undefined ? undefined : { appProtocol }),
          name,
          port: number,
          ...(protocol === undefined ? undefined : { protocol }),
        },
      ]
    }),
  )

// Follows portsInOrder in staging/src/k8s.io/endpointslice/util/controller_utils.go: the order of a hash of each port as Go prints it.
const inOrder = (ports: readonly DiscoveryEndpointPort[]): readonly DiscoveryEndpointPort[] =>
  ports.length < 2
    ? ports
    : ports
        .map((port) => ({ port, hash: fnv1a128(printed(port)) }))
        .sort((one, other) => (one.hash < other.hash ? -1 : 1))
        .map(({ port }) => port)

const printed = ({ name, protocol, port, appProtocol }: DiscoveryEndpointPort): string =>
  `(v1.EndpointPort){Name:(*string)${name ?? '<nil>'} Protocol:(*v1.Protocol)${protocol ?? '<nil>'} Port:(*int32)${port ?? '<nil>'} AppProtocol:(*string)${appProtocol ?? '<nil>'}}`

// Follows podToEndpoint in staging/src/k8s.io/endpointslice/utils.go.
const endpointOf = (pod: Pod, service: Service, addressType: AddressType, zone: string | undefined): Endpoint => {
  const { name, namespace = '', uid, deletionTimestamp } = pod.metadata
  const serving = isReady(pod)
  const terminating = deletionTimestamp !== undefined
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating)
  const hostname = endpointHostname(pod, service)
  return {
    addresses: (pod.status.podIPs ?? []).map(({ ip }) => ip).filter((ip) => ip.includes(':') === (addressType === 'IPv6')),
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? undefined : { hostname }),
    ...(pod.spec.nodeName === undefined ? undefined : { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', name, namespace, uid },
    ...(zone === undefined ? undefined : { zone }),
  }
}

// Follows newEndpointSlice in staging/src/k8s.io/endpointslice/utils.go.
const newSlice = (service: Service, addressType: AddressType, ports: readonly DiscoveryEndpointPort[]): UnstoredSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    generateName: `${service.metadata.name}-`,
    namespace: service.metadata.namespace ?? '',
    labels: sliceLabels(service),
    ownerReferences: [newControllerRef(service)],
  },
  addressType,
  endpoints: [],
  ports,
})

const withTrigger = <T extends { readonly annotations?: { readonly [key: string]: string } }>(metadata: T, time: string | undefined): T => {
  const { [lastChangeTriggerTime]: _old, ...rest } = metadata.annotations ?? {}
  const annotations = time === undefined ? rest : { ...rest, [lastChangeTriggerTime]: time }
  const { annotations: _annotations, ...others } = metadata
  // The same metadata with other annotations.
  return (Object.keys(annotations).length === 0 ? others : extended(others, { annotations })) as T
}

/** An empty list is written as null, as it comes out of the real store. */
const withNullLists = <T extends { readonly endpoints?: readonly Endpoint[]; readonly ports?: readonly DiscoveryEndpointPort[] }>(
  slice: T,
): T =>
  // `null` is what the API shows for both lists when they are empty; the schema's types know only lists.
  ({ ...slice, endpoints: slice.endpoints?.length ? slice.endpoints : null, ports: slice.ports?.length ? slice.ports : null }) as T

// Follows finalize in staging/src/k8s.io/endpointslice/reconciler.go.
function* finalize(service: Service, changes: SliceChanges, time: string | undefined): Steps<ApiStatus | undefined | 'stop'> {
  const { name, namespace = '' } = service.metadata
  const toCreate = [...changes.toCreate]
  const toUpdate = [...changes.toUpdate]
  const toDelete: EndpointSlice[] = []
  for (const slice of changes.toDelete) {
    // A slice that would go takes the content of one that would come.
    const next = isOwnedBy(slice, service) ? toCreate.pop() : undefined
    if (next === undefined) toDelete.push(slice)
    else {
      const { generateName: _generateName, ...metadata } = next.metadata
      const { generateName, uid, resourceVersion, creationTimestamp, generation, annotations } = slice.metadata
      toUpdate.push({
        ...next,
        metadata: extended(metadata, {
          name: slice.metadata.name,
          ...(generateName === undefined ? undefined : { generateName }),
          ...(generation === undefined ? undefined : { generation }),
          ...(annotations === undefined ? undefined : { annotations }),
          uid,
          resourceVersion,
          creationTimestamp,
        }),
      })
    }
  }
  if (service.metadata.deletionTimestamp === undefined) {
    for (const slice of toCreate) {
      const created = yield* create(withNullLists({ ...slice, metadata: withTrigger(slice.metadata, time) }))
      if (E.isRight(created)) continue
      if (isNamespaceTerminating(created.left)) return 'stop'
      return wrapError(`failed to create EndpointSlice for Service ${namespace}/${name}: `, created.left)
    }
  }
  for (const slice of toUpdate) {
    const updated = yield* replace(withNullLists({ ...slice, metadata: withTrigger(slice.metadata, time) }))
    if (E.isLeft(updated))
      return wrapError(`failed to update ${slice.metadata.name} EndpointSlice for Service ${namespace}/${name}: `, updated.left)
  }
  for (const slice of toDelete) {
    const removed = yield* remove(slice)
    if (E.isLeft(removed) && !isNotFound(removed)) {
      return wrapError(`failed to delete ${slice.metadata.name} EndpointSlice for Service ${namespace}/${name}: `, removed.left)
    }
  }
  return undefined
}
