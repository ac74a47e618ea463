import type { StatefulSet } from '../../api/generated/types.js'
import type { Invariant } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'status/observed-generation-follows'

/** T2 */
export const observedGenerationFollows: Invariant = {
  name,
  promise: 'The observedGeneration of a status never runs ahead of the generation and never falls.',
  expectation: 'always',
  concerns: [
    'StatefulSetStatusChanged',
    'StatefulSetRolloutCompleted',
    'DeploymentStatusChanged',
    'ReplicaSetStatusChanged',
    'ReplicationControllerStatusChanged',
    'DaemonSetStatusChanged',
    'DisruptionBudgetStatusChanged',
  ],
  fields: ['/status/observedGeneration', '/metadata/generation'],
  check: (observation) => {
    const change = changeOf(observation)
    if (change?.after === undefined || change.before === undefined) return undefined
    // All these kinds have the field.
    const [before, after] = [change.before, change.after] as unknown as readonly [StatefulSet, StatefulSet]
    const [was, is] = [before.status.observedGeneration ?? 0, after.status.observedGeneration ?? 0]
    if (is >= was && is <= (after.metadata.generation ?? 0)) return undefined
    return {
      invariant: name,
      message: `${change.path} says observedGeneration ${is} after ${was}, at generation ${after.metadata.generation ?? 0}; expected it to stay or to grow, up to the generation`,
    }
  },
}
