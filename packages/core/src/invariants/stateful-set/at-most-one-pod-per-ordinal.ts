import { followMap } from '../../kernel/map-difference.js'
import { emptyMap, getAt, type PersistentMap } from '../../kernel/persistent-map.js'
import { processesOf, type PodProcesses } from '../../cluster/world.js'
import type { Invariant } from '../invariant.js'

const name = 'stateful-set/at-most-one-pod-per-ordinal'

const nameOf = ({ namespace, name: podName }: PodProcesses): string => `${namespace}/${podName}`

const followProcesses = followMap<PodProcesses, Map<string, readonly string[]>>(new Map(), emptyMap(), (index, uid, before, after) => {
  if (before !== undefined && after === undefined) {
    const rest = (index.get(nameOf(before)) ?? []).filter((other) => other !== uid)
    if (rest.length === 0) index.delete(nameOf(before))
    else index.set(nameOf(before), rest)
  } else if (before === undefined && after !== undefined) index.set(nameOf(after), [...(index.get(nameOf(after)) ?? []), uid])
})

let indexed: PersistentMap<PodProcesses>['keySet'] | undefined
let index: ReadonlyMap<string, readonly string[]> = new Map()

/** Who has processes under a name: almost always one. The index (a memo) moves only when Pods came or went. */
const processesByName = (pods: PersistentMap<PodProcesses>): ReadonlyMap<string, readonly string[]> => {
  if (pods.keySet !== indexed) {
    index = followProcesses(pods)
    indexed = pods.keySet
  }
  return index
}

const isRunning = (processes: PodProcesses | undefined): boolean =>
  processes?.sandbox?.alive === true && processes.containers.some(({ state }) => state === 'running')

/**
 * S2: judged on the machines, where it counts. It must hold unless somebody forced a deletion (which removes the object, not the process), and
 * it must fail then: that is what forcing means.
 */
export const atMostOnePodPerOrdinal: Invariant = {
  name,
  promise: 'At any time at most one Pod runs under one identity, on whatever node.',
  expectation: 'always',
  concerns: ['ContainerStarted'],
  check: ({ after, recorded: { event } }) => {
    if (event.kind !== 'ContainerStarted') return undefined
    const started = processesOf(after.world, event.podUid)
    if (started === undefined) return undefined
    const known = processesByName(after.world.pods).get(nameOf(started)) ?? []
    if (known.length < 2) return undefined
    const otherUid = known.find((uid) => uid !== event.podUid && isRunning(getAt(after.world.pods, uid)))
    const other = otherUid === undefined ? undefined : getAt(after.world.pods, otherUid)
    if (other === undefined) return undefined
    const machine = getAt(after.world.machines, other.node)
    const state =
      machine?.network === 'partitioned' ? 'cut off, still running' : machine?.kubelet === 'hung' ? 'its kubelet hangs' : 'running'
    return {
      invariant: name,
      message: `two Pods run as ${nameOf(started)}: ${other.uid} on ${other.node} (${state}) and ${started.uid} on ${started.node}; expected at most one`,
      hint: 'force deletion removes the API object, not the process; a node that is cut off goes on running its Pods',
    }
  },
}
