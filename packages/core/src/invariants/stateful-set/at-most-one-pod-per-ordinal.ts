import { forEachDifference } from '../../kernel/map-difference.js'
import { emptyMap, getAt, type PersistentMap } from '../../kernel/persistent-map.js'
import { processesOf, type PodProcesses } from '../../cluster/world.js'
import type { Invariant } from '../invariant.js'

const name = 'stateful-set/at-most-one-pod-per-ordinal'

const nameOf = ({ namespace, name: podName }: PodProcesses): string => `${namespace}/${podName}`

/**
 * Who has processes under a name, in whatever namespace: almost always one, which then stands there by itself. A memo of the last map asked for,
 * moved by what differs.
 */
const index = new Map<string, string | readonly string[]>()
let indexed: PersistentMap<PodProcesses> = emptyMap()

const enter = (uid: string, before: PodProcesses | undefined, after: PodProcesses | undefined): void => {
  if (before === undefined) {
    if (after === undefined) return
    const known = index.get(after.name)
    index.set(after.name, known === undefined ? uid : typeof known === 'string' ? [known, uid] : [...known, uid])
  } else if (after === undefined) {
    const known = index.get(before.name)
    const rest = known === undefined || typeof known === 'string' ? [] : known.filter((other) => other !== uid)
    if (rest.length === 0) index.delete(before.name)
    else index.set(before.name, rest)
  }
}

/** Processes came to be or went: where the index stands just before that, it follows in one step. */
const follow = (before: PersistentMap<PodProcesses>, after: PersistentMap<PodProcesses>, uid: string): void => {
  if (before.keySet !== indexed.keySet) return
  if (before.keySet !== after.keySet) enter(uid, getAt(before, uid), getAt(after, uid))
  indexed = after
}

/** Only where they are several. */
const sharersOf = (podName: string, pods: PersistentMap<PodProcesses>): readonly string[] | undefined => {
  if (pods.keySet !== indexed.keySet) {
    forEachDifference(indexed, pods, enter)
    indexed = pods
  }
  const known = index.get(podName)
  return typeof known === 'string' ? undefined : known
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
  concerns: ['ContainerStarted', 'VolumesAwaited', 'SandboxCreated', 'SandboxRemoved'],
  check: ({ before, after, recorded: { event } }) => {
    if (event.kind === 'VolumesAwaited' || event.kind === 'SandboxCreated' || event.kind === 'SandboxRemoved')
      follow(before.world.pods, after.world.pods, event.podUid)
    if (event.kind !== 'ContainerStarted') return undefined
    const started = processesOf(after.world, event.podUid)
    if (started === undefined) return undefined
    const otherUid = sharersOf(started.name, after.world.pods)?.find((uid) => {
      const other = getAt(after.world.pods, uid)
      return uid !== event.podUid && other?.namespace === started.namespace && isRunning(other)
    })
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
