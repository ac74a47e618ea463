import { processesOf } from '../../cluster/world.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf } from '../observed-change.js'

const name = 'nodes/objects-go-after-their-processes'

/** N5. The kubelet is the one that must keep to it; whoever deletes with grace 0 takes the object away from a living process. */
export const objectsGoAfterTheirProcesses: Invariant = {
  name,
  promise: 'A kubelet lets the object of a Pod go only when no process of it runs any more.',
  expectation: 'always',
  concerns: ['PodDeleted'],
  check: (observation) => {
    if (!observation.recorded.actor.startsWith('kubelet')) return undefined
    const pod = asPod(changeOf(observation)?.before)
    const processes = pod === undefined ? undefined : processesOf(observation.before.world, pod.metadata.uid)
    if (pod === undefined || processes === undefined || processes.sandbox?.alive !== true) return undefined
    const running = processes.containers.find(({ state }) => state === 'running')
    if (running === undefined) return undefined
    return {
      invariant: name,
      message: `the kubelet of ${processes.node} removed ${pod.metadata.name} while its container ${running.name} runs; expected it to wait for the end`,
    }
  },
}
