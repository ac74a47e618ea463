/** Defaults of Pods and of everything that contains a Pod's spec. Follows pkg/apis/core/v1/defaults.go and zz_generated.defaults.go (v1.36). */
import type {
  Container,
  EphemeralContainer,
  LifecycleHandler,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
  Volume,
} from '../generated/types.js'
import type { Loose } from '../loose.js'
import { addQuantities, compareQuantities, formatQuantity, quantityOf, type Quantity } from '../quantity.js'
import { each, filled, remembered, replaced, settling, within } from './shared-structure.js'
import { inStoredForm } from './stored-form.js'

type LooseContainer = Loose<Container>
type LooseVolume = Loose<Volume>
type LoosePodSpec = Loose<PodSpec>

const imageReference =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*(?::(\w[\w.-]{0,127}))?(@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$/

// Follows ParseImageName in pkg/util/parsers: without tag and digest the tag is `latest`; a text that names no image has no tag.
const isLatest = (image: string): boolean => {
  const match = imageReference.exec(image)
  return match !== null && (match[1] === 'latest' || (match[1] === undefined && match[2] === undefined))
}

const pullPolicyOf = (image: string): string => (isLatest(image) ? 'Always' : 'IfNotPresent')

const defaultPort = (port: NonNullable<LooseContainer['ports']>[number]): typeof port => filled(port, { protocol: 'TCP' })

const defaultVariable = (variable: NonNullable<LooseContainer['env']>[number]): typeof variable =>
  within(variable, 'valueFrom', (source) =>
    within(
      within(
        within(source, 'fieldRef', (reference) => filled(reference, { apiVersion: 'v1' })),
        'resourceFieldRef',
        (reference) => filled(reference, { divisor: '0' }),
      ),
      'fileKeyRef',
      (reference) => filled(reference, { optional: false }),
    ),
  )

type HttpGet = NonNullable<Loose<Probe>['httpGet']>
const defaultHttpGet = (action: HttpGet): HttpGet => filled(action, { path: '/', scheme: 'HTTP' })

const defaultProbe = (probe: Loose<Probe>): Loose<Probe> =>
  within(
    within(filled(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }), 'httpGet', defaultHttpGet),
    'grpc',
    (action) => filled(action, { service: '' }),
  )

const defaultHandler = (handler: Loose<LifecycleHandler>): Loose<LifecycleHandler> => within(handler, 'httpGet', defaultHttpGet)

// stopSignal is behind the gate ContainerStopSignals, which v1.36 leaves off. Follows dropContainerStopSignals in pkg/api/pod/util.go.
const withoutStopSignal = (container: LooseContainer): LooseContainer => {
  if (container.lifecycle?.stopSignal === undefined) return container
  const { stopSignal: _, ...lifecycle } = container.lifecycle
  if (Object.keys(lifecycle).length > 0) return { ...container, lifecycle }
  const { lifecycle: __, ...rest } = container
  return rest
}

const emptyResources: Loose<ResourceRequirements> = {}

const containerDefaults = settling((sent: LooseContainer): LooseContainer => {
  let container = inStoredForm(sent, 'Container')
  container = filled(container, {
    imagePullPolicy: pullPolicyOf(container.image ?? ''),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    resources: emptyResources,
  })
  container = within(container, 'ports', (ports) => each(ports, defaultPort))
  container = within(container, 'env', (variables) => each(variables, defaultVariable))
  container = within(container, 'livenessProbe', defaultProbe)
  container = within(container, 'readinessProbe', defaultProbe)
  container = within(container, 'startupProbe', defaultProbe)
  container = withoutStopSignal(container)
  return within(container, 'lifecycle', (lifecycle) => within(within(lifecycle, 'postStart', defaultHandler), 'preStop', defaultHandler))
})

const defaultEphemeralContainer = (sent: Loose<EphemeralContainer>): Loose<EphemeralContainer> =>
  // An ephemeral container is a container with one more field.
  containerDefaults.look(sent as LooseContainer) as Loose<EphemeralContainer>

const defaultMode = { defaultMode: 0o644 }

type DownwardItem = NonNullable<NonNullable<LooseVolume['downwardAPI']>['items']>[number]
const defaultDownwardItem = (item: DownwardItem): DownwardItem =>
  within(
    within(item, 'fieldRef', (reference) => filled(reference, { apiVersion: 'v1' })),
    'resourceFieldRef',
    (reference) => filled(reference, { divisor: '0' }),
  )

type Projection = NonNullable<NonNullable<LooseVolume['projected']>['sources']>[number]
const defaultProjection = (source: Projection): Projection =>
  within(
    within(source, 'downwardAPI', (projection) => within(projection, 'items', (items) => each(items, defaultDownwardItem))),
    'serviceAccountToken',
    (token) => filled(token, { expirationSeconds: 3600 }),
  )

/** Of the volume sources that Pods and PersistentVolumes share. */
export const defaultVolumeSource = <T extends Pick<LooseVolume, 'hostPath' | 'iscsi' | 'rbd' | 'azureDisk' | 'scaleIO'>>(volume: T): T => {
  let next: typeof volume = within(volume, 'hostPath', (source) => filled(source, { type: '' }))
  next = within(next, 'iscsi', (source) => filled(source, { iscsiInterface: 'default' }))
  next = within(next, 'rbd', (source) => filled(source, { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' }))
  next = within(next, 'azureDisk', (source) =>
    filled(source, { cachingMode: 'ReadWrite', kind: 'Shared', fsType: 'ext4', readOnly: false }),
  )
  return within(next, 'scaleIO', (source) => filled(source, { storageMode: 'ThinProvisioned', fsType: 'xfs' }))
}

const volumeDefaults = settling((sent: LooseVolume): LooseVolume => {
  let volume = inStoredForm(sent, 'Volume')
  let sources = 0
  for (const name in volume) if (name !== 'name') sources += 1
  if (sources === 0) volume = { ...volume, emptyDir: {} }
  volume = within(volume, 'image', (source) =>
    source.pullPolicy === undefined ? { ...source, pullPolicy: pullPolicyOf(source.reference ?? '') } : source,
  )
  volume = defaultVolumeSource(volume)
  volume = within(volume, 'secret', (source) => filled(source, defaultMode))
  volume = within(volume, 'configMap', (source) => filled(source, defaultMode))
  volume = within(volume, 'downwardAPI', (source) =>
    within(filled(source, defaultMode), 'items', (items) => each(items, defaultDownwardItem)),
  )
  volume = within(volume, 'projected', (source) => within(filled(source, defaultMode), 'sources', (list) => each(list, defaultProjection)))
  return within(volume, 'ephemeral', (source) =>
    within(source, 'volumeClaimTemplate', (template) =>
      within(filled(template, { metadata: {}, spec: {} }), 'spec', (spec) => filled(spec, { volumeMode: 'Filesystem', resources: {} })),
    ),
  )
})

const emptySecurityContext = {}

/** Follows SetDefaults_PodSpec, and the conversion that keeps `serviceAccount` equal to `serviceAccountName`. */
const defaultPodSpec = (sent: LoosePodSpec, parts: 'keep' | 'look'): LoosePodSpec => {
  let spec = inStoredForm(sent, 'PodSpec')
  const serviceAccountName = spec.serviceAccountName ?? spec.serviceAccount
  spec = replaced(spec, serviceAccountName === undefined ? {} : { serviceAccountName, serviceAccount: serviceAccountName })
  spec = filled(spec, {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    securityContext: emptySecurityContext,
    terminationGracePeriodSeconds: 30,
    schedulerName: 'default-scheduler',
  })
  spec = within(spec, 'volumes', (volumes) => each(volumes, volumeDefaults[parts]))
  spec = within(spec, 'initContainers', (containers) => each(containers, containerDefaults[parts]))
  spec = within(spec, 'containers', (containers) => each(containers, containerDefaults[parts]))
  return within(spec, 'ephemeralContainers', (containers) => each(containers, defaultEphemeralContainer))
}

type Quantities = { readonly [name: string]: string }

const requestsFromLimits = (container: LooseContainer): LooseContainer =>
  container.resources?.limits === undefined ? container : requestsOf(container)

const requestsOf = remembered((container: LooseContainer): LooseContainer => {
  const limits = container.resources?.limits as Quantities | undefined
  if (limits === undefined) return container
  const requests = filled((container.resources?.requests ?? {}) as Quantities, limits)
  return requests === container.resources?.requests ? container : { ...container, resources: { ...container.resources, requests } }
})

const hostPorts = (container: LooseContainer): LooseContainer =>
  within(container, 'ports', (ports) =>
    each(ports, (port) => (port.containerPort === undefined ? port : filled(port, { hostPort: port.containerPort }))),
  )

/** Follows SetDefaults_Pod. */
const defaultSpecOfPod = (sent: LoosePodSpec): LoosePodSpec => {
  let spec = defaultPodSpec(sent, 'look')
  spec = within(spec, 'containers', (containers) => each(containers, requestsFromLimits))
  spec = within(spec, 'initContainers', (containers) => each(containers, requestsFromLimits))
  spec = withPodResources(spec)
  spec = filled(spec, { enableServiceLinks: true })
  if (spec.hostNetwork !== true) return spec
  spec = within(spec, 'containers', (containers) => each(containers, hostPorts))
  return within(spec, 'initContainers', (containers) => each(containers, hostPorts))
}

// Follows defaultPodRequests and defaultPodLimits (gate PodLevelResources), for the resources that may be set on a Pod as a whole.
const forWholePods = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')

/** What all containers ask for together; sidecars count with the containers, other init containers one at a time. Follows AggregateContainerRequests. */
const sumOver = (spec: LoosePodSpec, side: 'requests' | 'limits', name: string): Quantity | undefined => {
  let sum: Quantity | undefined
  let peak: Quantity | undefined
  const of = (container: LooseContainer): Quantity | undefined => {
    const amount = (container.resources?.[side] as Quantities | undefined)?.[name]
    return amount === undefined ? undefined : quantityOf(amount)
  }
  const plus = (left: Quantity | undefined, right: Quantity | undefined): Quantity | undefined =>
    left === undefined ? right : right === undefined ? left : addQuantities(left, right)
  let sidecars: Quantity | undefined
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') sidecars = plus(sidecars, of(container))
    const now = container.restartPolicy === 'Always' ? sidecars : plus(sidecars, of(container))
    if (now !== undefined && (peak === undefined || compareQuantities(now, peak) > 0)) peak = now
  }
  sum = sidecars
  for (const container of spec.containers ?? []) sum = plus(sum, of(container))
  if (sum === undefined) return peak
  return peak !== undefined && compareQuantities(peak, sum) > 0 ? peak : sum
}

const namesIn = (spec: LoosePodSpec, side: 'requests' | 'limits'): readonly string[] => [
  ...new Set(
    [...(spec.initContainers ?? []), ...(spec.containers ?? [])].flatMap((container) =>
      Object.keys((container.resources?.[side] ?? {}) as Quantities),
    ),
  ),
]

const withPodResources = (spec: LoosePodSpec): LoosePodSpec => {
  if (spec.resources === undefined) return spec
  const limits = (spec.resources.limits ?? {}) as Quantities
  const requests = (spec.resources.requests ?? {}) as Quantities
  if (Object.keys(limits).length > 0) {
    const wanted: { [name: string]: string } = {}
    for (const name of namesIn(spec, 'requests')) {
      const sum = forWholePods(name) && !name.startsWith('hugepages-') ? sumOver(spec, 'requests', name) : undefined
      if (sum !== undefined) wanted[name] = formatQuantity(sum)
    }
    for (const [name, limit] of Object.entries(limits)) if (forWholePods(name)) wanted[name] ??= limit
    const next = filled(requests, wanted)
    return next === requests ? spec : { ...spec, resources: { ...spec.resources, requests: next } }
  }
  if (Object.keys(requests).length === 0) return spec
  const wanted: { [name: string]: string } = {}
  for (const name of namesIn(spec, 'limits')) {
    if (name !== 'cpu' && name !== 'memory') continue
    const all = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].every(
      (container) => (container.resources?.limits as Quantities | undefined)?.[name] !== undefined,
    )
    const sum = all ? sumOver(spec, 'limits', name) : undefined
    if (sum !== undefined) wanted[name] = formatQuantity(sum)
  }
  return Object.keys(wanted).length === 0 ? spec : { ...spec, resources: { ...spec.resources, limits: wanted } }
}

export const defaultedPodSpec = (spec: PodSpec): PodSpec => defaultSpecOfPod(spec as LoosePodSpec) as PodSpec

const templateDefaults = settling((sent: Loose<PodTemplateSpec>): Loose<PodTemplateSpec> => {
  const template = filled(inStoredForm(sent, 'PodTemplateSpec'), { metadata: {}, spec: { containers: [] } })
  return within(template, 'spec', (spec) => defaultPodSpec(spec, 'keep'))
})

/** A Pod template as it is stored in a StatefulSet, Deployment, … */
export const defaultedPodTemplate = (template: PodTemplateSpec): PodTemplateSpec =>
  templateDefaults.keep(template as Loose<PodTemplateSpec>) as PodTemplateSpec
