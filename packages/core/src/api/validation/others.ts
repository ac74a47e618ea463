/** Budgets, nodes, namespaces, ConfigMaps, Secrets and other small kinds. Follows pkg/apis/{core,policy,scheduling,coordination}/validation (v1.36). */
import type { Json } from '../../kernel/json.js'
import { deepEqual } from '../../kernel/object-difference.js'
import type {
  ConfigMap,
  Lease,
  Namespace,
  Node,
  PodDisruptionBudget,
  PodTemplate,
  PriorityClass,
  Secret,
  ServiceAccount,
} from '../generated/types.js'
import type { Loose } from '../loose.js'
import { compareQuantities, quantityOf, zeroQuantity } from '../quantity.js'
import {
  duplicate,
  forbiddenField,
  immutableMessage,
  invalidValue,
  notNegative,
  notSupported,
  required,
  type Errors,
} from './field-errors.js'
import { internalForm } from './internal-form.js'
import { checkLabelName, checkLabelSelector } from './labels.js'
import { cidr, complain, configKey, dnsLabel, dnsSubdomain, labelValueOf } from './names.js'
import { checkPodTemplate, taintEffects } from './pod-spec.js'
import { checkAtMostHundredPercent, checkChangedMeta, checkIntOrPercent, checkNewMeta } from './workloads.js'

const same = (left: unknown, right: unknown): boolean => left === right || deepEqual(left as Json | undefined, right as Json | undefined)

// ---------------------------------------------------------------- PodDisruptionBudget

const evictionPolicies = ['AlwaysAllow', 'IfHealthyBudget']

const checkBudgetSpec = (errors: Errors, spec: NonNullable<Loose<PodDisruptionBudget>['spec']>): void => {
  const { minAvailable, maxUnavailable } = spec
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.push(invalidValue('spec', internalForm(spec, 'PodDisruptionBudgetSpec'), 'minAvailable and maxUnavailable cannot be both set'))
  }
  for (const [name, value] of [
    ['minAvailable', minAvailable],
    ['maxUnavailable', maxUnavailable],
  ] as const) {
    if (value === undefined) continue
    checkIntOrPercent(errors, `spec.${name}`, value)
    checkAtMostHundredPercent(errors, `spec.${name}`, value)
  }
  checkLabelSelector(errors, 'spec.selector', spec.selector)
  const policy = spec.unhealthyPodEvictionPolicy
  if (policy !== undefined && !evictionPolicies.includes(policy))
    errors.push(notSupported('spec.unhealthyPodEvictionPolicy', policy, evictionPolicies))
}

export const checkNewBudget = (errors: Errors, budget: Loose<PodDisruptionBudget>): void => {
  // The strategy does not look at a new budget's metadata.
  checkBudgetSpec(errors, budget.spec ?? {})
}

export const checkBudgetUpdate = (errors: Errors, next: Loose<PodDisruptionBudget>, stored: Loose<PodDisruptionBudget>): void => {
  checkChangedMeta(errors, next, stored)
  checkBudgetSpec(errors, next.spec ?? {})
}

export const checkBudgetStatus = (errors: Errors, next: Loose<PodDisruptionBudget>, stored: Loose<PodDisruptionBudget>): void => {
  checkChangedMeta(errors, next, stored)
  for (const name of ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const)
    notNegative(errors, `status.${name}`, next.status?.[name])
}

// ---------------------------------------------------------------- Node, Namespace

const checkTaints = (errors: Errors, node: Loose<Node>): void => {
  const seen = new Set<string>()
  for (const [index, taint] of (node.spec?.taints ?? []).entries()) {
    const path = `metadata.taints[${index}]`
    const { key = '', value = '', effect = '' } = taint
    checkLabelName(errors, `${path}.key`, key)
    const complaints = labelValueOf(value)
    if (complaints.length > 0) errors.push(invalidValue(`${path}.value`, value, complaints.join(';')))
    if (effect === '') errors.push(required(`${path}.effect`))
    else if (!taintEffects.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, taintEffects))
    const pair = `${key} ${effect}`
    if (seen.has(pair)) errors.push(duplicate(path, internalForm(taint, 'Taint'), 'taints must be unique by key and effect pair'))
    seen.add(pair)
  }
}

const checkAmounts = (errors: Errors, field: string, amounts: { readonly [name: string]: string } | undefined): void => {
  for (const [name, amount] of Object.entries(amounts ?? {})) {
    if (compareQuantities(quantityOf(amount), zeroQuantity) < 0)
      errors.push(invalidValue(`${field}.${name}`, amount, 'must be greater than or equal to 0'))
  }
}

const checkRanges = (errors: Errors, node: Loose<Node>): void => {
  const ranges = node.spec?.podCIDRs ?? (node.spec?.podCIDR === undefined || node.spec.podCIDR === '' ? [] : [node.spec.podCIDR])
  for (const [index, range] of ranges.entries()) complain(errors, `spec.podCIDRs[${index}]`, range, cidr(range))
}

export const checkNewNode = (errors: Errors, node: Loose<Node>): void => {
  checkNewMeta(errors, node, dnsSubdomain)
  checkTaints(errors, node)
  checkAmounts(errors, 'status.capacity', node.status?.capacity as { readonly [name: string]: string } | undefined)
  checkRanges(errors, node)
}

export const checkNodeUpdate = (errors: Errors, next: Loose<Node>, stored: Loose<Node>): void => {
  checkChangedMeta(errors, next, stored)
  if (next.status !== stored.status)
    checkAmounts(errors, 'status.capacity', next.status?.capacity as { readonly [name: string]: string } | undefined)
  if (next.spec === stored.spec) return
  const [podCidr, provider] = [stored.spec?.podCIDR ?? '', stored.spec?.providerID ?? '']
  if (podCidr !== '' && podCidr !== (next.spec?.podCIDR ?? ''))
    errors.push(forbiddenField('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'))
  if (provider !== '' && provider !== (next.spec?.providerID ?? ''))
    errors.push(forbiddenField('spec.providerID', 'node updates may not change providerID except from "" to valid'))
  checkTaints(errors, next)
  checkRanges(errors, next)
}

export const checkNewNamespace = (errors: Errors, namespace: Loose<Namespace>): void => checkNewMeta(errors, namespace, dnsLabel)

export const checkNamespaceStatus = (errors: Errors, next: Loose<Namespace>, stored: Loose<Namespace>): void => {
  checkChangedMeta(errors, next, stored)
  const phase = next.status?.phase ?? ''
  const deleted = next.metadata?.deletionTimestamp !== undefined
  if (!deleted && phase !== 'Active')
    errors.push(invalidValue('status.Phase', phase, "may only be 'Active' if `deletionTimestamp` is empty"))
  if (deleted && phase !== 'Terminating')
    errors.push(invalidValue('status.Phase', phase, "may only be 'Terminating' if `deletionTimestamp` is not empty"))
}

// ---------------------------------------------------------------- ConfigMap, Secret

const sortedKeys = (values: object | undefined): readonly string[] =>
  Object.keys(values ?? {}).sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))

const checkConfigContent = (errors: Errors, map: Loose<ConfigMap>): void => {
  for (const key of sortedKeys(map.data)) {
    complain(errors, `data[${key}]`, key, configKey(key))
    if (map.binaryData?.[key] !== undefined) errors.push(invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData'))
  }
  for (const key of sortedKeys(map.binaryData)) complain(errors, `binaryData[${key}]`, key, configKey(key))
}

export const checkNewConfigMap = (errors: Errors, map: Loose<ConfigMap>): void => {
  checkNewMeta(errors, map, dnsSubdomain)
  checkConfigContent(errors, map)
}

const frozen = 'field is immutable when `immutable` is set'

const checkFrozen = (errors: Errors, next: Loose<ConfigMap> | Loose<Secret>, stored: Loose<ConfigMap> | Loose<Secret>): void => {
  if (stored.immutable !== true) return
  if (next.immutable !== true) errors.push(forbiddenField('immutable', frozen))
  if (!same(next.data ?? {}, stored.data ?? {})) errors.push(forbiddenField('data', frozen))
}

export const checkConfigMapUpdate = (errors: Errors, next: Loose<ConfigMap>, stored: Loose<ConfigMap>): void => {
  checkChangedMeta(errors, next, stored)
  checkFrozen(errors, next, stored)
  if (stored.immutable === true && !same(next.binaryData ?? {}, stored.binaryData ?? {})) errors.push(forbiddenField('binaryData', frozen))
  checkConfigContent(errors, next)
}

const neededKeys: { readonly [type: string]: readonly string[] } = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
}

const checkSecretContent = (errors: Errors, secret: Loose<Secret>): void => {
  for (const key of sortedKeys(secret.data)) complain(errors, `data[${key}]`, key, configKey(key))
  for (const key of neededKeys[secret.type ?? ''] ?? []) if (secret.data?.[key] === undefined) errors.push(required(`data[${key}]`))
  if (secret.type === 'kubernetes.io/basic-auth' && secret.data?.['username'] === undefined && secret.data?.['password'] === undefined) {
    errors.push(required('data[username]'), required('data[password]'))
  }
}

export const checkNewSecret = (errors: Errors, secret: Loose<Secret>): void => {
  checkNewMeta(errors, secret, dnsSubdomain)
  checkSecretContent(errors, secret)
}

export const checkSecretUpdate = (errors: Errors, next: Loose<Secret>, stored: Loose<Secret>): void => {
  checkChangedMeta(errors, next, stored)
  if (next.type !== stored.type) errors.push(invalidValue('type', next.type ?? '', immutableMessage))
  checkFrozen(errors, next, stored)
  checkSecretContent(errors, next)
}

// ---------------------------------------------------------------- the rest

export const checkServiceAccount = (errors: Errors, account: Loose<ServiceAccount>): void => checkNewMeta(errors, account, dnsSubdomain)

const systemNames: ReadonlySet<string> = new Set(['system-cluster-critical', 'system-node-critical'])

export const checkNewPriorityClass = (errors: Errors, priorityClass: Loose<PriorityClass>): void => {
  checkNewMeta(errors, priorityClass, dnsSubdomain)
  const name = priorityClass.metadata?.name ?? ''
  if (name.startsWith('system-')) {
    if (!systemNames.has(name)) {
      errors.push(
        forbiddenField(
          'metadata.name',
          `priority class names with 'system-' prefix are reserved for system use only. error: ${name} is not a known system priority class`,
        ),
      )
    }
  } else if ((priorityClass.value ?? 0) > 1_000_000_000)
    errors.push(forbiddenField('value', 'maximum allowed value of a user defined priority is 1000000000'))
  const policy = priorityClass.preemptionPolicy
  if (policy !== undefined && policy !== 'PreemptLowerPriority' && policy !== 'Never')
    errors.push(notSupported('preemptionPolicy', policy, ['PreemptLowerPriority', 'Never']))
}

export const checkPriorityClassUpdate = (errors: Errors, next: Loose<PriorityClass>, stored: Loose<PriorityClass>): void => {
  checkChangedMeta(errors, next, stored)
  if ((next.value ?? 0) !== (stored.value ?? 0)) errors.push(forbiddenField('value', 'may not be changed in an update.'))
  if (next.preemptionPolicy !== stored.preemptionPolicy)
    errors.push(invalidValue('preemptionPolicy', next.preemptionPolicy ?? 'null', immutableMessage))
}

export const checkTemplateObject = (errors: Errors, object: Loose<PodTemplate>): void => {
  checkNewMeta(errors, object, dnsSubdomain)
  checkPodTemplate(errors, 'template', object.template ?? {})
}

export const checkLease = (errors: Errors, lease: Loose<Lease>): void => {
  checkNewMeta(errors, lease, dnsSubdomain)
  const { leaseDurationSeconds, leaseTransitions } = lease.spec ?? {}
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0)
    errors.push(invalidValue('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'))
  if (leaseTransitions !== undefined && leaseTransitions < 0)
    errors.push(invalidValue('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0'))
}
