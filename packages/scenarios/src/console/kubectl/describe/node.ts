/** Description of a Node with the Pods on it. Follows describeNode and describeNodeResource in kubectl/pkg/describe/describe.go. */
import {
  addQuantities,
  ageOf,
  compareQuantities,
  formatQuantity,
  integerValueOf,
  milliValueOf,
  quantityOf,
  zeroQuantity,
  type Json,
  type JsonObject,
  type KubernetesObject,
  type Quantity,
} from '@statefold/core'
import type { Call } from '../command.js'
import { at, jsonOf, listAt, objectAt, sortedNames, textAt, textsAt, wordOf } from '../json-object.js'
import { dateText, level, metadataLines, taintLines, type Lines } from './lines.js'

type Amounts = Readonly<Record<string, Quantity>>

const amountsOf = (resources: JsonObject): Amounts =>
  Object.fromEntries(
    Object.entries(resources).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[name, quantityOf(value)]] : [],
    ),
  )

const sum = (left: Amounts, right: Amounts): Amounts => {
  const total: Record<string, Quantity> = { ...left }
  for (const [name, quantity] of Object.entries(right))
    total[name] = total[name] === undefined ? quantity : addQuantities(total[name], quantity)
  return total
}

const largest = (left: Amounts, right: Amounts): Amounts => {
  const result: Record<string, Quantity> = { ...left }
  for (const [name, quantity] of Object.entries(right))
    if (result[name] === undefined || compareQuantities(quantity, result[name]) > 0) result[name] = quantity
  return result
}

/** What a Pod asks for or may use: its containers together, or its largest init container. Follows PodRequests in component-helpers/resource/helpers.go. */
const podAmounts = (pod: JsonObject, field: 'requests' | 'limits'): Amounts => {
  const of = (container: Json): Amounts => amountsOf(objectAt(container, 'resources', field))
  let total: Amounts = listAt(pod, 'spec', 'containers').map(of).reduce(sum, {})
  let sidecars: Amounts = {}
  let initial: Amounts = {}
  for (const container of listAt(pod, 'spec', 'initContainers')) {
    if (textAt(container, 'restartPolicy') === 'Always') {
      sidecars = sum(sidecars, of(container))
      total = sum(total, of(container))
      initial = largest(initial, sidecars)
    } else initial = largest(initial, sum(of(container), sidecars))
  }
  const whole = largest(total, initial)
  const overhead = amountsOf(objectAt(pod, 'spec', 'overhead'))
  return { ...(Object.keys(overhead).length === 0 ? whole : sum(whole, overhead)), ...amountsOf(objectAt(pod, 'spec', 'resources', field)) }
}

const share = (amount: Quantity, whole: Quantity, valueOf: (quantity: Quantity) => number): number => {
  const all = valueOf(whole)
  return all === 0 ? 0 : Math.trunc((valueOf(amount) / all) * 100)
}

const cell = (amounts: Amounts, allocatable: Amounts, name: string): string => {
  const amount = amounts[name] ?? zeroQuantity
  return `${formatQuantity(amount)} (${share(amount, allocatable[name] ?? zeroQuantity, name === 'cpu' ? milliValueOf : integerValueOf)}%)`
}

const standardNames: readonly string[] = ['cpu', 'memory', 'ephemeral-storage', 'pods']

const podLines = (call: Call, node: JsonObject, name: string): Lines => {
  const pods = call.cluster
    .reader()
    .podsOnNode(name)
    .map((pod) => ({ pod, json: jsonOf(pod) }))
    .filter(({ json }) => !['Succeeded', 'Failed'].includes(textAt(json, 'status', 'phase')))
  const allocatable = amountsOf(
    Object.keys(objectAt(node, 'status', 'allocatable')).length > 0
      ? objectAt(node, 'status', 'allocatable')
      : objectAt(node, 'status', 'capacity'),
  )
  const rows = pods.map(({ pod, json }) => ({ pod, requests: podAmounts(json, 'requests'), limits: podAmounts(json, 'limits') }))
  const requests = rows.map((row) => row.requests).reduce(sum, {})
  const limits = rows.map((row) => row.limits).reduce(sum, {})
  const hugePages = sortedNames(allocatable).filter((resource) => resource.startsWith('hugepages-'))
  const others = sortedNames(allocatable).filter((resource) => !standardNames.includes(resource) && !hugePages.includes(resource))
  return [
    `Non-terminated Pods:\t(${pods.length} in total)`,
    level(1, 'Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge'),
    level(1, '---------\t----\t\t------------\t----------\t---------------\t-------------\t---'),
    ...rows.map((row) =>
      level(
        1,
        `${row.pod.metadata.namespace ?? ''}\t${row.pod.metadata.name}\t\t${cell(row.requests, allocatable, 'cpu')}\t${cell(row.limits, allocatable, 'cpu')}\t${cell(row.requests, allocatable, 'memory')}\t${cell(row.limits, allocatable, 'memory')}\t${ageOf(row.pod.metadata.creationTimestamp, call.cluster.now())}`,
      ),
    ),
    'Allocated resources:',
    level(1, '(Total limits may be over 100 percent, i.e., overcommitted.)'),
    level(1, 'Resource\tRequests\tLimits'),
    level(1, '--------\t--------\t------'),
    ...['cpu', 'memory', 'ephemeral-storage', ...hugePages].map((resource) =>
      level(1, `${resource}\t${cell(requests, allocatable, resource)}\t${cell(limits, allocatable, resource)}`),
    ),
    ...others.map((resource) =>
      level(1, `${resource}\t${formatQuantity(requests[resource] ?? zeroQuantity)}\t${formatQuantity(limits[resource] ?? zeroQuantity)}`),
    ),
  ]
}

const leaseLines = (call: Call, name: string): Lines => {
  const lease = call.cluster.reader().getAny('Lease', 'kube-node-lease', name)
  if (lease === undefined) return [`Lease:\tFailed to get lease: leases.coordination.k8s.io ${JSON.stringify(name)} not found`]
  const spec = at(jsonOf(lease), 'spec')
  const moment = (field: string): string => (textAt(spec, field) === '' ? '<unset>' : dateText(textAt(spec, field)))
  return [
    'Lease:',
    level(1, `HolderIdentity:\t${textAt(spec, 'holderIdentity') || '<unset>'}`),
    level(1, `AcquireTime:\t${moment('acquireTime')}`),
    level(1, `RenewTime:\t${moment('renewTime')}`),
  ]
}

/** Follows findNodeRoles. */
const rolesOf = (labels: Readonly<Record<string, string>>): readonly string[] => {
  const roles = Object.entries(labels).flatMap(([name, value]) =>
    name.startsWith('node-role.kubernetes.io/')
      ? [name.slice('node-role.kubernetes.io/'.length)]
      : name === 'kubernetes.io/role' && value !== ''
        ? [value]
        : [],
  )
  return [...new Set(roles.filter((role) => role !== ''))].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

export const describeNode = (call: Call, object: KubernetesObject): Lines => {
  const node = jsonOf(object)
  const { name } = object.metadata
  const roles = rolesOf(textsAt(node, 'metadata', 'labels'))
  const conditions = listAt(node, 'status', 'conditions')
  const amountLines = (title: string, resources: JsonObject): Lines =>
    Object.keys(resources).length === 0
      ? []
      : [`${title}:`, ...sortedNames(resources).map((resource) => level(1, `${resource}:\t${wordOf(resources[resource])}`))]
  const system = (field: string): string => textAt(node, 'status', 'nodeInfo', field)
  const optional = (title: string, value: string): Lines => (value === '' ? [] : [`${title}:\t${value}`])
  return [
    `Name:\t${name}`,
    `Roles:\t${roles.length === 0 ? '<none>' : roles.join(',')}`,
    ...metadataLines(node),
    `CreationTimestamp:\t${dateText(object.metadata.creationTimestamp)}`,
    ...taintLines('Taints', listAt(node, 'spec', 'taints')),
    `Unschedulable:\t${String(at(node, 'spec', 'unschedulable') === true)}`,
    ...leaseLines(call, name),
    ...(conditions.length === 0
      ? []
      : [
          'Conditions:',
          level(1, 'Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage'),
          level(1, '----\t------\t-----------------\t------------------\t------\t-------'),
          ...conditions.map((condition) =>
            level(
              1,
              `${textAt(condition, 'type')} \t${textAt(condition, 'status')} \t${dateText(textAt(condition, 'lastHeartbeatTime'))} \t${dateText(textAt(condition, 'lastTransitionTime'))} \t${textAt(condition, 'reason')} \t${textAt(condition, 'message')}`,
            ),
          ),
        ]),
    'Addresses:',
    ...listAt(node, 'status', 'addresses').map((address) => level(1, `${textAt(address, 'type')}:\t${textAt(address, 'address')}`)),
    ...amountLines('Capacity', objectAt(node, 'status', 'capacity')),
    ...amountLines('Allocatable', objectAt(node, 'status', 'allocatable')),
    'System Info:',
    level(1, `Machine ID:\t${system('machineID')}`),
    level(1, `System UUID:\t${system('systemUUID')}`),
    level(1, `Boot ID:\t${system('bootID')}`),
    level(1, `Kernel Version:\t${system('kernelVersion')}`),
    level(1, `OS Image:\t${system('osImage')}`),
    level(1, `Operating System:\t${system('operatingSystem')}`),
    level(1, `Architecture:\t${system('architecture')}`),
    level(1, `Container Runtime Version:\t${system('containerRuntimeVersion')}`),
    level(1, `Kubelet Version:\t${system('kubeletVersion')}`),
    ...optional('PodCIDR', textAt(node, 'spec', 'podCIDR')),
    ...optional('PodCIDRs', listAt(node, 'spec', 'podCIDRs').map(String).join(',')),
    ...optional('ProviderID', textAt(node, 'spec', 'providerID')),
    ...podLines(call, node, name),
  ]
}
