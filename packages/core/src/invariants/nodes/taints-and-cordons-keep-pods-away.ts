import { isTolerated, unschedulableTaint } from '../../resources/node/queries.js'
import type { Taint, Volume } from '../../api/generated/types.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf } from '../observed-change.js'

const name = 'nodes/taints-and-cordons-keep-pods-away'
const isClaimed = ({ persistentVolumeClaim, ephemeral }: Volume): boolean => persistentVolumeClaim !== undefined || ephemeral !== undefined
const cordon: Taint = { key: unschedulableTaint, effect: 'NoSchedule' }

/** N3, in the scheduler's view. Pods with volumes are left out: their node was chosen earlier, and they were bound when their volumes were ready. */
export const taintsAndCordonsKeepPodsAway: Invariant = {
  name,
  promise: 'The scheduler binds no Pod to a node that is cordoned, or that has a taint which the Pod does not tolerate.',
  expectation: 'always',
  concerns: ['PodScheduled'],
  check: (observation) => {
    const { view, before, after, recorded } = observation
    if (before === after || view === undefined || recorded.actor !== 'default-scheduler') return undefined
    const pod = asPod(changeOf(observation)?.after)
    if (pod === undefined || pod.spec.volumes?.some(isClaimed) === true) return undefined
    const node = view.get('Node', '', pod.spec.nodeName ?? '')
    if (node === undefined)
      return {
        invariant: name,
        message: `${pod.metadata.name} was bound to ${pod.spec.nodeName ?? 'no node'}, which does not exist in the scheduler's view`,
      }
    const { tolerations } = pod.spec
    if (node.spec.unschedulable === true && !isTolerated(cordon, tolerations))
      return { invariant: name, message: `${pod.metadata.name} was bound to ${node.metadata.name}; expected none: the node is cordoned` }
    const taint = node.spec.taints?.find(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute')
    if (
      taint === undefined ||
      node.spec.taints?.every((each) => each.effect === 'PreferNoSchedule' || isTolerated(each, tolerations)) === true
    )
      return undefined
    return {
      invariant: name,
      message: `${pod.metadata.name} was bound to ${node.metadata.name} without tolerating its taints; expected none of ${(node.spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).join(', ')}`,
    }
  },
}
