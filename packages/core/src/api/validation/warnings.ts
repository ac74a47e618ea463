/** What the server says behind `Warning:` about an object that it takes. Follows pkg/api/{pod,persistentvolume,persistentvolumeclaim,service}/warnings.go and the strategies' WarningsOnCreate and WarningsOnUpdate. */
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  PodTemplate,
  PodTemplateSpec,
  Service,
  StatefulSet,
} from '../generated/types.js'
import { loosely, type Loose } from '../loose.js'
import type { KubernetesObject, UnstoredObject } from '../object.js'
import { milliValueOf, quantityOf } from '../quantity.js'
import { dnsLabel } from './names.js'

type Warnings = string[]
type Amounts = { readonly [name: string]: string }

const isFraction = (amount: string): boolean => milliValueOf(quantityOf(amount)) % 1_000 !== 0

const deprecatedVolumes: { readonly [name: string]: string } = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
}

const warnOfVolume = (warnings: Warnings, path: string, volume: object): void => {
  for (const name in volume) {
    const sentence = deprecatedVolumes[name]
    if (sentence !== undefined) warnings.push(`${path}.${name}: ${sentence}`)
  }
}

// Parts of containers that there is nothing to say about: templates give the same ones to all their Pods.
const silent = new WeakSet<object>()

const isSilent = (part: object | undefined): boolean => part === undefined || silent.has(part)

const warnOfContainer = (warnings: Warnings, path: string, container: NonNullable<Loose<PodSpec>['containers']>[number]): void => {
  if (isSilent(container.resources) && isSilent(container.env) && isSilent(container.ports)) return
  const before = warnings.length
  for (const side of ['limits', 'requests'] as const) {
    for (const [name, amount] of Object.entries((container.resources?.[side] ?? {}) as Amounts)) {
      if ((name === 'memory' || name === 'ephemeral-storage') && isFraction(amount))
        warnings.push(`${path}.resources.${side}[${name}]: fractional byte value "${amount}" is invalid, must be an integer`)
    }
  }
  const names = new Map<string, number>()
  for (const [index, { name = '', value = '' }] of (container.env ?? []).entries()) {
    const before = names.get(name)
    // A definition that refers to the one before it extends it.
    if (before !== undefined && !value.includes(`$(${name})`))
      warnings.push(`${path}.env[${index}]: hides previous definition of "${name}", which may be dropped when using apply`)
    names.set(name, index)
  }
  const ports = container.ports ?? []
  for (const [index, port] of ports.entries()) {
    const before = ports.findIndex((other) => other.containerPort === port.containerPort && other.protocol === port.protocol)
    if (before >= index) continue
    const other = ports[before]
    if ((other?.hostPort ?? 0) === (port.hostPort ?? 0) && (other?.hostIP ?? '') === (port.hostIP ?? ''))
      warnings.push(`${path}.ports[${index}]: duplicate port definition with ${path}.ports[${before}]`)
  }
  if (warnings.length > before) return
  for (const part of [container.resources, container.env, container.ports]) if (part !== undefined) silent.add(part)
}

// Follows warningsForPodSpecAndMeta.
const warningsForSpec = (path: string, spec: Loose<PodSpec>): readonly string[] => {
  const warnings: Warnings = []
  for (const [index, volume] of (spec.volumes ?? []).entries()) warnOfVolume(warnings, `${path}.volumes[${index}]`, volume)
  for (const [index, secret] of (spec.imagePullSecrets ?? []).entries())
    if ((secret.name ?? '') === '') warnings.push(`${path}.imagePullSecrets[${index}].name: invalid empty name ""`)
  for (const name of ['initContainers', 'containers'] as const)
    for (const [index, container] of (spec[name] ?? []).entries()) warnOfContainer(warnings, `${path}.${name}[${index}]`, container)
  // Of templates only: a Pod's own has become 1 by now.
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    warnings.push(`${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`)
  }
  return warnings
}

const warningsForTemplate = (
  path: string,
  next: Loose<PodTemplateSpec> | undefined,
  stored: Loose<PodTemplateSpec> | undefined,
): readonly string[] => (next?.spec === undefined || next.spec === stored?.spec ? [] : warningsForSpec(`${path}.spec`, next.spec))

const claimWarnings = (path: string, requests: Amounts | undefined): readonly string[] => {
  const storage = requests?.['storage']
  return storage !== undefined && isFraction(storage)
    ? [`${path}.resources.requests[storage]: fractional byte value "${storage}" is invalid, must be an integer`]
    : []
}

const endpointsSentence = 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'

const serviceWarnings = (service: Loose<Service>): readonly string[] => {
  const { spec = {} } = service
  return [
    ...(spec.type !== 'ExternalName' && (spec.externalName ?? '') !== ''
      ? ['spec.externalName is ignored when spec.type is not "ExternalName"']
      : []),
    ...((spec.externalIPs ?? []).length === 0
      ? []
      : [
          spec.type === 'ExternalName'
            ? 'spec.externalIPs is ignored when spec.type is "ExternalName"'
            : 'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
        ]),
    ...(spec.clusterIP === 'None' && (spec.sessionAffinity ?? 'None') !== 'None'
      ? ['spec.SessionAffinity is ignored for headless services']
      : []),
    ...(spec.trafficDistribution === 'PreferClose' ? ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'] : []),
  ]
}

/** `stored` is absent on creation. */
export const warningsFor = (object: UnstoredObject, stored?: KubernetesObject): readonly string[] => {
  switch (object.kind) {
    case 'Pod': {
      if (stored !== undefined) return []
      const pod = loosely<Pod>(object)
      const complaints = dnsLabel(pod.metadata?.name ?? '')
      const inName =
        complaints.length === 0
          ? []
          : [
              `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${complaints.join(' ')}]`,
            ]
      return [...inName, ...warningsForSpec('spec', pod.spec ?? {})]
    }
    case 'PodTemplate':
      return warningsForTemplate(
        'template',
        loosely<PodTemplate>(object).template,
        stored === undefined ? undefined : loosely<PodTemplate>(stored).template,
      )
    case 'StatefulSet': {
      const [next, before] = [loosely<StatefulSet>(object).spec, stored === undefined ? undefined : loosely<StatefulSet>(stored).spec]
      return [
        ...warningsForTemplate('spec.template', next?.template, before?.template),
        ...(before?.volumeClaimTemplates === next?.volumeClaimTemplates
          ? []
          : (next?.volumeClaimTemplates ?? []).flatMap((claim, index) =>
              claimWarnings(`spec.volumeClaimTemplates[${index}].spec`, claim.spec?.resources?.requests as Amounts | undefined),
            )),
        ...((next?.revisionHistoryLimit ?? 0) < 0
          ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended']
          : []),
      ]
    }
    case 'Deployment':
    case 'ReplicaSet':
    case 'DaemonSet':
    case 'ReplicationController':
    case 'Job':
      // They all have their template in the same place.
      return warningsForTemplate(
        'spec.template',
        loosely<StatefulSet>(object).spec?.template,
        stored === undefined ? undefined : loosely<StatefulSet>(stored).spec?.template,
      )
    case 'PersistentVolumeClaim':
      return claimWarnings('spec', loosely<PersistentVolumeClaim>(object).spec?.resources?.requests as Amounts | undefined)
    case 'PersistentVolume': {
      const warnings: Warnings = []
      warnOfVolume(warnings, 'spec', loosely<PersistentVolume>(object).spec ?? {})
      return warnings
    }
    case 'Service':
      return serviceWarnings(loosely<Service>(object))
    case 'Endpoints':
      return [endpointsSentence]
    default:
      return []
  }
}
