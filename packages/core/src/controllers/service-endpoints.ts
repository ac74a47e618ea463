/** The rules by which a Pod stands behind a Service, shared by the controllers of Endpoints and EndpointSlices. */
import { keyOf } from '../api/object.js'
import type { Container, Pod, Service, ServicePort } from '../api/generated/types.js'
import type { Reader } from '../cluster/reader.js'
import { isReady, isTerminal } from '../resources/pod/queries.js'
import type { Wake, WatchNotification } from './controller.js'

export const isHeadless = (service: Service): boolean =>
  service.spec.clusterIP === 'None' || service.spec.clusterIP === undefined || service.spec.clusterIP === ''

/** A Service whose endpoints are kept for it: it has a selector and is no mere alias. */
export const hasManagedEndpoints = (service: Service): boolean =>
  service.spec.selector !== undefined && service.spec.type !== 'ExternalName'

// Follows ShouldPodBeInEndpoints in staging/src/k8s.io/endpointslice/util/controller_utils.go.
export const shouldBeInEndpoints = (pod: Pod, includeTerminating: boolean): boolean =>
  !isTerminal(pod) && (pod.status.podIP ?? '') !== '' && (includeTerminating || pod.metadata.deletionTimestamp === undefined)

// Follows ShouldSetHostname in staging/src/k8s.io/endpointslice/util/controller_utils.go.
export const endpointHostname = (pod: Pod, service: Service): string | undefined =>
  (pod.spec.hostname ?? '') !== '' && pod.spec.subdomain === service.metadata.name ? pod.spec.hostname : undefined

/** The number that a Service's port has on this Pod: named ports differ from Pod to Pod. */
// Follows FindPort in pkg/api/v1/pod/util.go.
export const findPort = (pod: Pod, port: ServicePort): number | undefined => {
  const target = port.targetPort ?? port.port
  if (typeof target === 'number') return target
  const among = (containers: readonly Container[]): number | undefined => {
    for (const container of containers) {
      const found = container.ports?.find((candidate) => candidate.name === target && candidate.protocol === port.protocol)
      if (found !== undefined) return found.containerPort
    }
    return undefined
  }
  return among(pod.spec.containers) ?? among((pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always'))
}

/** The Pods of the Service's namespace that its selector selects, by name. */
export const podsOf = (service: Service, reader: Reader): readonly Pod[] => {
  const wanted = service.spec.selector ?? {}
  return reader.list('Pod', service.metadata.namespace ?? '').filter((pod) => hasAll(pod.metadata.labels, wanted))
}

type Labels = { readonly [key: string]: string }

const hasAll = (labels: Labels | undefined, wanted: Labels): boolean => {
  for (const key in wanted) if (labels?.[key] !== wanted[key]) return false
  return true
}

/** The Services whose endpoints a change of a Pod may change. */
// Follows GetServicesToUpdateOnPodChange in staging/src/k8s.io/endpointslice/util/controller_utils.go.
export const servicesOfPodChange = (notification: WatchNotification<Pod>, reader: Reader): readonly Wake[] => {
  // Two controllers ask about each notification.
  if (last !== undefined && last.notification === notification && last.reader === reader) return last.wakes
  const wakes = wakesOfPodChange(notification, reader)
  last = { notification, reader, wakes }
  return wakes
}
let last: { readonly notification: WatchNotification<Pod>; readonly reader: Reader; readonly wakes: readonly Wake[] } | undefined
const none: readonly Wake[] = []

const wakesOfPodChange = ({ type, object: pod, old }: WatchNotification<Pod>, reader: Reader): readonly Wake[] => {
  if (type !== 'MODIFIED') return servicesSelecting(pod, reader)
  const labelsChanged =
    (pod.metadata.labels !== old.metadata.labels && !sameLabels(pod.metadata.labels ?? {}, old.metadata.labels ?? {})) ||
    pod.spec.hostname !== old.spec.hostname ||
    pod.spec.subdomain !== old.spec.subdomain
  const changed = podChanged(pod, old)
  if (!changed && !labelsChanged) return none
  const now = servicesSelecting(pod, reader)
  if (!labelsChanged) return now
  const before = servicesSelecting(old, reader)
  const keys = new Map([...before, ...now].map((wake) => [wake.key, wake]))
  return [...keys.values()]
}

// Follows podEndpointsChanged in staging/src/k8s.io/endpointslice/util/controller_utils.go.
const podChanged = (pod: Pod, old: Pod): boolean =>
  pod.metadata.deletionTimestamp !== undefined ||
  isReady(pod) !== isReady(old) ||
  isTerminal(pod) !== isTerminal(old) ||
  pod.status.podIP !== old.status.podIP ||
  pod.status.podIPs?.length !== old.status.podIPs?.length

const sameLabels = (one: Labels, other: Labels): boolean => {
  const keys = Object.keys(one)
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key])
}

const servicesSelecting = (pod: Pod, reader: Reader): readonly Wake[] => {
  const namespace = pod.metadata.namespace ?? ''
  const { labels } = pod.metadata
  let wakes: Wake[] | undefined
  for (const { metadata, spec } of reader.list('Service', namespace)) {
    // A Service without selector has its endpoints from elsewhere.
    if (spec.selector !== undefined && hasAll(labels, spec.selector)) (wakes ??= []).push({ key: keyOf(namespace, metadata.name) })
  }
  return wakes ?? none
}
