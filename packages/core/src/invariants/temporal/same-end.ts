/** L15: a run with a crash ends as the run without it did, having created and deleted each object as often, or the difference is told. */
import { keyOfObject, type KubernetesObject } from '../../api/object.js'
import type { ClusterEvent } from '../../cluster/events.js'
import { isObjectCreated, isObjectDeleted } from '../../cluster/object-events.js'
import { asJson } from '../../cluster/decide-write.js'
import { storeOf, type ClusterState } from '../../cluster/state.js'
import { allObjects } from '../../cluster/store.js'
import { isJsonObject, type Json } from '../../kernel/json.js'
import { deepEqual } from '../../kernel/object-difference.js'
import type { RecordedEvent } from '../../kernel/recorded-event.js'

export interface RunEnd {
  readonly state: ClusterState
  readonly log: readonly RecordedEvent<ClusterEvent>[]
}

/** What differs with every run: identities, versions, times, and which of equal nodes and addresses was drawn. */
const incidental: ReadonlySet<string> = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'lastTransitionTime',
  'lastProbeTime',
  'startTime',
  'startedAt',
  'finishedAt',
  'containerID',
  'podIP',
  'podIPs',
  'hostIP',
  'hostIPs',
  'nodeName',
  'volumeName',
  'volume.kubernetes.io/selected-node',
  'generation',
  'observedGeneration',
  'revision',
])

/** The volume of the service account's token has a drawn name. */
const tokenVolume = /^kube-api-access-[a-z0-9]{5}$/

const essenceOf = (value: Json): Json => {
  if (typeof value === 'string') return tokenVolume.test(value) ? 'kube-api-access' : value
  if (Array.isArray(value)) return (value as readonly Json[]).map(essenceOf)
  if (!isJsonObject(value)) return value
  const kept: { [key: string]: Json } = {}
  for (const key of Object.keys(value)) {
    const inner = value[key]
    if (inner !== undefined && !incidental.has(key)) kept[key] = essenceOf(inner)
  }
  return kept
}

const compared = ['StatefulSet', 'Pod', 'PersistentVolumeClaim', 'ControllerRevision', 'Deployment', 'DaemonSet', 'PodDisruptionBudget']

const objectsOf = ({ state }: RunEnd): ReadonlyMap<string, KubernetesObject> =>
  new Map(compared.flatMap((kind) => allObjects(storeOf(state, kind)).map((object) => [`${kind} ${keyOfObject(object)}`, object] as const)))

/** How often each object was created and deleted. */
const countsOf = ({ log }: RunEnd): ReadonlyMap<string, string> => {
  const counts = new Map<string, [number, number]>()
  for (const { event } of log) {
    if (!isObjectCreated(event) && !isObjectDeleted(event)) continue
    const slash = event.object.indexOf('/')
    const kind = event.object.slice(0, slash)
    if (!compared.includes(kind)) continue
    const name = `${kind} ${event.object.slice(slash + 1)}`
    const [created, deleted] = counts.get(name) ?? [0, 0]
    counts.set(name, isObjectCreated(event) ? [created + 1, deleted] : [created, deleted + 1])
  }
  return new Map([...counts].map(([name, [created, deleted]]) => [name, `created ${created} and deleted ${deleted} times`]))
}

const namesOf = <V>(left: ReadonlyMap<string, V>, right: ReadonlyMap<string, V>): readonly string[] =>
  [...new Set([...left.keys(), ...right.keys()])].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))

/** What differs between the ends of two runs, in sentences; nothing: they are the same. */
export const differencesOfEnds = (plain: RunEnd, disturbed: RunEnd): readonly string[] => {
  const found: string[] = []
  const [before, after] = [objectsOf(plain), objectsOf(disturbed)]
  for (const name of namesOf(before, after)) {
    const [was, is] = [before.get(name), after.get(name)]
    if (was === undefined || is === undefined) found.push(`${name} ${is === undefined ? 'is missing' : 'is there besides'}`)
    else if (!deepEqual(essenceOf(asJson(was)), essenceOf(asJson(is)))) found.push(`${name} is another one than without the disturbance`)
  }
  const [often, now] = [countsOf(plain), countsOf(disturbed)]
  for (const name of namesOf(often, now)) {
    const [was = 'never made', is = 'never made'] = [often.get(name), now.get(name)]
    if (was !== is) found.push(`${name} was ${is}; without the disturbance it was ${was}`)
  }
  return found
}
