import type { Invariant } from '../invariant.js'
import { changeOf, touchedBy } from '../observed-change.js'

const name = 'api/status-writes-keep-the-spec'

/** A5, second half. A binding writes spec.nodeName and a condition: the one write that is both. */
export const statusWritesKeepTheSpec: Invariant = {
  name,
  promise: 'A write of a status never touches the spec.',
  expectation: 'always',
  concerns: [
    'PodStarted',
    'PodBecameReady',
    'PodBecameUnready',
    'PodSucceeded',
    'PodFailed',
    'PodStatusChanged',
    'PodUnschedulable',
    'StatefulSetStatusChanged',
    'StatefulSetRolloutCompleted',
    'DeploymentStatusChanged',
    'ReplicaSetStatusChanged',
    'ReplicationControllerStatusChanged',
    'DaemonSetStatusChanged',
    'JobStatusChanged',
    'JobCompleted',
    'JobFailed',
    'ClaimBound',
    'ClaimStatusChanged',
    'VolumeStatusChanged',
    'NodeStatusChanged',
    'DisruptionBudgetStatusChanged',
  ],
  fields: ['/spec/'],
  check: (observation) => {
    const touched = touchedBy(observation)
    const inSpec = touched.find((pointer) => pointer.startsWith('/spec'))
    if (inSpec === undefined || !touched.some((pointer) => pointer.startsWith('/status'))) return undefined
    return {
      invariant: name,
      message: `one write of ${changeOf(observation)?.path ?? ''} by ${observation.recorded.actor} touched its status and ${inSpec}; expected the status alone`,
    }
  },
}
