/** Which ReplicaSet is the new one, which number it has, and what is written on it. Follows pkg/controller/deployment/util/deployment_util.go. */
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../api/generated/types.js'
import { semanticallyEqual } from '../semantic-equality.js'

export const revisionAnnotation = 'deployment.kubernetes.io/revision'
const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history'
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas'
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas'
export const templateHashLabel = 'pod-template-hash'

const notCopied: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  'deprecated.deployment.rollback.to',
])

const revisionHistoryLengthMax = 2_000

type Annotations = { readonly [key: string]: string }

const compareTexts = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

/** Older first. Follows ReplicaSetsByCreationTimestamp in pkg/controller/controller_utils.go. */
export const byAge = (one: ReplicaSet, other: ReplicaSet): number =>
  compareTexts(one.metadata.creationTimestamp, other.metadata.creationTimestamp) || compareTexts(one.metadata.name, other.metadata.name)

/** Follows Revision: 0 where there is none, or no number. */
export const revisionOf = ({ metadata: { annotations } }: ReplicaSet | Deployment): number => {
  const text = annotations?.[revisionAnnotation] ?? ''
  return /^[+-]?\d+$/.test(text) ? Number(text) : 0
}

/** Lower number first. Follows ReplicaSetsByRevision. */
export const byRevision = (one: ReplicaSet, other: ReplicaSet): number => revisionOf(one) - revisionOf(other) || byAge(one, other)

/** The same template, whatever the hash label says. Follows EqualIgnoreHash. */
export const isSameTemplate = (one: PodTemplateSpec | undefined, other: PodTemplateSpec): boolean => {
  if (one === undefined) return false
  const { [templateHashLabel]: _one, ...labels } = one.metadata?.labels ?? {}
  const { [templateHashLabel]: _other, ...otherLabels } = other.metadata?.labels ?? {}
  return (
    semanticallyEqual(labels, otherLabels) &&
    semanticallyEqual({ ...one.metadata, labels: {} }, { ...other.metadata, labels: {} }) &&
    semanticallyEqual(one.spec, other.spec)
  )
}

/** The oldest with the Deployment's template. Follows FindNewReplicaSet. */
export const findNewReplicaSet = (deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined =>
  [...sets].sort(byAge).find((set) => isSameTemplate(set.spec.template, deployment.spec.template))

export interface ReplicasAnnotations {
  readonly desired: number
  readonly max: number
}

/** Follows SetReplicasAnnotations. */
export const withReplicasAnnotations = (annotations: Annotations | undefined, { desired, max }: ReplicasAnnotations): Annotations => ({
  ...annotations,
  [desiredReplicasAnnotation]: String(desired),
  [maxReplicasAnnotation]: String(max),
})

/** The Deployment's own annotations, and the number: a ReplicaSet that is used again remembers the numbers that it had. */
// Follows SetNewReplicaSetAnnotations.
export const annotationsOfNewSet = (deployment: Deployment, set: Annotations | undefined, newRevision: number): Annotations => {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key))
  const annotations: Annotations = { ...set, ...Object.fromEntries(copied) }
  const oldText = annotations[revisionAnnotation]
  const oldRevision = oldText !== undefined && /^[+-]?\d+$/.test(oldText) ? Number(oldText) : 0
  // A number that is there but cannot be read is left alone.
  if (oldText !== undefined && oldText !== '' && !/^[+-]?\d+$/.test(oldText)) return annotations
  if (oldRevision >= newRevision) return annotations
  return {
    ...annotations,
    [revisionAnnotation]: String(newRevision),
    ...(oldText === undefined
      ? undefined
      : { [revisionHistoryAnnotation]: historyWith(annotations[revisionHistoryAnnotation] ?? '', oldText) }),
  }
}

const historyWith = (history: string, revision: string): string => {
  const revisions = history === '' ? [revision] : [...history.split(','), revision]
  while (revisions.length > 1 && revisions.join(',').length > revisionHistoryLengthMax) revisions.shift()
  return revisions.join(',')
}
