/** On which nodes a DaemonSet's Pods belong, and what is added to a Pod so that it gets there and stays. */
import type { Affinity, DaemonSet, Node, NodeSelectorTerm, PodSpec, Taint, Toleration } from '../../api/generated/types.js'
import { nodeSelectorMatches } from '../../resources/node/queries.js'
import { isTolerated } from '../../resources/node/queries.js'

export interface NodeFitness {
  /** A Pod is made there. */
  readonly shouldRun: boolean
  /** A Pod that is there may stay. */
  readonly shouldContinueRunning: boolean
}

// Follows NodeShouldRunDaemonPod and predicates in pkg/controller/daemon/daemon_controller.go.
export const fitnessOf = (set: DaemonSet, node: Node): NodeFitness => {
  const { spec } = set.spec.template
  const isNamed = (spec.nodeName ?? '') === '' || spec.nodeName === node.metadata.name
  if (!isNamed || !fitsAffinity(spec, node)) return { shouldRun: false, shouldContinueRunning: false }
  const tolerations = daemonTolerations(spec)
  const isRepelledBy = (effects: readonly Taint['effect'][]): boolean =>
    (node.spec.taints ?? []).some((taint) => effects.includes(taint.effect) && !isTolerated(taint, tolerations))
  return { shouldRun: !isRepelledBy(['NoSchedule', 'NoExecute']), shouldContinueRunning: !isRepelledBy(['NoExecute']) }
}

// Follows GetRequiredNodeAffinity in component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go.
const fitsAffinity = ({ nodeSelector = {}, affinity }: PodSpec, { metadata: { name, labels = {} } }: Node): boolean => {
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return (
    Object.entries(nodeSelector).every(([key, value]) => labels[key] === value) &&
    (required === undefined || nodeSelectorMatches(required, name, labels))
  )
}

const toleratedForever: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
]
const toleratedOnHostNetwork: Toleration = { key: 'node.kubernetes.io/network-unavailable', operator: 'Exists', effect: 'NoSchedule' }

/** The Pod's own tolerations, and those that keep a daemon on a node in trouble. */
// Follows AddOrUpdateDaemonPodTolerations in pkg/controller/daemon/util/daemonset_util.go.
export const daemonTolerations = (spec: PodSpec): readonly Toleration[] => {
  const added = spec.hostNetwork === true ? [...toleratedForever, toleratedOnHostNetwork] : toleratedForever
  const own = spec.tolerations ?? []
  const isSame = (one: Toleration, other: Toleration): boolean =>
    one.key === other.key && one.effect === other.effect && one.operator === other.operator && (one.value ?? '') === (other.value ?? '')
  const replaced = own.map((toleration) => added.find((candidate) => isSame(candidate, toleration)) ?? toleration)
  return [...replaced, ...added.filter((candidate) => !own.some((toleration) => isSame(candidate, toleration)))]
}

/** The affinity with its required node terms replaced: the scheduler has exactly one node to choose from. */
// Follows ReplaceDaemonSetPodNodeNameNodeAffinity in pkg/controller/daemon/util/daemonset_util.go.
export const affinityToNode = (affinity: Affinity | undefined, nodeName: string): Affinity => {
  const term: NodeSelectorTerm = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] }
  return {
    ...affinity,
    nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
  }
}

/** The node that a Pod runs on or was made for. Follows GetTargetNodeName in pkg/controller/daemon/util/daemonset_util.go. */
export const targetNodeOf = ({ nodeName, affinity }: PodSpec): string | undefined => {
  if (nodeName !== undefined && nodeName !== '') return nodeName
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  for (const { matchFields = [] } of terms) {
    const field = matchFields.find(({ key, operator, values = [] }) => key === 'metadata.name' && operator === 'In' && values.length === 1)
    if (field?.values?.[0] !== undefined) return field.values[0]
  }
  return undefined
}
