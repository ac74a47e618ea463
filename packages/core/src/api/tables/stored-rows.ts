/**
 * Tables of kinds that are stored and do nothing here. Follows printIngress, printNetworkPolicy, printRoleBinding, printResourceQuota and their
 * neighbours in pkg/printers/internalversion/printers.go.
 */
import type { Json, JsonObject } from '../../kernel/json.js'
import type { LabelSelector } from '../generated/types.js'
import { formatLabelSelector } from '../label-selector.js'
import type { KubernetesObject } from '../object.js'
import { createdAgo, type Cell, type RowOf } from './cells.js'

/** The columns as discovery of tables would write them: see generated/table-columns.ts. */
export const storedColumns: Readonly<Record<string, readonly string[]>> = {
  ClusterRoleBinding: ['Name|name', 'Role', 'Age', '+Users', '+Groups', '+ServiceAccounts'],
  Ingress: ['Name|name', 'Class', 'Hosts', 'Address', 'Ports', 'Age'],
  IngressClass: ['Name|name', 'Controller', 'Parameters', 'Age'],
  NetworkPolicy: ['Name|name', 'Pod-Selector', 'Age'],
  ResourceQuota: ['Name|name', 'Request', 'Limit', 'Age'],
  RoleBinding: ['Name|name', 'Role', 'Age', '+Users', '+Groups', '+ServiceAccounts'],
  RuntimeClass: ['Name|name', 'Handler', 'Age'],
}

// Nothing is known of the fields of a stored kind.
const fieldsOf = (value: Json | object | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
const inside = (object: object, ...path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>((value, field) => fieldsOf(value)[field], object as JsonObject)
const listIn = (object: object, ...path: readonly string[]): readonly JsonObject[] => {
  const found = inside(object, ...path)
  return Array.isArray(found) ? (found as readonly Json[]).map(fieldsOf) : []
}
const textIn = (object: object, ...path: readonly string[]): string => {
  const found = inside(object, ...path)
  return typeof found === 'string' ? found : ''
}

const amountText = (value: Json | undefined): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '0')

const mostHosts = 3

const hostsText = (hosts: readonly string[]): string => {
  const named = hosts.filter((host) => host !== '')
  if (named.length === 0) return '*'
  return named.length > mostHosts ? `${named.slice(0, mostHosts).join(',')} + ${named.length - mostHosts} more...` : named.join(',')
}

const ingressRow: RowOf<KubernetesObject> = (ingress, now) => [
  ingress.metadata.name,
  textIn(ingress, 'spec', 'ingressClassName') || '<none>',
  hostsText(listIn(ingress, 'spec', 'rules').map((rule) => textIn(rule, 'host'))),
  listIn(ingress, 'status', 'loadBalancer', 'ingress')
    .map((entry) => textIn(entry, 'ip') || textIn(entry, 'hostname'))
    .join(','),
  listIn(ingress, 'spec', 'tls').length > 0 ? '80, 443' : '80',
  createdAgo(ingress, now),
]

const parametersText = (ingressClass: object): string => {
  const parameters = inside(ingressClass, 'spec', 'parameters')
  if (parameters === undefined) return '<none>'
  const group = textIn(fieldsOf(parameters), 'apiGroup')
  const kind = textIn(fieldsOf(parameters), 'kind')
  return `${group === '' ? kind : `${kind}.${group}`}/${textIn(fieldsOf(parameters), 'name')}`
}

const ingressClassRow: RowOf<KubernetesObject> = (ingressClass, now) => [
  `${ingressClass.metadata.name}${ingressClass.metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true' ? ' (default)' : ''}`,
  textIn(ingressClass, 'spec', 'controller'),
  parametersText(ingressClass),
  createdAgo(ingressClass, now),
]

const networkPolicyRow: RowOf<KubernetesObject> = (policy, now) => [
  policy.metadata.name,
  formatLabelSelector(fieldsOf(inside(policy, 'spec', 'podSelector')) as LabelSelector) || '<none>',
  createdAgo(policy, now),
]

const bindingRow: RowOf<KubernetesObject> = (binding, now) => {
  const subjects = listIn(binding, 'subjects')
  const ofKind = (kind: string): Cell =>
    subjects
      .filter((subject) => textIn(subject, 'kind') === kind)
      .map((subject) => `${kind === 'ServiceAccount' ? `${textIn(subject, 'namespace')}/` : ''}${textIn(subject, 'name')}`)
      .join(', ')
  return [
    binding.metadata.name,
    `${textIn(binding, 'roleRef', 'kind')}/${textIn(binding, 'roleRef', 'name')}`,
    createdAgo(binding, now),
    ofKind('User'),
    ofKind('Group'),
    ofKind('ServiceAccount'),
  ]
}

/** What the quota's status knows; limits stand apart from all else. */
const resourceQuotaRow: RowOf<KubernetesObject> = (quota, now) => {
  const [hard, used] = [fieldsOf(inside(quota, 'status', 'hard')), fieldsOf(inside(quota, 'status', 'used'))]
  const amounts = (isLimit: boolean): string =>
    Object.keys(hard)
      .filter((name) => name.startsWith('limits.') === isLimit)
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      .map((name) => `${name}: ${amountText(used[name])}/${amountText(hard[name])}`)
      .join(', ')
  return [quota.metadata.name, amounts(false), amounts(true), createdAgo(quota, now)]
}

const runtimeClassRow: RowOf<KubernetesObject> = (runtimeClass, now) => [
  runtimeClass.metadata.name,
  textIn(runtimeClass, 'handler'),
  createdAgo(runtimeClass, now),
]

export const storedRows: Readonly<Record<string, RowOf<KubernetesObject>>> = {
  ClusterRoleBinding: bindingRow,
  Ingress: ingressRow,
  IngressClass: ingressClassRow,
  NetworkPolicy: networkPolicyRow,
  ResourceQuota: resourceQuotaRow,
  RoleBinding: bindingRow,
  RuntimeClass: runtimeClassRow,
}
