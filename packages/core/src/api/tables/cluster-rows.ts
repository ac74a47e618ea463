/** Rows of nodes, namespaces, Events and the small kinds. */
// Follows printNode, printNamespace, printEvent, printConfigMap, printSecret, printServiceAccount, printLease and printPriorityClass in
// pkg/printers/internalversion/printers.go.
import type { SimTime } from '../../kernel/sim-time.js'
import type { ConfigMap, Event, Lease, Namespace, Node, PriorityClass, Secret, ServiceAccount } from '../generated/types.js'
import { createdAgo, type RowOf } from './cells.js'
import { ageOf } from './human-duration.js'

export const nodeRow: RowOf<Node> = (node, now) => {
  const ready = node.status.conditions?.filter((condition) => condition.type === 'Ready').at(-1)
  const status = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  // Unlike the type, a node that has just registered has no nodeInfo yet.
  const machine = node.status.nodeInfo
  return [
    node.metadata.name,
    node.spec.unschedulable === true ? `${status},SchedulingDisabled` : status,
    rolesOf(node),
    createdAgo(node, now),
    machine?.kubeletVersion ?? '',
    addressOf(node, 'InternalIP'),
    addressOf(node, 'ExternalIP'),
    orUnknown(machine?.osImage),
    kernelOf(machine?.kernelVersion, machine?.architecture),
    orUnknown(machine?.containerRuntimeVersion),
  ]
}

const orUnknown = (text: string | undefined): string => (text === undefined || text === '' ? '<unknown>' : text)

const kernelOf = (version: string | undefined, architecture: string | undefined): string =>
  version === undefined || version === ''
    ? '<unknown>'
    : architecture === undefined || architecture === ''
      ? version
      : `${version} (${architecture})`

const addressOf = (node: Node, type: string): string => node.status.addresses?.find((address) => address.type === type)?.address ?? '<none>'

const rolePrefix = 'node-role.kubernetes.io/'

/** Follows findNodeRoles: sorted, each once. */
const rolesOf = (node: Node): string => {
  const roles = new Set(
    Object.entries(node.metadata.labels ?? {}).flatMap(([key, value]) => {
      const role = key.startsWith(rolePrefix) ? key.slice(rolePrefix.length) : key === 'kubernetes.io/role' ? value : ''
      return role === '' ? [] : [role]
    }),
  )
  return roles.size === 0 ? '<none>' : [...roles].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0)).join(',')
}

export const namespaceRow: RowOf<Namespace> = (namespace, now) => [
  namespace.metadata.name,
  namespace.status.phase ?? '',
  createdAgo(namespace, now),
]

export const eventRow: RowOf<Event> = (event, now) => {
  const { first, last, count } = timesOf(event, now)
  const kind = (event.involvedObject.kind ?? '').toLowerCase()
  const component = firstText(event.source?.component, event.reportingComponent)
  const host = firstText(event.source?.host, event.reportingInstance)
  return [
    last,
    event.type ?? '',
    event.reason ?? '',
    (event.involvedObject.name ?? '') === '' ? kind : `${kind}/${event.involvedObject.name}`,
    event.involvedObject.fieldPath ?? '',
    host === '' ? component : `${component}, ${host}`,
    (event.message ?? '').trim(),
    first,
    count,
    event.metadata.name,
  ]
}

const firstText = (...texts: readonly (string | undefined)[]): string => texts.find((text) => text !== undefined && text !== '') ?? ''

/** An Event of the new kind has one moment and, when repeated, a series; an old one first and last moments and a count. */
const timesOf = (event: Event, now: SimTime): { readonly first: string; readonly last: string; readonly count: number } => {
  const first = ageOf(event.firstTimestamp ?? event.eventTime, now)
  if (event.series !== undefined) return { first, last: ageOf(event.series.lastObservedTime, now), count: event.series.count ?? 0 }
  const last = (event.lastTimestamp ?? null) === null ? first : ageOf(event.lastTimestamp, now)
  return { first, last, count: (event.count ?? 0) === 0 ? 1 : (event.count ?? 1) }
}

export const configMapRow: RowOf<ConfigMap> = (map, now) => [
  map.metadata.name,
  Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length,
  createdAgo(map, now),
]

/** How many keys, never what is in them. */
export const secretRow: RowOf<Secret> = (secret, now) => [
  secret.metadata.name,
  secret.type ?? '',
  Object.keys(secret.data ?? {}).length,
  createdAgo(secret, now),
]

export const serviceAccountRow: RowOf<ServiceAccount> = (account, now) => [account.metadata.name, createdAgo(account, now)]

export const leaseRow: RowOf<Lease> = (lease, now) => [lease.metadata.name, lease.spec.holderIdentity ?? '', createdAgo(lease, now)]

export const priorityClassRow: RowOf<PriorityClass> = (priorityClass, now) => [
  priorityClass.metadata.name,
  priorityClass.value ?? 0,
  priorityClass.globalDefault ?? false,
  createdAgo(priorityClass, now),
  priorityClass.preemptionPolicy ?? '',
]
