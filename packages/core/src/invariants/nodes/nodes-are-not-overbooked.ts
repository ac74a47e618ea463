import type { Node, Pod } from '../../api/generated/types.js'
import { milliValueOf, quantityOf } from '../../api/quantity.js'
import { storeOf } from '../../cluster/state.js'
import { countOnNode, findObject, type ObjectStore } from '../../cluster/store.js'
import { emptyMap, forEachEntry, getAt } from '../../kernel/persistent-map.js'
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

const rememberedMax = 1_000
const remembered = new Map<string, number>()

/** Quantities are written alike again and again: their values are remembered by their text. */
const milli = (quantity: string | number | undefined): number => {
  if (quantity === undefined) return 0
  const text = String(quantity)
  const known = remembered.get(text)
  if (known !== undefined) return known
  const value = milliValueOf(quantityOf(quantity))
  if (remembered.size >= rememberedMax) remembered.clear()
  remembered.set(text, value)
  return value
}

/** Of the main containers: less than the scheduler counts is enough to find what it should have refused. */
const requestsOf = ({ spec }: Pod): Requests => {
  let found = noRequests
  for (const { resources } of spec.containers) {
    const requests = resources?.requests
    if (requests !== undefined) found = { cpu: found.cpu + milli(requests['cpu']), memory: found.memory + milli(requests['memory']) }
  }
  return found
}

const plus = (left: Requests, right: Requests): Requests => ({ cpu: left.cpu + right.cpu, memory: left.memory + right.memory })

/** All Pods of the node, or only those that still run. */
const requestsOn = (store: ObjectStore, nodeName: string, alsoFinished: boolean): Requests & { readonly count: number } => {
  let [total, count] = [noRequests, 0]
  // In no particular order: it is a sum.
  forEachEntry(getAt(store.byNode, nodeName) ?? emptyMap<true>(), (key) => {
    const pod = asPod(findObject(store, key))
    if (pod === undefined || (!alsoFinished && isTerminal(pod))) return
    total = plus(total, requestsOf(pod))
    count += 1
  })
  return { ...total, count }
}

const isNothing = ({ cpu, memory }: Requests): boolean => cpu === 0 && memory === 0

const sums = new WeakMap<object, Requests>()

/** What all Pods of the node ask for: one more than before, if that is remembered (a memo under the set of the node's Pods). */
const sumAfter = (before: ObjectStore, after: ObjectStore, nodeName: string, own: Requests): Requests => {
  const [had, has] = [getAt(before.byNode, nodeName), getAt(after.byNode, nodeName)]
  const known = had === undefined ? (isNothing(own) ? undefined : noRequests) : sums.get(had)
  // Who asks for nothing takes no room: there is nothing to sum up for it, and only what is known goes on being known.
  if (known === undefined && isNothing(own)) return noRequests
  const sum = known === undefined ? requestsOn(after, nodeName, true) : plus(known, own)
  if (has !== undefined) sums.set(has, sum)
  return sum
}

/** N2. Class F: from a stale cache the scheduler may overbook, and the kubelet refuses the Pod. */
export const nodesAreNotOverbooked: Invariant = {
  name,
  promise: 'The scheduler binds a Pod only to a node with room for its requests and for one more Pod.',
  expectation: 'always',
  concerns: ['PodScheduled'],
  check: (observation) => {
    const { before, after, recorded, view } = observation
    if (before === after || recorded.actor !== 'default-scheduler' || !cachesAreFresh(before, recorded.actor, view)) return undefined
    const bound = asPod(changeOf(observation)?.after)
    const nodeName = bound?.spec.nodeName ?? ''
    // The store of Nodes.
    const node = findObject(storeOf(after, 'Node'), nodeName) as unknown as Node | undefined
    const allocatable = node?.status.allocatable
    if (bound === undefined || allocatable === undefined) return undefined
    const store = storeOf(after, 'Pod')
    const [room, cpuRoom, memoryRoom] = [Number(allocatable['pods'] ?? '110'), milli(allocatable['cpu']), milli(allocatable['memory'])]
    const own = requestsOf(bound)
    const sum = sumAfter(storeOf(before, 'Pod'), store, nodeName, own)
    if (countOnNode(store, nodeName) <= room && sum.cpu <= cpuRoom && sum.memory <= memoryRoom) return undefined
    // Pods that have ended need no room.
    const { cpu, memory, count } = requestsOn(store, nodeName, false)
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
