/**
 * What a write of an object means: the names of the facts it holds, the most telling first. Pure functions of the versions before and after.
 */
import type { KubernetesObject } from '../api/object.js'
import { controllerRefOf } from '../api/object.js'
import type {
  DaemonSet,
  Deployment,
  Job,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../api/generated/types.js'
import { changedKindNamed, nounOf, type ChangedKind } from './object-events.js'

type Facts = readonly ChangedKind[]

const isReady = (pod: Pod): boolean =>
  pod.status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true

const podFacts = (before: Pod, after: Pod): Facts => {
  const facts: ChangedKind[] = []
  if (before.metadata.deletionTimestamp === undefined && after.metadata.deletionTimestamp !== undefined) facts.push('PodDeletionRequested')
  if (before.metadata.ownerReferences !== after.metadata.ownerReferences) {
    const [was, is] = [controllerRefOf(before), controllerRefOf(after)]
    if (was === undefined && is !== undefined) facts.push('PodAdopted')
    if (was !== undefined && is === undefined) facts.push('PodReleased')
  }
  if ((before.spec.nodeName ?? '') === '' && (after.spec.nodeName ?? '') !== '') facts.push('PodScheduled')
  if (before.status !== after.status) {
    const phase = after.status.phase
    if (before.status.phase !== phase) {
      if (phase === 'Running') facts.push('PodStarted')
      if (phase === 'Succeeded') facts.push('PodSucceeded')
      if (phase === 'Failed') facts.push('PodFailed')
    }
    const [wasReady, ready] = [isReady(before), isReady(after)]
    if (!wasReady && ready) facts.push('PodBecameReady')
    if (wasReady && !ready) facts.push('PodBecameUnready')
    if (
      facts.length === 0 &&
      (after.spec.nodeName ?? '') === '' &&
      after.status.conditions?.some((condition) => condition.type === 'PodScheduled' && condition.status === 'False') === true
    )
      facts.push('PodUnschedulable')
    if (facts.length === 0) facts.push('PodStatusChanged')
  }
  return facts.length === 0 ? ['PodChanged'] : facts
}

type Workload = StatefulSet | Deployment | ReplicaSet | ReplicationController | DaemonSet
type WorkloadNoun = 'StatefulSet' | 'Deployment' | 'ReplicaSet' | 'ReplicationController' | 'DaemonSet'

const replicasOf = (workload: Workload): number | undefined => ('replicas' in workload.spec ? workload.spec.replicas : undefined)

const workloadFacts = (noun: WorkloadNoun, before: Workload, after: Workload): Facts => {
  const facts: ChangedKind[] = []
  if (before.metadata.deletionTimestamp === undefined && after.metadata.deletionTimestamp !== undefined)
    facts.push(changedKindNamed(`${noun}DeletionRequested`))
  if (noun !== 'DaemonSet' && replicasOf(before) !== replicasOf(after)) facts.push(changedKindNamed(`${noun}Scaled`))
  if (noun !== 'ReplicaSet' && noun !== 'ReplicationController' && before.spec.template !== after.spec.template)
    facts.push(changedKindNamed(`${noun}TemplateChanged`))
  if (facts.length > 0) return facts
  if (before.status !== after.status && before.spec === after.spec) {
    if (
      after.kind === 'StatefulSet' &&
      before.kind === 'StatefulSet' &&
      before.status.currentRevision !== after.status.currentRevision &&
      (before.status.currentRevision ?? '') !== ''
    )
      return ['StatefulSetRolloutCompleted']
    return [changedKindNamed(`${noun}StatusChanged`)]
  }
  return [changedKindNamed(`${noun}Changed`)]
}

const jobFacts = (before: Job, after: Job): Facts => {
  const has = (job: Job, type: string): boolean =>
    job.status.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true
  if (before.metadata.deletionTimestamp === undefined && after.metadata.deletionTimestamp !== undefined) return ['JobDeletionRequested']
  if (!has(before, 'Complete') && has(after, 'Complete')) return ['JobCompleted']
  if (!has(before, 'Failed') && has(after, 'Failed')) return ['JobFailed']
  return before.spec === after.spec && before.status !== after.status ? ['JobStatusChanged'] : ['JobChanged']
}

const claimFacts = (before: PersistentVolumeClaim, after: PersistentVolumeClaim): Facts => {
  if (before.metadata.deletionTimestamp === undefined && after.metadata.deletionTimestamp !== undefined) return ['ClaimDeletionRequested']
  if (before.status.phase !== after.status.phase && after.status.phase === 'Bound') return ['ClaimBound']
  if (before.status.phase !== after.status.phase && after.status.phase === 'Lost') return ['ClaimLost']
  return before.status !== after.status ? ['ClaimStatusChanged'] : ['ClaimChanged']
}

const volumeFacts = (before: PersistentVolume, after: PersistentVolume): Facts => {
  if (before.metadata.deletionTimestamp === undefined && after.metadata.deletionTimestamp !== undefined) return ['VolumeDeletionRequested']
  if (before.status.phase !== after.status.phase) {
    if (after.status.phase === 'Bound') return ['VolumeBound']
    if (after.status.phase === 'Released') return ['VolumeReleased']
    if (after.status.phase === 'Available') return ['VolumeBecameAvailable']
    if (after.status.phase === 'Failed') return ['VolumeFailed']
  }
  return before.status !== after.status ? ['VolumeStatusChanged'] : ['VolumeChanged']
}

const nodeFacts = (before: Node, after: Node): Facts => {
  const facts: ChangedKind[] = []
  const ready = (node: Node): boolean =>
    node.status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true
  if (before.metadata.deletionTimestamp === undefined && after.metadata.deletionTimestamp !== undefined) facts.push('NodeDeletionRequested')
  if (!ready(before) && ready(after)) facts.push('NodeBecameReady')
  if (ready(before) && !ready(after)) facts.push('NodeBecameNotReady')
  if (before.spec.unschedulable !== true && after.spec.unschedulable === true) facts.push('NodeCordoned')
  if (before.spec.unschedulable === true && after.spec.unschedulable !== true) facts.push('NodeUncordoned')
  const [had, has] = [before.spec.taints?.length ?? 0, after.spec.taints?.length ?? 0]
  if (has > had) facts.push('NodeTainted')
  if (has < had) facts.push('NodeUntainted')
  if (facts.length > 0) return facts
  return before.status !== after.status ? ['NodeStatusChanged'] : ['NodeChanged']
}

const plainFacts = (before: KubernetesObject, after: KubernetesObject): Facts => {
  const asked = before.metadata.deletionTimestamp === undefined && after.metadata.deletionTimestamp !== undefined
  const noun = nounOf(after.kind)
  switch (noun) {
    case 'Revision':
      if (asked) return ['RevisionDeletionRequested']
      return 'revision' in before && 'revision' in after && before.revision !== after.revision
        ? ['RevisionRenumbered']
        : ['RevisionChanged']
    case 'Service':
      return asked ? ['ServiceDeletionRequested'] : ['ServiceChanged']
    case 'Endpoints':
      return asked ? ['EndpointsDeletionRequested'] : ['EndpointsChanged']
    case 'EndpointSlice':
      return asked ? ['EndpointSliceDeletionRequested'] : ['EndpointSliceChanged']
    case 'StorageClass':
      return asked ? ['StorageClassDeletionRequested'] : ['StorageClassChanged']
    case 'DisruptionBudget': {
      const status = 'status' in before && 'status' in after && before.status !== after.status
      return asked ? ['DisruptionBudgetDeletionRequested'] : status ? ['DisruptionBudgetStatusChanged'] : ['DisruptionBudgetChanged']
    }
    case 'Namespace':
      return asked ? ['NamespaceDeletionRequested'] : ['NamespaceChanged']
    case 'Lease':
      return asked ? ['LeaseDeletionRequested'] : ['LeaseRenewed']
    default:
      return asked ? ['ObjectDeletionRequested'] : ['ObjectChanged']
  }
}

/** The facts of one write, never empty. Both versions are of one object, so their kinds agree (the casts below). */
export const factsOfChange = (before: KubernetesObject, after: KubernetesObject): Facts => {
  switch (after.kind) {
    case 'Pod':
      return podFacts(before as Pod, after as Pod)
    case 'StatefulSet':
    case 'Deployment':
    case 'ReplicaSet':
    case 'ReplicationController':
    case 'DaemonSet':
      return workloadFacts(after.kind, before as Workload, after as Workload)
    case 'Job':
      return jobFacts(before as Job, after as Job)
    case 'PersistentVolumeClaim':
      return claimFacts(before as PersistentVolumeClaim, after as PersistentVolumeClaim)
    case 'PersistentVolume':
      return volumeFacts(before as PersistentVolume, after as PersistentVolume)
    case 'Node':
      return nodeFacts(before as Node, after as Node)
    default:
      return plainFacts(before, after)
  }
}
