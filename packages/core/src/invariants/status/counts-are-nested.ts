import type { Deployment, ReplicaSet, StatefulSet } from '../../api/generated/types.js'
import type { Invariant } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'status/counts-are-nested'

/** T1 */
export const countsAreNested: Invariant = {
  name,
  promise: 'In the status of a workload: replicas ≥ ready ≥ available ≥ 0, and no part is larger than the whole.',
  expectation: 'always',
  concerns: [
    'StatefulSetStatusChanged',
    'StatefulSetRolloutCompleted',
    'DeploymentStatusChanged',
    'ReplicaSetStatusChanged',
    'ReplicationControllerStatusChanged',
  ],
  check: (observation) => {
    const change = changeOf(observation)
    if (change?.after === undefined) return undefined
    const { status } = change.after as unknown as StatefulSet | Deployment | ReplicaSet
    const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status
    const current = 'currentReplicas' in status ? (status.currentReplicas ?? 0) : 0
    const updated = 'updatedReplicas' in status ? (status.updatedReplicas ?? 0) : 0
    if (
      replicas >= readyReplicas &&
      readyReplicas >= availableReplicas &&
      availableReplicas >= 0 &&
      current >= 0 &&
      current <= replicas &&
      updated >= 0 &&
      updated <= replicas
    )
      return undefined
    return {
      invariant: name,
      message: `${change.path} says ${replicas} replicas, ${readyReplicas} ready, ${availableReplicas} available, ${current} current, ${updated} updated; expected none larger than the one it is part of`,
    }
  },
}
