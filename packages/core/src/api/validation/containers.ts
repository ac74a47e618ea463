/** Containers of all three sorts. Follows validateContainers, validateInitContainers and what they call in pkg/apis/core/validation/validation.go. */
import type { Json } from '../../kernel/json.js'
import type { Container, LifecycleHandler, PodSpec, Probe, ResourceRequirements, SecurityContext, Volume } from '../generated/types.js'
import type { Loose } from '../loose.js'
import { compareQuantities, milliValueOf, quantityOf, zeroQuantity } from '../quantity.js'
import { duplicate, forbiddenField, invalidValue, notFoundField, notNegative, notSupported, required, type Errors } from './field-errors.js'
import { internalForm } from './internal-form.js'
import { complain, configKey, dnsLabel, dnsSubdomain, headerName, portName, portNumber, qualifiedName, variableName } from './names.js'
import { checkDescendingPath, checkFieldReference, checkResourceReference } from './volumes.js'

type LooseContainer = Loose<Container>
type Amounts = { readonly [name: string]: string }

/** What containers are checked against. */
export interface ContainerSurroundings {
  readonly volumes: ReadonlyMap<string, Loose<Volume>>
  readonly claimNames: readonly string[]
  readonly gracePeriod: number | undefined
  readonly restartPolicy: string
  readonly hostUsers: boolean
}

/** A check that is run once for each object that passes it. What it looks at must be the object alone. */
interface Once<T extends object> {
  (errors: Errors, field: string, value: T | undefined): void
  /** Whether it is absent or has passed. */
  readonly passed: (value: T | undefined) => boolean
}

const once = <T extends object>(check: (errors: Errors, field: string, value: T) => void): Once<T> => {
  const sound = new WeakSet<object>()
  const run = (errors: Errors, field: string, value: T | undefined): void => {
    if (value === undefined || sound.has(value)) return
    const before = errors.length
    check(errors, field, value)
    if (errors.length === before) sound.add(value)
  }
  return Object.assign(run, { passed: (value: T | undefined) => value === undefined || sound.has(value) })
}

const protocols = ['SCTP', 'TCP', 'UDP']

const checkPorts = once((errors, field, ports: NonNullable<LooseContainer['ports']>) => {
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const path = `${field}[${index}]`
    const name = port.name ?? ''
    if (name !== '') {
      const complaints = portName(name)
      if (complaints.length > 0) complain(errors, `${path}.name`, name, complaints)
      else if (names.has(name)) errors.push(duplicate(`${path}.name`, name))
      else names.add(name)
    }
    const number = port.containerPort ?? 0
    if (number === 0) errors.push(required(`${path}.containerPort`))
    else for (const complaint of portNumber(number)) errors.push(invalidValue(`${path}.containerPort`, number, complaint))
    const hostPort = port.hostPort ?? 0
    if (hostPort !== 0) for (const complaint of portNumber(hostPort)) errors.push(invalidValue(`${path}.hostPort`, hostPort, complaint))
    if ((port.protocol ?? '') === '') errors.push(required(`${path}.protocol`))
    else if (!protocols.includes(port.protocol ?? '')) errors.push(notSupported(`${path}.protocol`, port.protocol ?? '', protocols))
  }
})

type KeyReference = { readonly name?: string; readonly key?: string }

const checkKeyReference = (errors: Errors, field: string, { name = '', key = '' }: KeyReference): void => {
  complain(errors, `${field}.name`, name, dnsSubdomain(name))
  if (key === '') errors.push(required(`${field}.key`))
  else complain(errors, `${field}.key`, key, configKey(key))
}

const checkEnvironment = once((errors, field, variables: NonNullable<LooseContainer['env']>) => {
  for (const [index, variable] of variables.entries()) {
    const path = `${field}[${index}]`
    const name = variable.name ?? ''
    if (name === '') errors.push(required(`${path}.name`))
    else complain(errors, `${path}.name`, name, variableName(name))
    const source = variable.valueFrom
    if (source === undefined) continue
    const from = `${path}.valueFrom`
    if (source.fieldRef !== undefined) checkFieldReference(errors, `${from}.fieldRef`, source.fieldRef, 'environment')
    if (source.resourceFieldRef !== undefined)
      checkResourceReference(errors, `${from}.resourceFieldRef`, source.resourceFieldRef, 'environment')
    if (source.configMapKeyRef !== undefined) checkKeyReference(errors, `${from}.configMapKeyRef`, source.configMapKeyRef)
    if (source.secretKeyRef !== undefined) checkKeyReference(errors, `${from}.secretKeyRef`, source.secretKeyRef)
    const count = Object.keys(source).length
    if (count === 0)
      errors.push(
        invalidValue(from, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'),
      )
    else if ((variable.value ?? '') !== '') errors.push(invalidValue(from, '', 'may not be specified when `value` is not empty'))
    else if (count > 1) errors.push(invalidValue(from, '', 'may not have more than one field specified at a time'))
  }
})

const checkEnvironmentFrom = once((errors, field, sources: NonNullable<LooseContainer['envFrom']>) => {
  for (const [index, source] of sources.entries()) {
    const path = `${field}[${index}]`
    const prefix = source.prefix ?? ''
    if (prefix !== '') complain(errors, `${path}.prefix`, prefix, variableName(prefix))
    let count = 0
    for (const kind of ['configMapRef', 'secretRef'] as const) {
      const reference = source[kind]
      if (reference === undefined) continue
      count += 1
      const name = reference.name ?? ''
      if (name === '') errors.push(required(`${path}.${kind}.name`))
      else complain(errors, `${path}.${kind}.name`, name, dnsSubdomain(name))
    }
    if (count === 0) errors.push(invalidValue(field, '', 'must specify one of: `configMapRef` or `secretRef`'))
    else if (count > 1) errors.push(invalidValue(field, '', 'may not have more than one field specified at a time'))
  }
})

const propagations = ['Bidirectional', 'HostToContainer', 'None']

const checkMounts = (errors: Errors, field: string, container: LooseContainer, volumes: ReadonlyMap<string, Loose<Volume>>): void => {
  const devices = container.volumeDevices ?? []
  const points = new Set<string>()
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const { name = '', mountPath = '', subPath = '', subPathExpr = '' } = mount
    const volume = volumes.get(name)
    if (name === '') errors.push(required(`${field}[${index}].name`))
    if (volume === undefined) errors.push(notFoundField(`${field}[${index}].name`, name))
    if (mountPath === '') errors.push(required(`${field}[${index}].mountPath`))
    if (points.has(mountPath)) errors.push(invalidValue(`${field}[${index}].mountPath`, mountPath, 'must be unique'))
    points.add(mountPath)
    if (devices.some((device) => device.name === name))
      errors.push(invalidValue(`${field}[${index}].name`, name, 'must not already exist in volumeDevices'))
    if (devices.some((device) => device.devicePath === mountPath))
      errors.push(invalidValue(`${field}[${index}].mountPath`, mountPath, 'must not already exist as a path in volumeDevices'))
    if (subPath !== '') checkDescendingPath(errors, `${field}.subPath`, subPath)
    if (subPathExpr !== '') {
      if (subPath !== '')
        errors.push(invalidValue(`${field}[${index}].subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
      checkDescendingPath(errors, `${field}.subPathExpr`, subPathExpr)
    }
    const propagation = mount.mountPropagation
    if (propagation !== undefined) {
      if (!propagations.includes(propagation)) errors.push(notSupported(`${field}.mountPropagation`, propagation, propagations))
      else if (propagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
        errors.push(
          forbiddenField(`${field}.mountPropagation`, 'Bidirectional mount propagation is available only to privileged containers'),
        )
      }
    }
    switch (mount.recursiveReadOnly) {
      case undefined:
      case 'Disabled':
        break
      case 'Enabled':
      case 'IfPossible':
        if (mount.readOnly !== true)
          errors.push(forbiddenField(`${field}.recursiveReadOnly`, 'may only be specified when readOnly is true'))
        if (propagation !== undefined && propagation !== 'None')
          errors.push(forbiddenField(`${field}.recursiveReadOnly`, 'may only be specified when mountPropagation is None or not specified'))
        break
      default:
        errors.push(notSupported(`${field}.recursiveReadOnly`, mount.recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible']))
    }
  }
}

const checkDevices = (errors: Errors, field: string, container: LooseContainer, volumes: ReadonlyMap<string, Loose<Volume>>): void => {
  const mounts = container.volumeMounts ?? []
  const [names, paths] = [new Set<string>(), new Set<string>()]
  for (const [index, device] of (container.volumeDevices ?? []).entries()) {
    const { name = '', devicePath = '' } = device
    const [namePath, pathPath] = [`${field}[${index}].name`, `${field}[${index}].devicePath`]
    const volume = volumes.get(name)
    if (name === '') errors.push(required(namePath))
    if (names.has(name)) errors.push(invalidValue(namePath, name, 'must be unique'))
    if (volume === undefined) errors.push(notFoundField(namePath, name))
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      errors.push(invalidValue(namePath, name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'))
    }
    if (devicePath === '') errors.push(required(pathPath))
    if (paths.has(devicePath)) errors.push(invalidValue(pathPath, devicePath, 'must be unique'))
    if (devicePath.split('/').includes('..')) errors.push(invalidValue(pathPath, devicePath, "can not contain backsteps ('..')"))
    else paths.add(devicePath)
    if (mounts.some((mount) => mount.name === name)) errors.push(invalidValue(namePath, name, 'must not already exist in volumeMounts'))
    if (mounts.some((mount) => mount.mountPath === devicePath))
      errors.push(invalidValue(pathPath, devicePath, 'must not already exist as a path in volumeMounts'))
    if (name !== '') names.add(name)
  }
}

// ---------------------------------------------------------------- resources

const containerResources: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage'])
const otherStandardResources: ReadonlySet<string> = new Set([
  'storage',
  'pods',
  'services',
  'resourcequotas',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
])

const isHuge = (name: string): boolean => name.startsWith('hugepages-')
const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/')
/** Follows IsExtendedResourceName. */
const isExtendedResource = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0
const mayExceed = (name: string): boolean => isNative(name) && !isHuge(name)

// Follows validateContainerResourceName.
const checkResourceName = (errors: Errors, field: string, name: string): void => {
  const complaints = qualifiedName(name)
  complain(errors, field, name, complaints)
  if (
    complaints.length === 0 &&
    !name.includes('/') &&
    !containerResources.has(name) &&
    !otherStandardResources.has(name) &&
    !isHuge(name)
  ) {
    errors.push(invalidValue(field, name, 'must be a standard resource type or fully qualified'))
  }
  if (!name.includes('/')) {
    if (!containerResources.has(name) && !isHuge(name)) errors.push(invalidValue(field, name, 'must be a standard resource for containers'))
  } else if (!isNative(name) && !isExtendedResource(name))
    errors.push(invalidValue(field, name, "doesn't follow extended resource name standard"))
}

/** Follows ValidateResourceQuantityValue. */
const checkAmount = (errors: Errors, field: string, name: string, amount: string): void => {
  const quantity = quantityOf(amount)
  if (compareQuantities(quantity, zeroQuantity) < 0) errors.push(invalidValue(field, amount, 'must be greater than or equal to 0'))
  if (isExtendedResource(name) && milliValueOf(quantity) % 1_000 !== 0) errors.push(invalidValue(field, amount, 'must be an integer'))
}

const namesOf = (amounts: Amounts | undefined): readonly string[] =>
  Object.keys(amounts ?? {}).sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))

const wholePodResources = ['cpu', 'hugepages-', 'memory']

const checkWholePodName = (errors: Errors, field: string, name: string): void => {
  if (name !== 'cpu' && name !== 'memory' && !isHuge(name)) errors.push(notSupported(field, name, wholePodResources))
}

/** Follows validateResourceRequirements; for a Pod as a whole other names are allowed. */
export const checkResources = (
  errors: Errors,
  field: string,
  resources: Loose<ResourceRequirements> | undefined,
  claimNames: readonly string[],
  whole = false,
): void => {
  if (resources === undefined) return
  const limits = resources.limits as Amounts | undefined
  const requests = resources.requests as Amounts | undefined
  const checkName = whole ? checkWholePodName : checkResourceName
  let [basic, huge] = [false, false]
  for (const name of namesOf(limits)) {
    const path = `${field}.limits[${name}]`
    checkName(errors, path, name)
    checkAmount(errors, path, name, limits?.[name] ?? '0')
    basic ||= name === 'cpu' || name === 'memory'
    huge ||= isHuge(name)
  }
  for (const name of namesOf(requests)) {
    const path = `${field}.requests[${name}]`
    const [request, limit] = [requests?.[name] ?? '0', limits?.[name]]
    checkName(errors, path, name)
    checkAmount(errors, path, name, request)
    if (limit !== undefined) {
      const order = compareQuantities(quantityOf(request), quantityOf(limit))
      if (order !== 0 && !mayExceed(name))
        errors.push(invalidValue(`${field}.requests`, request, `must be equal to ${name} limit of ${limit}`))
      else if (order > 0) errors.push(invalidValue(`${field}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`))
    } else if (!mayExceed(name)) errors.push(required(`${field}.limits`, 'Limit must be set for non overcommitable resources'))
    basic ||= name === 'cpu' || name === 'memory'
    huge ||= isHuge(name)
  }
  if (huge && !basic) errors.push(forbiddenField(field, 'HugePages require cpu or memory'))
  const names = new Set<string>()
  for (const [index, { name = '' }] of (resources.claims ?? []).entries()) {
    const path = `${field}.claims[${index}]`
    if (name === '') {
      errors.push(required(path))
      continue
    }
    if (names.has(name)) errors.push(duplicate(path, name))
    names.add(name)
    if (!claimNames.includes(name)) {
      errors.push(
        notFoundField(
          path,
          name,
          `must be one of the names in pod.spec.resourceClaims${claimNames.length === 0 ? ' which is empty' : `: ${[...claimNames].sort((left, right) => (left < right ? -1 : 1)).join(', ')}`}`,
        ),
      )
    }
  }
}

const checkPlainResources = once((errors, field, resources: Loose<ResourceRequirements>) => checkResources(errors, field, resources, []))

const resizable = ['cpu', 'memory']
const resizePolicies = ['NotRequired', 'RestartContainer']

const checkResizePolicy = (errors: Errors, field: string, policies: LooseContainer['resizePolicy'], restartPolicy: string): void => {
  const seen = new Set<string>()
  for (const [index, { resourceName = '', restartPolicy: policy = '' }] of (policies ?? []).entries()) {
    if (seen.has(resourceName)) errors.push(duplicate(`${field}[${index}]`, resourceName))
    seen.add(resourceName)
    if (resourceName === '') errors.push(required(field))
    else if (!resizable.includes(resourceName)) errors.push(notSupported(field, resourceName, resizable))
    if (policy === '') errors.push(required(field))
    else if (!resizePolicies.includes(policy)) errors.push(notSupported(field, policy, resizePolicies))
    if (restartPolicy === 'Never' && policy !== 'NotRequired')
      errors.push(invalidValue(field, policy, "must be 'NotRequired' when `restartPolicy` is 'Never'"))
  }
}

// ---------------------------------------------------------------- security

export const checkId = (errors: Errors, field: string, id: number | undefined): void => {
  if (id !== undefined && (id < 0 || id > 2_147_483_647))
    errors.push(invalidValue(field, id, 'must be between 0 and 2147483647, inclusive'))
}

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined']

type Profile = { readonly type?: string; readonly localhostProfile?: string }

/** Follows validateSeccompProfileField. */
export const checkSeccomp = (errors: Errors, field: string, profile: Profile | undefined): void => {
  if (profile === undefined) return
  const { type = '', localhostProfile } = profile
  if (type === '') errors.push(required(`${field}.type`, 'type is required when seccompProfile is set'))
  else if (!profileTypes.includes(type)) errors.push(notSupported(`${field}.type`, type, profileTypes))
  if (type === 'Localhost') {
    if (localhostProfile === undefined) errors.push(required(`${field}.localhostProfile`, 'must be set when seccomp type is Localhost'))
    else checkDescendingPath(errors, `${field}.localhostProfile`, localhostProfile)
  } else if (localhostProfile !== undefined) {
    errors.push(
      invalidValue(`${field}.localhostProfile`, internalForm(profile, 'SeccompProfile'), 'can only be set when seccomp type is Localhost'),
    )
  }
}

/** Follows ValidateAppArmorProfileField. */
export const checkAppArmor = (errors: Errors, field: string, profile: Profile | undefined): void => {
  if (profile === undefined) return
  const { type = '', localhostProfile } = profile
  const path = `${field}.localhostProfile`
  switch (type) {
    case 'Localhost':
      if (localhostProfile === undefined) errors.push(required(path, 'must be set when AppArmor type is Localhost'))
      else if (localhostProfile.trim() !== localhostProfile)
        errors.push(invalidValue(path, localhostProfile, 'must not be padded with whitespace'))
      else if (localhostProfile === '') errors.push(required(path, 'must be set when AppArmor type is Localhost'))
      break
    case 'RuntimeDefault':
    case 'Unconfined':
      if (localhostProfile !== undefined)
        errors.push(invalidValue(path, localhostProfile, 'can only be set when AppArmor type is Localhost'))
      break
    case '':
      errors.push(required(`${field}.type`, 'type is required when appArmorProfile is set'))
      break
    default:
      errors.push(notSupported(`${field}.type`, type, profileTypes))
  }
}

type WindowsOptions = NonNullable<Loose<SecurityContext>['windowsOptions']>

/** Follows validateWindowsSecurityContextOptions, as far as empty texts go. */
export const checkWindowsOptions = (errors: Errors, field: string, options: WindowsOptions | undefined): void => {
  if (options?.gmsaCredentialSpecName !== undefined)
    complain(errors, `${field}.gmsaCredentialSpecName`, options.gmsaCredentialSpecName, dnsSubdomain(options.gmsaCredentialSpecName))
  if (options?.gmsaCredentialSpec === '')
    errors.push(invalidValue(`${field}.gmsaCredentialSpec`, '', 'gmsaCredentialSpec cannot be an empty string'))
  if (options?.runAsUserName === '') errors.push(invalidValue(`${field}.runAsUserName`, '', 'runAsUserName cannot be an empty string'))
}

// Follows ValidateSecurityContext.
const checkSecurity = (errors: Errors, field: string, context: Loose<SecurityContext> | undefined, hostUsers: boolean): void => {
  if (context === undefined) return
  checkId(errors, `${field}.runAsUser`, context.runAsUser)
  checkId(errors, `${field}.runAsGroup`, context.runAsGroup)
  if (context.procMount !== undefined) {
    if (context.procMount !== 'Default' && context.procMount !== 'Unmasked')
      errors.push(notSupported(`${field}.procMount`, context.procMount, ['Default', 'Unmasked']))
    else if (hostUsers && context.procMount === 'Unmasked')
      errors.push(invalidValue(`${field}.procMount`, context.procMount, '`hostUsers` must be false to use `Unmasked`'))
  }
  if (context.allowPrivilegeEscalation === false) {
    const whole = (): Json => internalForm(context, 'SecurityContext')
    if (context.privileged === true)
      errors.push(invalidValue(field, whole(), 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN') === true)
      errors.push(invalidValue(field, whole(), 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'))
  }
  checkSeccomp(errors, `${field}.seccompProfile`, context.seccompProfile)
  checkAppArmor(errors, `${field}.appArmorProfile`, context.appArmorProfile)
  checkWindowsOptions(errors, `${field}.windowsOptions`, context.windowsOptions)
}

// ---------------------------------------------------------------- probes and hooks

/** Follows ValidatePortNumOrName. */
export const checkPortReference = (errors: Errors, field: string, port: number | string | undefined): void => {
  if (typeof port === 'string') complain(errors, field, port, portName(port))
  else for (const complaint of portNumber(port ?? 0)) errors.push(invalidValue(field, port ?? 0, complaint))
}

type Handler = Loose<LifecycleHandler> & Pick<Loose<Probe>, 'grpc'>

const handlerNames = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const

// Follows validateHandler.
const checkHandler = (errors: Errors, field: string, handler: Handler, gracePeriod: number | undefined): void => {
  let count = 0
  for (const name of handlerNames) {
    if (handler[name] === undefined) continue
    const path = `${field}.${name}`
    if (count > 0) {
      errors.push(forbiddenField(path, 'may not specify more than 1 handler type'))
      continue
    }
    count += 1
    switch (name) {
      case 'exec':
        if ((handler.exec?.command ?? []).length === 0) errors.push(required(`${path}.command`))
        break
      case 'httpGet': {
        const { path: target = '', port, scheme = '', httpHeaders = [] } = handler.httpGet ?? {}
        if (target === '') errors.push(required(`${path}.path`))
        checkPortReference(errors, `${path}.port`, port)
        if (scheme !== 'HTTP' && scheme !== 'HTTPS') errors.push(notSupported(`${path}.scheme`, scheme, ['HTTP', 'HTTPS']))
        for (const header of httpHeaders) complain(errors, `${path}.httpHeaders`, header.name ?? '', headerName(header.name ?? ''))
        break
      }
      case 'tcpSocket':
        checkPortReference(errors, `${path}.port`, handler.tcpSocket?.port)
        break
      case 'grpc':
        checkPortReference(errors, `${path}.port`, handler.grpc?.port)
        break
      case 'sleep': {
        const seconds = handler.sleep?.seconds ?? 0
        if (gracePeriod !== undefined && (seconds < 0 || seconds > gracePeriod)) {
          errors.push(invalidValue(path, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`))
        }
      }
    }
  }
  if (count === 0) errors.push(required(field, 'must specify a handler type'))
}

const checkAnyProbe = (errors: Errors, field: string, probe: Loose<Probe>): void => {
  checkHandler(errors, field, probe, undefined)
  notNegative(errors, `${field}.initialDelaySeconds`, probe.initialDelaySeconds)
  notNegative(errors, `${field}.timeoutSeconds`, probe.timeoutSeconds)
  notNegative(errors, `${field}.periodSeconds`, probe.periodSeconds)
  notNegative(errors, `${field}.successThreshold`, probe.successThreshold)
  notNegative(errors, `${field}.failureThreshold`, probe.failureThreshold)
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace <= 0)
    errors.push(invalidValue(`${field}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'))
}

const checkStrictProbe = once((errors, field, probe: Loose<Probe>) => {
  checkAnyProbe(errors, field, probe)
  if (probe.successThreshold !== 1) errors.push(invalidValue(`${field}.successThreshold`, probe.successThreshold ?? 0, 'must be 1'))
})

const checkReadinessProbe = once((errors, field, probe: Loose<Probe>) => {
  checkAnyProbe(errors, field, probe)
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined) errors.push(invalidValue(`${field}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes'))
})

const checkProbes = (errors: Errors, path: string, container: LooseContainer, { gracePeriod }: ContainerSurroundings): void => {
  const { lifecycle } = container
  if (lifecycle?.postStart !== undefined) checkHandler(errors, `${path}.lifecycle.postStart`, lifecycle.postStart, gracePeriod)
  if (lifecycle?.preStop !== undefined) checkHandler(errors, `${path}.lifecycle.preStop`, lifecycle.preStop, gracePeriod)
  checkStrictProbe(errors, `${path}.livenessProbe`, container.livenessProbe)
  checkReadinessProbe(errors, `${path}.readinessProbe`, container.readinessProbe)
  checkStrictProbe(errors, `${path}.startupProbe`, container.startupProbe)
}

// ---------------------------------------------------------------- containers

const pullPolicies = ['Always', 'IfNotPresent', 'Never']
const messagePolicies = ['File', 'FallbackToLogsOnError']
const restartPolicies = ['Always', 'Never', 'OnFailure']

// Whether a container of a Pod from a template surely passes: its parts are the template's, which have passed, and its mounts are plain. Says no
// in doubt. (Each Pod's containers are new objects, for the mount of its token.)
const surelyPasses = (container: LooseContainer, { volumes }: ContainerSurroundings): boolean => {
  if (
    container.securityContext !== undefined ||
    container.volumeDevices !== undefined ||
    container.lifecycle !== undefined ||
    container.restartPolicy !== undefined ||
    container.restartPolicyRules !== undefined ||
    container.resources?.claims !== undefined ||
    container.resizePolicy !== undefined ||
    (container.image ?? '') === '' ||
    !messagePolicies.includes(container.terminationMessagePolicy ?? '') ||
    !pullPolicies.includes(container.imagePullPolicy ?? '') ||
    dnsLabel(container.name ?? '').length > 0 ||
    !checkPorts.passed(container.ports) ||
    !checkEnvironment.passed(container.env) ||
    !checkEnvironmentFrom.passed(container.envFrom) ||
    !checkPlainResources.passed(container.resources) ||
    !checkStrictProbe.passed(container.livenessProbe) ||
    !checkReadinessProbe.passed(container.readinessProbe) ||
    !checkStrictProbe.passed(container.startupProbe)
  ) {
    return false
  }
  const mounts = container.volumeMounts ?? noMounts
  for (let index = 0; index < mounts.length; index += 1) {
    const mount = mounts[index] ?? {}
    if ((mount.subPath ?? mount.subPathExpr ?? mount.mountPropagation ?? mount.recursiveReadOnly) !== undefined) return false
    if ((mount.mountPath ?? '') === '' || (mount.name ?? '') === '' || !volumes.has(mount.name ?? '')) return false
    for (let other = 0; other < index; other += 1) if (mounts[other]?.mountPath === mount.mountPath) return false
  }
  return true
}

const noMounts: NonNullable<LooseContainer['volumeMounts']> = []

// Follows validateContainerCommon.
const checkCommon = (errors: Errors, path: string, container: LooseContainer, surroundings: ContainerSurroundings): void => {
  const { name = '', terminationMessagePolicy = '', imagePullPolicy = '' } = container
  if (name === '') errors.push(required(`${path}.name`))
  else complain(errors, `${path}.name`, name, dnsLabel(name))
  if ((container.image ?? '') === '') errors.push(required(`${path}.image`))
  if (terminationMessagePolicy === '') errors.push(required(`${path}.terminationMessagePolicy`))
  else if (!messagePolicies.includes(terminationMessagePolicy))
    errors.push(notSupported(`${path}.terminationMessagePolicy`, terminationMessagePolicy, messagePolicies))
  checkPorts(errors, `${path}.ports`, container.ports)
  checkEnvironment(errors, `${path}.env`, container.env)
  checkEnvironmentFrom(errors, `${path}.envFrom`, container.envFrom)
  checkMounts(errors, `${path}.volumeMounts`, container, surroundings.volumes)
  checkDevices(errors, `${path}.volumeDevices`, container, surroundings.volumes)
  if (imagePullPolicy === '') errors.push(required(`${path}.imagePullPolicy`))
  else if (!pullPolicies.includes(imagePullPolicy)) errors.push(notSupported(`${path}.imagePullPolicy`, imagePullPolicy, pullPolicies))
  if (container.resources?.claims === undefined) checkPlainResources(errors, `${path}.resources`, container.resources)
  else checkResources(errors, `${path}.resources`, container.resources, surroundings.claimNames)
  checkResizePolicy(errors, `${path}.resizePolicy`, container.resizePolicy, surroundings.restartPolicy)
  checkSecurity(errors, `${path}.securityContext`, container.securityContext, surroundings.hostUsers)
}

// Follows validateContainerRestartPolicy.
const checkContainerRestart = (errors: Errors, path: string, container: LooseContainer): void => {
  const policy = container.restartPolicy
  if (policy !== undefined && !restartPolicies.includes(policy)) errors.push(notSupported(`${path}.restartPolicy`, policy, restartPolicies))
  if (container.restartPolicyRules === undefined) return
  if (policy === undefined) errors.push(required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used'))
  for (const [index, rule] of container.restartPolicyRules.entries()) {
    const rulePath = `${path}.restartPolicyRules[${index}]`
    if (rule.action !== 'Restart' && rule.action !== 'RestartAllContainers')
      errors.push(notSupported(`${rulePath}.action`, rule.action ?? '', ['Restart']))
    if (rule.exitCodes === undefined) errors.push(required(`${rulePath}.exitCodes`, 'must be specified'))
  }
}

// Follows checkHostPortConflicts.
const checkHostPorts = (errors: Errors, field: string, containers: readonly LooseContainer[]): void => {
  const seen = new Set<string>()
  for (const [at, container] of containers.entries()) {
    for (const [index, port] of (container.ports ?? []).entries()) {
      if ((port.hostPort ?? 0) === 0) continue
      const key = `${port.protocol ?? ''}/${port.hostIP ?? ''}/${port.hostPort ?? 0}`
      if (seen.has(key)) errors.push(duplicate(`${field}[${at}].ports[${index}].hostPort`, key))
      seen.add(key)
    }
  }
}

const initOnly = 'may not be set for init containers without restartPolicy=Always'

/** All containers of the spec, in the server's order. */
export const checkContainers = (errors: Errors, field: string, spec: Loose<PodSpec>, surroundings: ContainerSurroundings): void => {
  const containers = spec.containers ?? []
  const names = new Set<string>()
  if (containers.length === 0) errors.push(required(`${field}.containers`))
  let hostPorts = false
  for (const [index, container] of containers.entries()) {
    const name = container.name ?? ''
    const sound = surelyPasses(container, surroundings)
    if (!sound) checkCommon(errors, `${field}.containers[${index}]`, container, surroundings)
    if (names.has(name)) errors.push(duplicate(`${field}.containers[${index}].name`, name))
    names.add(name)
    hostPorts ||= container.ports?.some(({ hostPort }) => (hostPort ?? 0) !== 0) === true
    if (sound) continue
    checkProbes(errors, `${field}.containers[${index}]`, container, surroundings)
    checkContainerRestart(errors, `${field}.containers[${index}]`, container)
  }
  if (hostPorts) checkHostPorts(errors, `${field}.containers`, containers)
  for (const [index, container] of (spec.initContainers ?? []).entries()) {
    const path = `${field}.initContainers[${index}]`
    checkCommon(errors, path, container, surroundings)
    checkContainerRestart(errors, path, container)
    const name = container.name ?? ''
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name))
    else if (name !== '') names.add(name)
    checkHostPorts(errors, `${field}.initContainers`, [container])
    if (container.restartPolicy === 'Always') checkProbes(errors, path, container, surroundings)
    else
      for (const probe of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
        if (container[probe] !== undefined) errors.push(forbiddenField(`${path}.${probe}`, initOnly))
  }
  for (const [index, container] of (spec.ephemeralContainers ?? []).entries()) {
    const path = `${field}.ephemeralContainers[${index}]`
    // An ephemeral container is a container with one more field.
    checkCommon(errors, path, container as LooseContainer, surroundings)
    const name = container.name ?? ''
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name))
    names.add(name)
    const target = container.targetContainerName ?? ''
    if (target !== '' && ![...containers, ...(spec.initContainers ?? [])].some((other) => other.name === target))
      errors.push(notFoundField(`${path}.targetContainerName`, target))
    for (const forbidden of [
      'ports',
      'livenessProbe',
      'readinessProbe',
      'startupProbe',
      'lifecycle',
      'resizePolicy',
      'restartPolicy',
    ] as const) {
      if (container[forbidden] !== undefined)
        errors.push(forbiddenField(`${path}.${forbidden}`, 'cannot be set for an Ephemeral Container'))
    }
  }
}

/** What is asked of the images of Pods, but not of templates. Follows validateContainersOnlyForPod. */
export const checkImages = (errors: Errors, field: string, containers: readonly LooseContainer[] | undefined): void => {
  for (const [index, { image = '' }] of (containers ?? []).entries()) {
    if (image.trim() !== image) errors.push(invalidValue(`${field}[${index}].image`, image, 'must not have leading or trailing whitespace'))
  }
}
