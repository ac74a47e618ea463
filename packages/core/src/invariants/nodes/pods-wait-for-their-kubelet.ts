import { processesOf } from '../../cluster/world.js'
import { isTerminal } from '../../resources/pod/queries.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf } from '../observed-change.js'

const name = 'nodes/pods-wait-for-their-kubelet'

/** Who may take away what nobody on a node can answer for any more. */
const undertaker = 'pod-garbage-collector-controller'

/**
 * N5: nobody knows whether a Pod on a lost node has ended, so no controller removes its object (and so makes room for a successor). People may: that
 * is what forcing means. Follows BeforeDelete in apiserver/pkg/registry/rest/delete.go and podgc's rules.
 */
export const podsWaitForTheirKubelet: Invariant = {
  name,
  promise: 'No controller removes the object of a Pod that runs on a node; it waits for the kubelet to say that it has ended.',
  expectation: 'always',
  concerns: ['PodDeleted'],
  check: (observation) => {
    const { recorded, view, before, request } = observation
    // Who takes off the last finalizer removes what somebody else has deleted.
    if (request !== undefined && request.command.kind !== 'DeleteObject' && request.command.kind !== 'EvictPod') return undefined
    if (view === undefined || recorded.actor.startsWith('kubelet') || recorded.actor === undertaker) return undefined
    const pod = asPod(changeOf(observation)?.before)
    if (pod === undefined || (pod.spec.nodeName ?? '') === '' || isTerminal(pod)) return undefined
    // A Pod that asks for no grace is removed by the request itself.
    if (pod.spec.terminationGracePeriodSeconds === 0) return undefined
    const processes = processesOf(before.world, pod.metadata.uid)
    if (processes?.containers.some(({ state }) => state === 'running') !== true) return undefined
    return {
      invariant: name,
      message: `${recorded.actor} removed ${pod.metadata.name} while it runs on ${processes.node}; expected the object to stay until that node's kubelet lets it go`,
      hint: 'a successor would be a second process with the same identity',
    }
  },
}
