/**
 * Who a Pod of a StatefulSet is: its name, labels, host name and claims follow from the ordinal. How such a Pod is made, how a Pod is checked
 * against that, and how it is put right. Follows pkg/controller/statefulset/stateful_set_utils.go.
 */
import type {
  ControllerRevision,
  ObjectMeta,
  OwnerReference,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  PodTemplateSpec,
  StatefulSet,
  UnstoredPersistentVolumeClaim,
  Volume,
} from '../../api/generated/types.js'
import type { UnstoredObject } from '../../api/object.js'
import type { Mutable } from '../../kernel/mutable.js'
import { extended } from '../../kernel/extended.js'
import { ordinalOf, parentAndOrdinalOf } from '../../resources/pod/queries.js'
import { newControllerRef, type UnstoredPod } from '../pod-from-template.js'
import { namespaceOf } from './sync.js'

const podNameLabel = 'statefulset.kubernetes.io/pod-name'
const revisionLabel = 'controller-revision-hash'

/** As much of a Pod as its claims depend on. A Pod that is not stored yet has the uid ''. */
export interface PodIdentity {
  readonly name: string
  readonly uid: string
  readonly ordinal: number
}

export const identityOf = (pod: Pod): PodIdentity => ({ name: pod.metadata.name, uid: pod.metadata.uid, ordinal: ordinalOf(pod) })

export const replicasOf = (set: StatefulSet): number => set.spec.replicas ?? 1
export const startOrdinalOf = (set: StatefulSet): number => set.spec.ordinals?.start ?? 0
export const isInOrdinalRange = (set: StatefulSet, ordinal: number): boolean =>
  ordinal >= startOrdinalOf(set) && ordinal < startOrdinalOf(set) + replicasOf(set)
export const podNameOf = (set: StatefulSet, ordinal: number): string => `${set.metadata.name}-${String(ordinal)}`

/** The revision that a Pod was made from, by its label; '' when it has none. */
export const podRevisionOf = (pod: Pod): string => pod.metadata.labels?.[revisionLabel] ?? ''

const noTemplates: readonly UnstoredPersistentVolumeClaim[] = []
export const claimTemplatesOf = (set: StatefulSet): readonly UnstoredPersistentVolumeClaim[] => set.spec.volumeClaimTemplates ?? noTemplates

const templateNameOf = (template: UnstoredPersistentVolumeClaim): string => template.metadata?.name ?? ''
export const claimNameOf = (set: StatefulSet, template: UnstoredPersistentVolumeClaim, ordinal: number): string =>
  `${templateNameOf(template)}-${set.metadata.name}-${String(ordinal)}`

/** A claim as it is sent: the template under the Pod's own name; the selector's labels win. Follows getPersistentVolumeClaims. */
export const newClaim = (
  set: StatefulSet,
  template: UnstoredPersistentVolumeClaim,
  ordinal: number,
): UnstoredObject & Pick<PersistentVolumeClaim, 'kind'> => {
  const { labels: templateLabels, ...metadata } = template.metadata ?? {}
  const { matchLabels } = set.spec.selector
  const labels = templateLabels === undefined ? matchLabels : { ...templateLabels, ...matchLabels }
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: extended(metadata, {
      name: claimNameOf(set, template, ordinal),
      namespace: namespaceOf(set),
      ...(labels === undefined ? undefined : { labels }),
    }),
    ...(template.spec === undefined ? undefined : { spec: template.spec }),
  }
}

/** The claims' volumes come first, in the order of their templates; then those of the template whose names are still free. Follows updateStorage. */
const volumesWithClaims = (set: StatefulSet, ordinal: number, volumes: readonly Volume[] | undefined): readonly Volume[] | undefined => {
  const claimTemplates = claimTemplatesOf(set)
  if (claimTemplates.length === 0) return volumes
  const claimed = claimTemplates.map((template) => ({
    name: templateNameOf(template),
    persistentVolumeClaim: { claimName: claimNameOf(set, template, ordinal) },
  }))
  const others = (volumes ?? []).filter((volume) => !claimed.some(({ name }) => name === volume.name))
  return [...claimed, ...others]
}

/** Follows GetPodFromTemplate, newStatefulSetPod, initIdentity and updateStorage. Host name and subdomain are given at creation only, and are never looked at again. */
const newStatefulSetPod = (
  set: StatefulSet,
  template: PodTemplateSpec,
  revisionName: string,
  ordinal: number,
): UnstoredPod & { readonly spec: PodSpec } => {
  const name = podNameOf(set, ordinal)
  const { labels, annotations, finalizers } = template.metadata ?? {}
  const { serviceName } = set.spec
  const shared = sharedParts(set, template)
  const spec: Mutable<PodSpec> = extended(shared.spec, { hostname: name })
  if (serviceName !== undefined && serviceName !== '') spec.subdomain = serviceName
  const volumes = volumesWithClaims(set, ordinal, template.spec?.volumes)
  if (volumes !== undefined) spec.volumes = volumes
  const metadata: Mutable<ObjectMeta> = { name, generateName: `${set.metadata.name}-`, namespace: namespaceOf(set) }
  metadata.labels = extended(withOwnLabels(labels, name, ordinal), { 'controller-revision-hash': revisionName })
  if (annotations !== undefined) metadata.annotations = annotations
  if (finalizers !== undefined) metadata.finalizers = finalizers
  metadata.ownerReferences = shared.ownerReferences
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec }
}
type Labels = { readonly [key: string]: string }

/** With the labels that say which Pod of the set it is. */
const withOwnLabels = (labels: Labels | undefined, name: string, ordinal: number): Labels =>
  extended(labels ?? {}, {
    'statefulset.kubernetes.io/pod-name': name,
    'apps.kubernetes.io/pod-index': String(ordinal),
  })

interface SharedParts {
  readonly setName: string
  readonly setUid: string
  readonly spec: PodSpec
  readonly ownerReferences: readonly OwnerReference[]
}
const parts = new WeakMap<PodTemplateSpec, SharedParts>()

/** What all Pods of a set and a template have alike, as the very same objects. */
const sharedParts = (set: StatefulSet, template: PodTemplateSpec): SharedParts => {
  const { name: setName, uid: setUid } = set.metadata
  const known = parts.get(template)
  if (known !== undefined && known.setName === setName && known.setUid === setUid) return known
  const { subdomain: _subdomain, volumes: _volumes, ...spec } = template.spec ?? { containers: [] }
  const shared = { setName, setUid, spec, ownerReferences: [newControllerRef(set)] }
  parts.set(template, shared)
  return shared
}

/**
 * Does a Pod with this ordinal return at the old revision? Below the partition, yes. A set whose rollingUpdate is missing (only a given type
 * leaves it so) counts the Pods that are still at the old revision instead. The status is that of the set as it was read.
 * Follows newVersionedStatefulSetPod: the second clause does not ask for the type.
 */
const isMadeFromCurrentRevision = (set: StatefulSet, ordinal: number): boolean => {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {}
  const start = startOrdinalOf(set)
  if (rollingUpdate !== undefined) return ordinal < start + (rollingUpdate.partition ?? 0)
  return type === 'RollingUpdate' && ordinal < start + (set.status.currentReplicas ?? 0)
}

/** The two versions that a set has during a rollout. */
export interface Versions {
  readonly current: ControllerRevision
  readonly update: ControllerRevision
  readonly currentTemplate: PodTemplateSpec
  readonly updateTemplate: PodTemplateSpec
}

export const newVersionedPod = (
  set: StatefulSet,
  { current, update, currentTemplate, updateTemplate }: Versions,
  ordinal: number,
): UnstoredPod =>
  isMadeFromCurrentRevision(set, ordinal)
    ? newStatefulSetPod(set, currentTemplate, current.metadata.name, ordinal)
    : newStatefulSetPod(set, updateTemplate, update.metadata.name, ordinal)

/** Name, namespace and the pod-name label. Not: the index label, host name, subdomain, revision, owner. */
export const identityMatches = (set: StatefulSet, pod: Pod): boolean => {
  const { name, namespace, labels } = pod.metadata
  if (labels?.[podNameLabel] !== name || (namespace ?? '') !== namespaceOf(set)) return false
  const { parent, ordinal } = parentAndOrdinalOf(name)
  return ordinal >= 0 && parent === set.metadata.name && name === podNameOf(set, ordinal)
}

/** Every claim template has its volume with the right claim. More volumes do no harm. */
export const storageMatches = (set: StatefulSet, pod: Pod): boolean => {
  const ordinal = ordinalOf(pod)
  if (ordinal < 0) return false
  for (const template of claimTemplatesOf(set)) {
    const name = templateNameOf(template)
    const volume = pod.spec.volumes?.find((candidate) => candidate.name === name)
    if (volume?.persistentVolumeClaim?.claimName !== claimNameOf(set, template, ordinal)) return false
  }
  return true
}

/** Follows updateIdentity: the name and the two labels as they should be. */
export const withIdentity = (set: StatefulSet, pod: Pod): Pod => {
  const ordinal = ordinalOf(pod)
  const name = podNameOf(set, ordinal)
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      name,
      namespace: namespaceOf(set),
      labels: withOwnLabels(pod.metadata.labels, name, ordinal),
    },
  }
}

export const withStorage = (set: StatefulSet, pod: Pod): Pod => {
  const volumes = volumesWithClaims(set, ordinalOf(pod), pod.spec.volumes)
  return volumes === undefined ? pod : { ...pod, spec: { ...pod.spec, volumes } }
}
