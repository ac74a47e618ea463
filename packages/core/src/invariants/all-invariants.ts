/** All invariants, in reading order: what a StatefulSet promises first, the API server's ground rules last, then the marks. */
import type { Invariant } from './invariant.js'
import { allMarks } from './marks/all-marks.js'
import { causesComeFirst } from './api/causes-come-first.js'
import { deletionIsOneWay } from './api/deletion-is-one-way.js'
import { finalizersHoldObjects } from './api/finalizers-hold-objects.js'
import { generationCountsSpecChanges } from './api/generation-counts-spec-changes.js'
import { namesAreTakenOnce } from './api/names-are-taken-once.js'
import { oneControllerEach } from './api/one-controller-each.js'
import { resourceVersionsIncrease } from './api/resource-versions-increase.js'
import { statefulSetSpecIsMostlyFixed } from './api/stateful-set-spec-is-mostly-fixed.js'
import { statusWritesKeepTheSpec } from './api/status-writes-keep-the-spec.js'
import { staleWritesAreRefused } from './api/stale-writes-are-refused.js'
import { uidsAreForEver } from './api/uids-are-for-ever.js'
import { writesChangeSomething } from './api/writes-change-something.js'
import { cachesNeverGoBack } from './caches/caches-never-go-back.js'
import { nothingIsLost } from './caches/nothing-is-lost.js'
import { claimsInUseStay } from './claims/claims-in-use-stay.js'
import { claimsOutlivePods } from './claims/claims-outlive-pods.js'
import { disksAreOnOneNode } from './claims/disks-are-on-one-node.js'
import { oneVolumeOneClaim } from './claims/one-volume-one-claim.js'
import { retentionPolicyIsObeyed } from './claims/retention-policy-is-obeyed.js'
import { orphansAreLetGo } from './garbage-collection/orphans-are-let-go.js'
import { ownedObjectsStay } from './garbage-collection/owned-objects-stay.js'
import { affinityHolds } from './nodes/affinity-holds.js'
import { budgetsAreNotOverdrawn } from './nodes/budgets-are-not-overdrawn.js'
import { nodeSelectorsHold } from './nodes/node-selectors-hold.js'
import { nodesAreNotOverbooked } from './nodes/nodes-are-not-overbooked.js'
import { objectsGoAfterTheirProcesses } from './nodes/objects-go-after-their-processes.js'
import { podsAreBoundOnce } from './nodes/pods-are-bound-once.js'
import { podsWaitForTheirKubelet } from './nodes/pods-wait-for-their-kubelet.js'
import { spreadHolds } from './nodes/spread-holds.js'
import { taintsAndCordonsKeepPodsAway } from './nodes/taints-and-cordons-keep-pods-away.js'
import { atMostOnePodPerOrdinal } from './stateful-set/at-most-one-pod-per-ordinal.js'
import { createsInOrder } from './stateful-set/creates-in-order.js'
import { createsOnlyWantedOrdinals } from './stateful-set/creates-only-wanted-ordinals.js'
import { deletesOnlyForAReason } from './stateful-set/deletes-only-for-a-reason.js'
import { identityIsConsistent } from './stateful-set/identity-is-consistent.js'
import { keepsPodsAvailable } from './stateful-set/keeps-pods-available.js'
import { liveRevisionsAreKept } from './stateful-set/live-revisions-are-kept.js'
import { onDeleteLeavesPods } from './stateful-set/on-delete-leaves-pods.js'
import { parallelDoesNotWait } from './stateful-set/parallel-does-not-wait.js'
import { partitionIsRespected } from './stateful-set/partition-is-respected.js'
import { podsHaveKnownRevisions } from './stateful-set/pods-have-known-revisions.js'
import { podsMountTheirOwnClaims } from './stateful-set/pods-mount-their-own-claims.js'
import { revisionsAreDistinct } from './stateful-set/revisions-are-distinct.js'
import { rolloutEndsWhenComplete } from './stateful-set/rollout-ends-when-complete.js'
import { scalesDownInOrder } from './stateful-set/scales-down-in-order.js'
import { touchesOnlyItsOwnPods } from './stateful-set/touches-only-its-own-pods.js'
import { updatesFromTheHighestOrdinal } from './stateful-set/updates-from-the-highest-ordinal.js'
import { countsAreNested } from './status/counts-are-nested.js'
import { observedGenerationFollows } from './status/observed-generation-follows.js'
import { statefulSetCountsItsPods } from './status/stateful-set-counts-its-pods.js'
import { containersBackOff } from './time/containers-back-off.js'
import { failuresBackOff } from './time/failures-back-off.js'
import { timeNeverFalls } from './time/time-never-falls.js'

/** What must hold after every event. */
export const alwaysInvariants: readonly Invariant[] = [
  identityIsConsistent,
  atMostOnePodPerOrdinal,
  createsOnlyWantedOrdinals,
  createsInOrder,
  parallelDoesNotWait,
  scalesDownInOrder,
  deletesOnlyForAReason,
  touchesOnlyItsOwnPods,
  podsMountTheirOwnClaims,
  podsHaveKnownRevisions,
  partitionIsRespected,
  updatesFromTheHighestOrdinal,
  keepsPodsAvailable,
  onDeleteLeavesPods,
  rolloutEndsWhenComplete,
  revisionsAreDistinct,
  liveRevisionsAreKept,
  claimsOutlivePods,
  retentionPolicyIsObeyed,
  claimsInUseStay,
  oneVolumeOneClaim,
  disksAreOnOneNode,
  countsAreNested,
  observedGenerationFollows,
  statefulSetCountsItsPods,
  podsAreBoundOnce,
  nodesAreNotOverbooked,
  taintsAndCordonsKeepPodsAway,
  nodeSelectorsHold,
  affinityHolds,
  spreadHolds,
  objectsGoAfterTheirProcesses,
  podsWaitForTheirKubelet,
  budgetsAreNotOverdrawn,
  ownedObjectsStay,
  orphansAreLetGo,
  staleWritesAreRefused,
  namesAreTakenOnce,
  uidsAreForEver,
  resourceVersionsIncrease,
  writesChangeSomething,
  generationCountsSpecChanges,
  statusWritesKeepTheSpec,
  statefulSetSpecIsMostlyFixed,
  deletionIsOneWay,
  finalizersHoldObjects,
  oneControllerEach,
  causesComeFirst,
  nothingIsLost,
  cachesNeverGoBack,
  timeNeverFalls,
  failuresBackOff,
  containersBackOff,
]

export const allInvariants: readonly Invariant[] = [...alwaysInvariants, ...allMarks]
