/** Rules of Pods and Pod templates. Follows ValidatePodSpec, ValidatePodTemplateSpec and ValidatePodCreate in pkg/apis/core/validation/validation.go. */
import type {
  Affinity,
  NodeSelector,
  ObjectMeta,
  Pod,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
  Toleration,
  TopologySpreadConstraint,
} from '../generated/types.js'
import type { Loose } from '../loose.js'
import { addQuantities, compareQuantities, formatQuantity, quantityOf, zeroQuantity } from '../quantity.js'
import { checkAppArmor, checkContainers, checkId, checkImages, checkResources, checkSeccomp, checkWindowsOptions } from './containers.js'
import { duplicate, forbiddenField, invalidValue, notSupported, required, type Errors } from './field-errors.js'
import { checkLabelName, checkLabels, checkLabelSelector } from './labels.js'
import { complain, dnsLabel, dnsSubdomain, dnsSubdomainWithUnderscore, ipAddress, labelValueOf, qualifiedName } from './names.js'
import { checkAnnotations, checkObjectMeta } from './object-meta.js'
import { checkVolumes } from './volumes.js'

type LoosePodSpec = Loose<PodSpec>
type Amounts = { readonly [name: string]: string }

const oneOf = (errors: Errors, field: string, value: string | undefined, allowed: readonly string[]): void => {
  if ((value ?? '') === '') errors.push(required(field))
  else if (!allowed.includes(value ?? '')) errors.push(notSupported(field, value ?? '', allowed))
}

// ---------------------------------------------------------------- where it may run

type Requirement = { readonly key?: string; readonly operator?: string; readonly values?: readonly string[] }

const checkRequirement = (
  errors: Errors,
  field: string,
  { key = '', operator = '', values = [] }: Requirement,
  anyValue: boolean,
): void => {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0)
        errors.push(forbiddenField(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
      break
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) errors.push(required(`${field}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
      break
    default:
      errors.push(invalidValue(`${field}.operator`, operator, 'not a valid selector operator'))
  }
  checkLabelName(errors, `${field}.key`, key)
  if (!anyValue) for (const [index, value] of values.entries()) complain(errors, `${field}.values[${index}]`, value, labelValueOf(value))
}

const checkFieldRequirement = (errors: Errors, field: string, { key = '', operator = '', values = [] }: Requirement): void => {
  if (operator !== 'In' && operator !== 'NotIn') errors.push(invalidValue(`${field}.operator`, operator, 'not a valid selector operator'))
  else if (values.length !== 1)
    errors.push(required(`${field}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"))
  if (key !== 'metadata.name') errors.push(invalidValue(`${field}.key`, key, 'not a valid field selector key'))
  else for (const [index, value] of values.entries()) complain(errors, `${field}.values[${index}]`, value, dnsSubdomain(value))
}

type Term = { readonly matchExpressions?: readonly Requirement[]; readonly matchFields?: readonly Requirement[] }

const checkTerm = (errors: Errors, field: string, term: Term, anyValue: boolean): void => {
  for (const [index, requirement] of (term.matchExpressions ?? []).entries())
    checkRequirement(errors, `${field}.matchExpressions[${index}]`, requirement, anyValue)
  for (const [index, requirement] of (term.matchFields ?? []).entries())
    checkFieldRequirement(errors, `${field}.matchFields[${index}]`, requirement)
}

/** Follows ValidateNodeSelector. */
export const checkNodeSelector = (errors: Errors, field: string, selector: Loose<NodeSelector>): void => {
  const terms = selector.nodeSelectorTerms ?? []
  if (terms.length === 0) errors.push(required(`${field}.nodeSelectorTerms`, 'must have at least one node selector term'))
  for (const [index, term] of terms.entries()) checkTerm(errors, `${field}.nodeSelectorTerms[${index}]`, term, false)
}

const checkWeight = (errors: Errors, field: string, weight: number | undefined): void => {
  if ((weight ?? 0) < 1 || (weight ?? 0) > 100) errors.push(invalidValue(`${field}.weight`, weight ?? 0, 'must be in the range 1-100'))
}

const checkAffinityTerm = (errors: Errors, field: string, term: Loose<PodAffinityTerm>): void => {
  checkLabelSelector(errors, `${field}.labelSelector`, term.labelSelector)
  checkLabelSelector(errors, `${field}.namespaceSelector`, term.namespaceSelector)
  for (const namespace of term.namespaces ?? []) complain(errors, `${field}.namespace`, namespace, dnsLabel(namespace))
  for (const keys of ['matchLabelKeys', 'mismatchLabelKeys'] as const) {
    if ((term[keys] ?? []).length > 0 && term.labelSelector === undefined)
      errors.push(forbiddenField(`${field}.${keys}`, 'must not be specified when labelSelector is not set'))
    for (const [index, key] of (term[keys] ?? []).entries()) checkLabelName(errors, `${field}.${keys}[${index}]`, key)
  }
  const topologyKey = term.topologyKey ?? ''
  if (topologyKey === '') errors.push(required(`${field}.topologyKey`, 'can not be empty'))
  checkLabelName(errors, `${field}.topologyKey`, topologyKey)
}

const soundAffinities = new WeakSet<object>()

const requiredTerms = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferredTerms = 'preferredDuringSchedulingIgnoredDuringExecution'

const checkAffinity = (errors: Errors, field: string, affinity: Loose<Affinity> | undefined): void => {
  if (affinity === undefined || soundAffinities.has(affinity)) return
  const before = errors.length
  const node = affinity.nodeAffinity
  if (node !== undefined) {
    if (node[requiredTerms] !== undefined) checkNodeSelector(errors, `${field}.nodeAffinity.${requiredTerms}`, node[requiredTerms])
    for (const [index, term] of (node[preferredTerms] ?? []).entries()) {
      const path = `${field}.nodeAffinity.${preferredTerms}[${index}]`
      checkWeight(errors, path, term.weight)
      checkTerm(errors, `${path}.preference`, term.preference ?? {}, true)
    }
  }
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const terms = affinity[kind]
    for (const [index, term] of (terms?.[requiredTerms] ?? []).entries())
      checkAffinityTerm(errors, `${field}.${kind}.${requiredTerms}[${index}]`, term)
    for (const [index, weighted] of (terms?.[preferredTerms] ?? []).entries()) {
      const path = `${field}.${kind}.${preferredTerms}[${index}]`
      checkWeight(errors, path, weighted.weight)
      checkAffinityTerm(errors, `${path}.podAffinityTerm`, weighted.podAffinityTerm ?? {})
    }
  }
  if (errors.length === before) soundAffinities.add(affinity)
}

const scheduleActions = ['DoNotSchedule', 'ScheduleAnyway']
const inclusionPolicies = ['Honor', 'Ignore']

const checkSpread = (errors: Errors, field: string, constraints: readonly Loose<TopologySpreadConstraint>[]): void => {
  for (const [index, constraint] of constraints.entries()) {
    const path = `${field}[${index}]`
    const { maxSkew = 0, topologyKey = '', whenUnsatisfiable = '', minDomains } = constraint
    if (maxSkew <= 0) errors.push(invalidValue(`${path}.maxSkew`, maxSkew, 'must be greater than zero'))
    if (topologyKey === '') errors.push(required(`${path}.topologyKey`, 'can not be empty'))
    if (!scheduleActions.includes(whenUnsatisfiable))
      errors.push(notSupported(`${path}.whenUnsatisfiable`, whenUnsatisfiable, scheduleActions))
    if (
      constraints
        .slice(index + 1)
        .some((other) => other.topologyKey === constraint.topologyKey && other.whenUnsatisfiable === constraint.whenUnsatisfiable)
    ) {
      errors.push(duplicate(`${path}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`))
    }
    if (minDomains !== undefined) {
      if (minDomains <= 0) errors.push(invalidValue(`${path}.minDomains`, minDomains, 'must be greater than zero'))
      if (whenUnsatisfiable !== 'DoNotSchedule')
        errors.push(
          invalidValue(
            `${path}.minDomains`,
            minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`,
          ),
        )
    }
    for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[name]
      if (policy !== undefined && !inclusionPolicies.includes(policy))
        errors.push(notSupported(`${path}.${name}`, policy, inclusionPolicies))
    }
    const keys = constraint.matchLabelKeys ?? []
    if (keys.length > 0 && constraint.labelSelector === undefined)
      errors.push(forbiddenField(`${path}.matchLabelKeys`, 'must not be specified when labelSelector is not set'))
    else for (const [at, key] of keys.entries()) checkLabelName(errors, `${path}.matchLabelKeys[${at}]`, key)
    checkLabelSelector(errors, `${path}.labelSelector`, constraint.labelSelector)
  }
}

export const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

/** Follows ValidateTolerations. */
export const checkTolerations = (errors: Errors, field: string, tolerations: readonly Loose<Toleration>[]): void => {
  for (const [index, toleration] of tolerations.entries()) {
    const path = `${field}[${index}]`
    const { key = '', operator = '', value = '', effect = '' } = toleration
    if (key !== '') checkLabelName(errors, `${path}.key`, key)
    if (key === '' && operator !== 'Exists')
      errors.push(
        invalidValue(
          `${path}.operator`,
          operator,
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      )
    if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute')
      errors.push(invalidValue(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
    switch (operator) {
      case '':
      case 'Equal': {
        const complaints = labelValueOf(value)
        if (complaints.length > 0) errors.push(invalidValue(`${path}.operator`, value, complaints.join(';')))
        break
      }
      case 'Exists':
        if (value !== '') errors.push(invalidValue(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"))
        break
      case 'Lt':
      case 'Gt':
        // Behind the gate TaintTolerationComparisonOperators, which v1.36 leaves off; the sentence names them all the same.
        errors.push(notSupported(`${path}.operator`, operator, ['Equal', 'Exists', 'Lt', 'Gt']))
        break
      default:
        errors.push(notSupported(`${path}.operator`, operator, ['Equal', 'Exists']))
    }
    if (effect !== '' && !taintEffects.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, taintEffects))
  }
}

// ---------------------------------------------------------------- the rest of a spec

const checkDns = (errors: Errors, field: string, spec: LoosePodSpec): void => {
  const config = spec.dnsConfig
  if (spec.dnsPolicy === 'None') {
    if (config === undefined) {
      errors.push(required(field, 'must provide `dnsConfig` when `dnsPolicy` is None'))
      return
    }
    if ((config.nameservers ?? []).length === 0) {
      errors.push(required(`${field}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'))
      return
    }
  }
  if (config === undefined) return
  const { nameservers = [], searches = [], options = [] } = config
  if (nameservers.length > 3) errors.push(invalidValue(`${field}.nameservers`, [...nameservers], 'must not have more than 3 nameservers'))
  for (const [index, server] of nameservers.entries()) complain(errors, `${field}.nameservers[${index}]`, server, ipAddress(server))
  if (searches.length > 32) errors.push(invalidValue(`${field}.searches`, [...searches], 'must not have more than 32 search paths'))
  if (searches.join(' ').length > 2_048)
    errors.push(
      invalidValue(`${field}.searches`, [...searches], 'must not have more than 2048 characters (including spaces) in the search list'),
    )
  for (const [index, search] of searches.entries()) {
    if (search === '.') continue
    const name = search.endsWith('.') ? search.slice(0, -1) : search
    complain(errors, `${field}.searches[${index}]`, name, dnsSubdomainWithUnderscore(name))
  }
  for (const [index, option] of options.entries())
    if ((option.name ?? '') === '') errors.push(required(`${field}.options[${index}]`, 'must not be empty'))
}

const sysctlName = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/
const sysctlSentence =
  'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'

const checkPodSecurity = (errors: Errors, field: string, spec: LoosePodSpec): void => {
  const context = spec.securityContext
  if (context !== undefined) {
    checkId(errors, `${field}.fsGroup`, context.fsGroup)
    checkId(errors, `${field}.runAsUser`, context.runAsUser)
    checkId(errors, `${field}.runAsGroup`, context.runAsGroup)
    for (const [index, group] of (context.supplementalGroups ?? []).entries())
      checkId(errors, `${field}.supplementalGroups[${index}]`, group)
  }
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    errors.push(invalidValue(`${field}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled'))
  }
  // Mostly it is the default, which says nothing.
  if (context === undefined || Object.keys(context).length === 0) return
  const names = new Set<string>()
  for (const [index, { name = '' }] of (context.sysctls ?? []).entries()) {
    const path = `${field}.sysctls[${index}].name`
    if (name === '') errors.push(required(path))
    else if (name.length > 253 || !sysctlName.test(name)) errors.push(invalidValue(path, name, sysctlSentence))
    else if (names.has(name)) errors.push(duplicate(path, name))
    if (spec.hostNetwork === true && name.startsWith('net.'))
      errors.push(invalidValue(path, name, "may not be specified when 'hostNetwork' is true"))
    names.add(name)
  }
  const choice = (name: 'fsGroupChangePolicy' | 'supplementalGroupsPolicy' | 'seLinuxChangePolicy', allowed: readonly string[]): void => {
    const value = context[name]
    if (value !== undefined && !allowed.includes(value)) errors.push(notSupported(`${field}.${name}`, value, allowed))
  }
  choice('fsGroupChangePolicy', ['Always', 'OnRootMismatch'])
  checkSeccomp(errors, `${field}.seccompProfile`, context.seccompProfile)
  checkWindowsOptions(errors, `${field}.windowsOptions`, context.windowsOptions)
  checkAppArmor(errors, `${field}.appArmorProfile`, context.appArmorProfile)
  choice('supplementalGroupsPolicy', ['Merge', 'Strict'])
  // MountOption is behind the gate SELinuxMount, which v1.36 leaves off.
  choice('seLinuxChangePolicy', ['Recursive'])
}

const checkWholeResources = (errors: Errors, field: string, spec: LoosePodSpec, claimNames: readonly string[]): void => {
  const { resources } = spec
  if (resources === undefined) return
  const path = `${field}.resources`
  if (resources.claims !== undefined) errors.push(forbiddenField(`${path}.claims`, 'claims cannot be set for Resources at pod-level'))
  checkResources(errors, path, resources, claimNames, true)
  const requests = (resources.requests ?? {}) as Amounts
  const names = [...new Set((spec.containers ?? []).flatMap((container) => Object.keys((container.resources?.requests ?? {}) as Amounts)))]
  for (const name of names) {
    const sum = (spec.containers ?? []).reduce(
      (total, container) => addQuantities(total, quantityOf((container.resources?.requests as Amounts | undefined)?.[name])),
      zeroQuantity,
    )
    const own = requests[name] ?? '0'
    if (compareQuantities(sum, quantityOf(own)) > 0)
      errors.push(
        invalidValue(
          `${path}.requests[${name}]`,
          own,
          `must be greater than or equal to aggregate container requests of ${formatQuantity(sum)}`,
        ),
      )
  }
  const limits = (resources.limits ?? {}) as Amounts
  for (const [index, container] of (spec.containers ?? []).entries()) {
    for (const [name, limit] of Object.entries((container.resources?.limits ?? {}) as Amounts)) {
      const own = limits[name]
      if (own === undefined || compareQuantities(quantityOf(limit), quantityOf(own)) <= 0) continue
      errors.push(invalidValue(`${path}.containers[${index}][${name}].limits`, limit, `must be less than or equal to pod limits of ${own}`))
    }
  }
}

const checkHostNetwork = (errors: Errors, field: string, spec: LoosePodSpec, isPod: boolean): void => {
  if (spec.hostNetwork !== true) return
  for (const [at, container] of (spec.containers ?? []).entries()) {
    for (const [index, port] of (container.ports ?? []).entries()) {
      const [host, own] = [port.hostPort ?? 0, port.containerPort ?? 0]
      if ((isPod || host !== 0) && host !== own)
        errors.push(
          invalidValue(
            `${field}.containers[${at}].ports[${index}].hostPort`,
            host,
            'must match `containerPort` when `hostNetwork` is true',
          ),
        )
    }
  }
}

const checkResourceClaims = (errors: Errors, field: string, claims: NonNullable<LoosePodSpec['resourceClaims']>): void => {
  const names = new Set<string>()
  for (const [index, claim] of claims.entries()) {
    const path = `${field}[${index}]`
    const name = claim.name ?? ''
    if (name === '') errors.push(required(`${path}.name`))
    else if (names.has(name)) errors.push(duplicate(`${path}.name`, name))
    else complain(errors, `${path}.name`, name, dnsLabel(name))
    names.add(name)
    const form = {
      Name: name,
      ResourceClaimName: claim.resourceClaimName ?? null,
      ResourceClaimTemplateName: claim.resourceClaimTemplateName ?? null,
    }
    if (claim.resourceClaimName !== undefined && claim.resourceClaimTemplateName !== undefined)
      errors.push(invalidValue(path, form, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'))
    if (claim.resourceClaimName === undefined && claim.resourceClaimTemplateName === undefined)
      errors.push(invalidValue(path, form, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'))
  }
}

const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const restartPolicies = ['Always', 'OnFailure', 'Never']
const preemptionPolicies = ['PreemptLowerPriority', 'Never']
const noNames: readonly string[] = []

// A template's spec passes with its surroundings: whether it is a Pod's, and the Pod's name (for ephemeral volumes) are part of the judgement.
const soundTemplates = new WeakSet<object>()

const checkName = (errors: Errors, field: string, value: string | undefined, rule: (text: string) => readonly string[]): void => {
  if ((value ?? '') !== '') complain(errors, field, value ?? '', rule(value ?? ''))
}

const checkGates = (errors: Errors, field: string, { readinessGates, schedulingGates }: LoosePodSpec): void => {
  if (readinessGates !== undefined)
    for (const [index, { conditionType = '' }] of readinessGates.entries())
      complain(errors, `${field}.readinessGates[${index}].conditionType`, conditionType, qualifiedName(conditionType))
  if (schedulingGates === undefined) return
  const names = new Set<string>()
  for (const [index, { name = '' }] of schedulingGates.entries()) {
    complain(errors, `${field}.schedulingGates[${index}]`, name, qualifiedName(name))
    if (names.has(name)) errors.push(duplicate(`${field}.schedulingGates[${index}]`, name))
    names.add(name)
  }
}

const checkHostAliases = (errors: Errors, field: string, aliases: NonNullable<LoosePodSpec['hostAliases']>): void => {
  for (const [index, { ip = '', hostnames = [] }] of aliases.entries()) {
    complain(errors, `${field}[${index}].ip`, ip, ipAddress(ip))
    for (const [at, hostname] of hostnames.entries())
      complain(errors, `${field}[${index}].hostnames[${at}]`, hostname, dnsSubdomain(hostname))
  }
}

/** Follows ValidatePodSpec. `podName` is undefined for templates. */
const checkPodSpec = (errors: Errors, field: string, spec: LoosePodSpec, podName: string | undefined): void => {
  if (podName === undefined && soundTemplates.has(spec)) return
  const before = errors.length
  const isPod = podName !== undefined
  const gracePeriod = spec.terminationGracePeriodSeconds
  if (gracePeriod === undefined) errors.push(required(`${field}.terminationGracePeriodSeconds`))
  const volumes = checkVolumes(errors, `${field}.volumes`, spec.volumes, podName)
  const claimNames =
    spec.resourceClaims === undefined
      ? noNames
      : spec.resourceClaims.flatMap(({ name }) => (name === undefined || name === '' ? [] : [name]))
  if (spec.resourceClaims !== undefined) checkResourceClaims(errors, `${field}.resourceClaims`, spec.resourceClaims)
  checkContainers(errors, field, spec, {
    volumes,
    claimNames,
    gracePeriod,
    restartPolicy: spec.restartPolicy ?? '',
    hostUsers: spec.hostUsers !== false,
  })
  checkWholeResources(errors, field, spec, claimNames)
  checkHostNetwork(errors, field, spec, isPod)
  oneOf(errors, `${field}.restartPolicy`, spec.restartPolicy, restartPolicies)
  oneOf(errors, `${field}.dnsPolicy`, spec.dnsPolicy, dnsPolicies)
  checkLabels(errors, `${field}.nodeSelector`, spec.nodeSelector)
  checkPodSecurity(errors, `${field}.securityContext`, spec)
  checkAffinity(errors, `${field}.affinity`, spec.affinity)
  checkDns(errors, `${field}.dnsConfig`, spec)
  checkGates(errors, field, spec)
  if (spec.topologySpreadConstraints !== undefined)
    checkSpread(errors, `${field}.topologySpreadConstraints`, spec.topologySpreadConstraints)
  if (spec.hostUsers === false) {
    if (spec.hostNetwork === true) errors.push(forbiddenField(`${field}.hostNetwork`, 'when `hostUsers` is false'))
    if (spec.hostPID === true) errors.push(forbiddenField(`${field}.HostPID`, 'when `hostUsers` is false'))
    if (spec.hostIPC === true) errors.push(forbiddenField(`${field}.HostIPC`, 'when `hostUsers` is false'))
  }
  checkName(errors, `${field}.serviceAccountName`, spec.serviceAccountName, dnsSubdomain)
  checkName(errors, `${field}.nodeName`, spec.nodeName, dnsSubdomain)
  const deadline = spec.activeDeadlineSeconds
  if (deadline !== undefined && (deadline < 1 || deadline > 2_147_483_647))
    errors.push(invalidValue(`${field}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive'))
  checkName(errors, `${field}.hostname`, spec.hostname, dnsLabel)
  checkName(errors, `${field}.subdomain`, spec.subdomain, dnsLabel)
  checkName(errors, `${field}.hostnameOverride`, spec.hostnameOverride, dnsSubdomain)
  if (spec.tolerations !== undefined) checkTolerations(errors, `${field}.tolerations`, spec.tolerations)
  if (spec.hostAliases !== undefined) checkHostAliases(errors, `${field}.hostAliases`, spec.hostAliases)
  checkName(errors, `${field}.priorityClassName`, spec.priorityClassName, dnsSubdomain)
  if (spec.runtimeClassName !== undefined)
    complain(errors, `${field}.runtimeClassName`, spec.runtimeClassName, dnsSubdomain(spec.runtimeClassName))
  if (spec.preemptionPolicy !== undefined) oneOf(errors, `${field}.preemptionPolicy`, spec.preemptionPolicy, preemptionPolicies)
  if (spec.os !== undefined) {
    const name = spec.os.name ?? ''
    if (name === '') errors.push(required(`${field}.os.name`))
    else if (name !== 'linux' && name !== 'windows') errors.push(notSupported(`${field}.os`, name, ['linux', 'windows']))
  }
  if (!isPod && errors.length === before) soundTemplates.add(spec)
}

const mirror = 'kubernetes.io/config.mirror'
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost'

// Follows ValidatePodSpecificAnnotations.
const checkPodAnnotations = (errors: Errors, field: string, annotations: ObjectMeta['annotations'], spec: LoosePodSpec): void => {
  if (annotations === undefined) return
  const source = annotations[mirror]
  if (source !== undefined && (spec.nodeName ?? '') === '')
    errors.push(invalidValue(`${field}[${mirror}]`, source, 'must set spec.nodeName if mirror pod annotation is set'))
  const cost = annotations[deletionCost]
  if (cost !== undefined && (!/^(0|-?[1-9]\d*)$/.test(cost) || Math.abs(Number(cost)) > 2_147_483_647))
    errors.push(invalidValue(`${field}[${deletionCost}]`, cost, 'must be a 32bit integer'))
}

/** Follows ValidatePodTemplateSpec. */
export const checkPodTemplate = (errors: Errors, field: string, template: Loose<PodTemplateSpec>): void => {
  const { metadata, spec = {} } = template
  checkLabels(errors, `${field}.labels`, metadata?.labels)
  checkAnnotations(errors, `${field}.annotations`, metadata?.annotations)
  checkPodAnnotations(errors, `${field}.annotations`, metadata?.annotations, spec)
  checkPodSpec(errors, `${field}.spec`, spec, undefined)
  if ((spec.ephemeralContainers ?? []).length > 0)
    errors.push(forbiddenField(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'))
}

/** Follows validatePodMetadataAndSpec. */
export const checkPod = (errors: Errors, pod: Loose<Pod>): void => {
  const { metadata, spec = {} } = pod
  checkObjectMeta(errors, metadata as ObjectMeta | undefined, dnsSubdomain)
  checkPodAnnotations(errors, 'metadata.annotations', metadata?.annotations, spec)
  checkPodSpec(errors, 'spec', spec, metadata?.name ?? '')
  if ((spec.serviceAccountName ?? '') === '') {
    for (const [index, volume] of (spec.volumes ?? []).entries()) {
      for (const [at, source] of (volume.projected?.sources ?? []).entries()) {
        if (source.serviceAccountToken !== undefined)
          errors.push(
            forbiddenField(
              `spec.volumes[${index}].projected.sources[${at}].serviceAccountToken`,
              'must not be specified when serviceAccountName is not set',
            ),
          )
      }
    }
  }
  checkImages(errors, 'spec.containers', spec.containers)
  checkImages(errors, 'spec.initContainers', spec.initContainers)
}

/** Follows ValidatePodCreate. */
export const checkNewPod = (errors: Errors, pod: Loose<Pod>): void => {
  checkPod(errors, pod)
  if ((pod.spec?.ephemeralContainers ?? []).length > 0) errors.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'))
  if ((pod.spec?.nodeName ?? '') !== '' && (pod.spec?.schedulingGates ?? []).length > 0)
    errors.push(forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'))
}
