/** The marks, by area: each is hit by the standard property runs. */
import type { PersistentVolumeClaim } from '../../api/generated/types.js'
import { storeOf } from '../../cluster/state.js'
import { podsOnNode } from '../../cluster/store.js'
import { keysOf, sizeOf } from '../../kernel/persistent-map.js'
import { isReady, isTerminating } from '../../resources/pod/queries.js'
import type { Invariant, Observation } from '../invariant.js'
import { asPod, asStatefulSet, changeOf, isByStatefulSetController, partitionOf, setOf, storedSetOf } from '../observed-change.js'
import { deletionOf } from '../stateful-set/observed-deletion.js'
import { always, mark } from './mark.js'

const rejectedWith =
  (reason: string, by?: string) =>
  (observation: Observation): boolean => {
    const { event, actor } = observation.recorded
    return event.kind === 'CommandRejected' && event.reason === reason && (by === undefined || actor === by)
  }

const struck =
  (fault: string) =>
  ({ recorded: { event } }: Observation): boolean =>
    event.kind === 'ApiFaultStruck' && event.fault === fault

const setsInRollout = (observation: Observation): boolean => {
  const set = asStatefulSet(changeOf(observation)?.before)
  return set !== undefined && (set.status.currentRevision ?? '') !== (set.status.updateRevision ?? '')
}

const behaviourSet =
  (kind: string) =>
  ({ recorded: { event } }: Observation): boolean =>
    event.kind === 'BehaviourSet' && event.behaviour.kind === kind

const scaledBy = (observation: Observation): number => {
  const change = changeOf(observation)
  const [before, after] = [asStatefulSet(change?.before), asStatefulSet(change?.after)]
  return (after?.spec.replicas ?? 0) - (before?.spec.replicas ?? 0)
}

const nodeHasTerminatingPod = (observation: Observation): boolean => {
  const name = changeOf(observation)?.name ?? ''
  return podsOnNode(storeOf(observation.after, 'Pod'), name).some((pod) => pod.metadata.deletionTimestamp !== undefined)
}

export const allMarks: readonly Invariant[] = [
  mark('marks/conflict', 'A write was refused because its object had changed.', ['CommandRejected'], rejectedWith('Conflict')),
  mark(
    'marks/name-taken',
    'The StatefulSet controller tried to create what already existed.',
    ['CommandRejected'],
    rejectedWith('AlreadyExists', 'statefulset-controller'),
  ),
  mark('marks/not-found', 'A write found its object gone.', ['CommandRejected'], rejectedWith('NotFound')),
  mark('marks/invalid', 'A request was refused as invalid.', ['CommandRejected'], rejectedWith('Invalid')),
  mark('marks/eviction-refused', 'An eviction was refused for the sake of a budget.', ['CommandRejected'], rejectedWith('TooManyRequests')),
  mark('marks/forced-conflict', 'A conflict was injected.', ['ApiFaultStruck'], struck('conflict')),
  mark('marks/lost-answer', 'A write was done, and its answer was lost.', ['ApiFaultStruck'], struck('lost-answer')),
  mark('marks/lost-request', 'A write was lost on its way.', ['ApiFaultStruck'], struck('lost-request')),
  mark('marks/too-many-requests', 'The API server had too much to do.', ['ApiFaultStruck'], struck('too-many-requests')),
  mark('marks/internal-error', 'The API server failed.', ['ApiFaultStruck'], struck('internal-error')),
  mark('marks/controller-crashed', 'A controller crashed.', ['ControllerCrashed'], always),
  mark('marks/controller-restarted', 'A controller came back.', ['ControllerRestarted'], always),
  mark(
    'marks/stale-sync',
    'A controller acted while one of its caches lagged.',
    ['PodCreated', 'PodDeletionRequested', 'StatefulSetStatusChanged'],
    ({ before, recorded }) =>
      sizeOf(before.informerLags) > 0 && keysOf(before.informerLags).some((informer) => informer.startsWith(`${recorded.actor} `)),
  ),
  mark(
    'marks/stale-cache-noticed',
    'The StatefulSet controller put a sync off because its cache did not show its own write.',
    ['WaitingChanged'],
    ({ recorded: { event } }) => event.kind === 'WaitingChanged' && event.waitingFor.some(({ kind }) => kind === 'CacheStale'),
  ),
  mark('marks/scaled-up', 'A set got more replicas.', ['StatefulSetScaled'], (observation) => scaledBy(observation) > 0),
  mark('marks/scaled-down', 'A set got fewer replicas.', ['StatefulSetScaled'], (observation) => scaledBy(observation) < 0),
  mark(
    'marks/scaled-to-zero',
    'A set was scaled to zero.',
    ['StatefulSetScaled'],
    (observation) => asStatefulSet(changeOf(observation)?.after)?.spec.replicas === 0,
  ),
  mark('marks/scale-during-rollout', 'A set was scaled while it was being updated.', ['StatefulSetScaled'], setsInRollout),
  mark('marks/template-changed', 'A set got a new template.', ['StatefulSetTemplateChanged'], always),
  mark(
    'marks/template-changed-mid-rollout',
    'A set got another template before the last was rolled out.',
    ['StatefulSetTemplateChanged'],
    setsInRollout,
  ),
  mark('marks/rolled-back', 'An old revision was used again.', ['RevisionRenumbered'], always),
  mark('marks/rollout-completed', 'A rollout ended.', ['StatefulSetRolloutCompleted'], always),
  mark(
    'marks/rollout-stuck',
    'An update waited for a Pod that was not available.',
    ['WaitingChanged'],
    ({ recorded: { event } }) =>
      event.kind === 'WaitingChanged' && event.waitingFor.some(({ because }) => because.includes('the update does not go on')),
  ),
  mark(
    'marks/pod-below-partition-recreated',
    'A Pod below the partition was made again during a rollout.',
    ['PodCreated'],
    (observation) => {
      const pod = asPod(changeOf(observation)?.after)
      const set = pod === undefined || observation.view === undefined ? undefined : setOf(pod, observation.view)
      return set !== undefined && partitionOf(set) > 0 && set.status.currentRevision !== set.status.updateRevision
    },
  ),
  mark('marks/set-deleted', 'A set was deleted.', ['StatefulSetDeleted'], always),
  mark(
    'marks/set-deleted-mid-rollout',
    'A set was deleted while it was being updated.',
    ['StatefulSetDeleted', 'StatefulSetDeletionRequested'],
    setsInRollout,
  ),
  mark('marks/pod-deleted-by-hand', 'Somebody deleted a Pod of a set.', ['PodDeletionRequested'], (observation) => {
    const pod = asPod(changeOf(observation)?.before)
    return observation.view === undefined && pod !== undefined && storedSetOf(pod, observation.before) !== undefined
  }),
  mark(
    'marks/pod-deleted-for-update',
    'The controller deleted a Pod for an update.',
    ['PodDeletionRequested'],
    (observation) => deletionOf(observation)?.reason === 'update',
  ),
  mark(
    'marks/finished-pod-replaced',
    'The controller deleted a Pod that had ended.',
    ['PodDeletionRequested'],
    (observation) => deletionOf(observation)?.reason === 'finished',
  ),
  mark('marks/condemned-unready-pod-deleted', 'A scale-down removed a Pod that was not Ready.', ['PodDeletionRequested'], (observation) => {
    const deletion = deletionOf(observation)
    return deletion?.reason === 'condemned' && !isReady(deletion.pod)
  }),
  mark(
    'marks/pod-force-deleted',
    'A Pod that still ran was deleted with grace 0.',
    ['PodDeleted'],
    ({ recorded: { actor } }) => !actor.startsWith('kubelet'),
  ),
  mark('marks/pod-adopted', 'A set adopted a Pod.', ['PodAdopted'], isByStatefulSetController),
  mark('marks/pod-released', 'A set let a Pod go.', ['PodReleased'], isByStatefulSetController),
  mark('marks/readiness-flapped', 'A Pod was Ready and then not.', ['PodBecameUnready'], (observation) => {
    const pod = asPod(changeOf(observation)?.after)
    return pod !== undefined && !isTerminating(pod)
  }),
  mark('marks/pod-failed', 'A Pod failed.', ['PodFailed'], always),
  mark('marks/unschedulable', 'A Pod found no node.', ['PodUnschedulable'], always),
  mark(
    'marks/claim-pending',
    'A claim waited for a volume.',
    ['ClaimCreated'],
    (observation) => (changeOf(observation)?.after as unknown as PersistentVolumeClaim | undefined)?.status.phase !== 'Bound',
  ),
  mark('marks/claim-bound', 'A claim got its volume.', ['ClaimBound'], always),
  mark('marks/claim-deletion-held', 'A claim was to be deleted while a Pod used it.', ['ClaimDeletionRequested'], always),
  mark(
    'marks/claim-went-with-its-owner',
    'A claim was deleted by its retention policy.',
    ['ClaimDeleted', 'ClaimDeletionRequested'],
    ({ recorded: { actor } }) => actor === 'garbage-collector-controller',
  ),
  mark('marks/claim-owner-changed', 'A claim was tied to a life, or freed from it.', ['ClaimChanged'], isByStatefulSetController),
  mark('marks/node-cordoned', 'A node was cordoned.', ['NodeCordoned'], always),
  mark('marks/node-lost', 'A node stopped answering.', ['NodeBecameNotReady'], always),
  mark('marks/node-returned', 'A lost node came back.', ['NodeBecameReady'], always),
  mark('marks/node-crashed', 'A node lost power.', ['NodeCrashed'], always),
  mark('marks/node-partitioned', 'A node was cut off.', ['NodePartitioned'], always),
  mark(
    'marks/node-lost-during-deletion',
    'A node was lost while a Pod on it was terminating.',
    ['NodeBecameNotReady'],
    nodeHasTerminatingPod,
  ),
  mark(
    'marks/evicted-by-taint',
    'A Pod was evicted from a lost node.',
    ['PodDeletionRequested'],
    ({ recorded: { actor } }) => actor === 'taint-eviction-controller',
  ),
  mark('marks/container-crashed', 'A container crashed.', ['BehaviourSet'], behaviourSet('Crashing')),
  mark('marks/revision-dropped', 'An old revision was dropped from the history.', ['RevisionDeleted'], isByStatefulSetController),
]
