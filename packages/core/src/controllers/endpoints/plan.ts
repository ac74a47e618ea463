/** Keeps one Endpoints object for each Service with a selector: the addresses of its Pods, ready and not, by port. */
import * as E from 'fp-ts/lib/Either.js'
import { splitKey } from '../../api/object.js'
import type { EndpointAddress, EndpointPort, Endpoints, EndpointSubset, Pod, Service, ServicePort } from '../../api/generated/types.js'
import { semanticallyEqual } from '../semantic-equality.js'
import { isReady } from '../../resources/pod/queries.js'
import type { Plan, PlanContext } from '../controller.js'
import { lastChangeTriggerTime, triggerOf } from '../last-change-trigger.js'
import { endpointHostname, findPort, hasManagedEndpoints, isHeadless, podsOf, shouldBeInEndpoints } from '../service-endpoints.js'
import { create, isNamespaceTerminating, isNotFound, replace, report } from '../requests.js'
import { repackSubsets, type PortedAddress } from '../repack-subsets.js'
import { extended } from '../../kernel/extended.js'
import type { Mutable } from '../../kernel/mutable.js'

/** An Endpoints object holds no more addresses than this; EndpointSlices do. */
const addressesMax = 1_000

export const overCapacity = 'endpoints.kubernetes.io/over-capacity'
const managedBy = 'endpoints.kubernetes.io/managed-by'
const headlessLabel = 'service.kubernetes.io/headless'

// Follows syncService in pkg/controller/endpoint/endpoints_controller.go.
export function* planEndpoints({ key, reader, memory }: PlanContext): Plan {
  const { namespace, name } = splitKey(key)
  const service = reader.get('Service', namespace, name)
  if (service === undefined) {
    const removed = yield { kind: 'DeleteObject', target: { kind: 'Endpoints', namespace, name }, options: {} }
    return E.isLeft(removed) && !isNotFound(removed) ? { error: removed.left } : { memory: null }
  }
  if (!hasManagedEndpoints(service)) return {}

  const pods = podsOf(service, reader)
  const trigger = triggerOf(service, pods, memory)
  const subsets = subsetsOf(service, pods)
  const stored = reader.get('Endpoints', namespace, name)
  if (stored !== undefined && isUpToDate(stored, service, subsets)) return { memory: trigger.memory }

  const { kept, isTruncated } = truncated(subsets)
  const { [lastChangeTriggerTime]: _time, [overCapacity]: _capacity, ...annotations } = stored?.metadata.annotations ?? {}
  const newAnnotations = {
    ...annotations,
    ...(trigger.time === undefined ? undefined : { [lastChangeTriggerTime]: trigger.time }),
    ...(isTruncated ? { [overCapacity]: 'truncated' } : undefined),
  }
  const { [headlessLabel]: _headless, ...serviceLabels } = service.metadata.labels ?? {}
  const labels = { ...serviceLabels, [managedBy]: 'endpoint-controller', ...(isHeadless(service) ? { [headlessLabel]: '' } : undefined) }
  const { annotations: _annotations, ...metadata } = stored?.metadata ?? { name, namespace }
  const endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: extended(metadata, Object.keys(newAnnotations).length === 0 ? { labels } : { labels, annotations: newAnnotations }),
    ...(kept.length === 0 ? undefined : { subsets: kept }),
  } as const

  const written = stored === undefined ? yield* create(endpoints) : yield* replace(endpoints)
  if (E.isRight(written)) return { memory: trigger.memory }
  if (stored === undefined && isNamespaceTerminating(written.left)) return {}
  // The Event is about the object that would have been, which has no uid yet.
  const about = { ...endpoints, metadata: { resourceVersion: '', uid: '', creationTimestamp: '', ...endpoints.metadata, name } }
  yield* report(about, {
    type: 'Warning',
    ...(stored === undefined
      ? { reason: 'FailedToCreateEndpoint', message: `Failed to create endpoint for service ${namespace}/${name}: ${written.left.message}` }
      : { reason: 'FailedToUpdateEndpoint', message: `Failed to update endpoint ${namespace}/${name}: ${written.left.message}` }),
  })
  return { error: written.left }
}

const subsetsOf = (service: Service, pods: readonly Pod[]): readonly EndpointSubset[] => {
  const publishNotReady = service.spec.publishNotReadyAddresses === true
  const ports = service.spec.ports ?? []
  const entries: PortedAddress[] = []
  for (const pod of pods) {
    if (!shouldBeInEndpoints(pod, publishNotReady)) continue
    const address = addressOf(pod, service)
    const ready = publishNotReady || isReady(pod)
    if (ports.length === 0 && isHeadless(service)) entries.push({ address, ready, port: undefined })
    for (const port of ports) {
      const number = findPort(pod, port)
      if (number !== undefined) entries.push({ address, ready, port: endpointPort(port, number) })
    }
  }
  return repackSubsets(entries)
}

// Follows podToEndpointAddressForService in pkg/controller/endpoint/endpoints_controller.go.
const addressOf = (pod: Pod, service: Service): EndpointAddress => {
  const { name, namespace = '', uid } = pod.metadata
  const hostname = endpointHostname(pod, service)
  const address: Mutable<EndpointAddress> =
    hostname === undefined ? { ip: pod.status.podIP ?? '' } : { hostname, ip: pod.status.podIP ?? '' }
  if (pod.spec.nodeName !== undefined) address.nodeName = pod.spec.nodeName
  address.targetRef = { kind: 'Pod', name, namespace, uid }
  return address
}

const endpointPort = ({ name, protocol, appProtocol }: ServicePort, port: number): EndpointPort => ({
  ...(appProtocol === undefined ? undefined : { appProtocol }),
  ...(name === undefined || name === '' ? undefined : { name }),
  port,
  ...(protocol === undefined ? undefined : { protocol }),
})

/** Whether a write would change nothing but the annotations: then it is left out. */
const isUpToDate = (stored: Endpoints, service: Service, subsets: readonly EndpointSubset[]): boolean => {
  const { [headlessLabel]: _headless, [managedBy]: _managed, ...labels } = stored.metadata.labels ?? {}
  const { [headlessLabel]: _serviceHeadless, [managedBy]: _serviceManaged, ...wanted } = service.metadata.labels ?? {}
  return semanticallyEqual(stored.subsets ?? [], subsets) && semanticallyEqual(labels, wanted) && capacityIsRight(stored)
}

// Follows capacityAnnotationSetCorrectly in pkg/controller/endpoint/endpoints_controller.go.
const capacityIsRight = ({ metadata, subsets = [] }: Endpoints): boolean =>
  addressCount(subsets) <= addressesMax && metadata.annotations?.[overCapacity] === undefined

export const addressCount = (subsets: readonly EndpointSubset[]): number =>
  subsets.reduce((count, { addresses = [], notReadyAddresses = [] }) => count + addresses.length + notReadyAddresses.length, 0)

// Follows truncateEndpoints in pkg/controller/endpoint/endpoints_controller.go: each subset keeps its share, ready addresses go first.
const truncated = (subsets: readonly EndpointSubset[]): { readonly kept: readonly EndpointSubset[]; readonly isTruncated: boolean } => {
  if (addressCount(subsets) <= addressesMax) return { kept: subsets, isTruncated: false }
  const ready = subsets.reduce((count, { addresses = [] }) => count + addresses.length, 0)
  const notReady = addressCount(subsets) - ready
  const cutsReady = ready > addressesMax
  const room = cutsReady ? addressesMax : addressesMax - ready
  const total = cutsReady ? ready : notReady
  let left = room
  const share = (addresses: readonly EndpointAddress[]): readonly EndpointAddress[] => {
    const kept = addresses.slice(0, Math.min(left, Math.ceil((addresses.length * room) / total)))
    left -= kept.length
    return kept
  }
  const kept = subsets.map(({ addresses = [], notReadyAddresses = [], ports }): EndpointSubset => {
    const keptReady = cutsReady ? share(addresses) : addresses
    const keptNotReady = cutsReady ? [] : share(notReadyAddresses)
    return {
      ...(keptReady.length === 0 ? undefined : { addresses: keptReady }),
      ...(keptNotReady.length === 0 ? undefined : { notReadyAddresses: keptNotReady }),
      ...(ports === undefined ? undefined : { ports }),
    }
  })
  return { kept, isTruncated: true }
}
