import type { Container, Node, Pod } from '../../api/generated/types.js'
import { milliValueOf, quantityOf } from '../../api/quantity.js'
import { storeOf } from '../../cluster/state.js'
import { countOnNode, findObject, podsOnNode } from '../../cluster/store.js'
import { isTerminal } from '../../resources/pod/queries.js'
import { cachesAreFresh } from '../fresh-caches.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf } from '../observed-change.js'

const name = 'nodes/nodes-are-not-overbooked'

interface Requests {
  readonly cpu: number
  readonly memory: number
}

const noRequests: Requests = { cpu: 0, memory: 0 }
const requestsBySpec = new WeakMap<object, Requests>()

const milli = (container: Container, resource: string): number => {
  const quantity = container.resources?.requests?.[resource]
  return quantity === undefined ? 0 : milliValueOf(quantityOf(quantity))
}

/** Of the main containers: less than the scheduler counts is enough to find what it should have refused. (Remembered for the spec, which never changes.) */
const requestsOf = ({ spec }: Pod): Requests => {
  const known = requestsBySpec.get(spec)
  if (known !== undefined) return known
  let found = noRequests
  for (const container of spec.containers) {
    if (container.resources?.requests === undefined) continue
    found = { cpu: found.cpu + milli(container, 'cpu'), memory: found.memory + milli(container, 'memory') }
  }
  requestsBySpec.set(spec, found)
  return found
}

/** N2. Class F: from a stale cache the scheduler may overbook, and the kubelet refuses the Pod. */
export const nodesAreNotOverbooked: Invariant = {
  name,
  promise: 'The scheduler binds a Pod only to a node with room for its requests and for one more Pod.',
  expectation: 'always',
  concerns: ['PodScheduled'],
  check: (observation) => {
    const { before, after, recorded } = observation
    if (before === after || recorded.actor !== 'default-scheduler' || !cachesAreFresh(before, recorded.actor)) return undefined
    const bound = asPod(changeOf(observation)?.after)
    const nodeName = bound?.spec.nodeName ?? ''
    const node = findObject(storeOf(after, 'Node'), nodeName) as unknown as Node | undefined
    const allocatable = node?.status.allocatable
    if (bound === undefined || allocatable === undefined) return undefined
    const store = storeOf(after, 'Pod')
    const room = Number(allocatable['pods'] ?? '110')
    const own = requestsOf(bound)
    if (own === noRequests && countOnNode(store, nodeName) <= room) return undefined
    const pods = podsOnNode(store, nodeName)
    let [cpu, memory, count] = [0, 0, 0]
    for (const object of pods) {
      const pod = asPod(object)
      if (pod === undefined || isTerminal(pod)) continue
      const requests = requestsOf(pod)
      cpu += requests.cpu
      memory += requests.memory
      count += 1
    }
    const [cpuRoom, memoryRoom] = [milliValueOf(quantityOf(allocatable['cpu'])), milliValueOf(quantityOf(allocatable['memory']))]
    const excess =
      count > room
        ? `${count} Pods; expected at most ${room}`
        : own.cpu > 0 && cpu > cpuRoom
          ? `requests of ${cpu} milli-CPU; expected at most ${cpuRoom}`
          : own.memory > 0 && memory > memoryRoom
            ? `requests of ${memory / 1_000} bytes of memory; expected at most ${memoryRoom / 1_000}`
            : undefined
    if (excess === undefined) return undefined
    return { invariant: name, message: `with ${bound.metadata.name} node ${nodeName} has ${excess}` }
  },
}
