import type { Node, Pod, TopologySpreadConstraint } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { readerOf } from '../../cluster/state.js'
import { isTolerated } from '../../resources/node/queries.js'
import { isTerminating } from '../../resources/pod/queries.js'
import { cachesAreFresh } from '../fresh-caches.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf } from '../observed-change.js'
import { acceptsNode, domainOf, matches, placedPods, wasChosenEarlier } from './topology.js'

const name = 'nodes/spread-holds'

/** The selector, narrowed to Pods that have the same values as this one of the labels in matchLabelKeys. */
const selectorOf = ({ labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint, { metadata: { labels = {} } }: Pod) => {
  if (labelSelector === undefined) return undefined
  const own = matchLabelKeys.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]] as const]))
  return { ...labelSelector, matchLabels: { ...labelSelector.matchLabels, ...Object.fromEntries(own) } }
}

const toleratesAll = ({ spec: { tolerations } }: Pod, { spec: { taints = [] } }: Node): boolean =>
  taints.every((taint) => taint.effect === 'PreferNoSchedule' || isTolerated(taint, tolerations))

/** How much fuller the node's domain becomes than the emptiest. Follows Filter in pkg/scheduler/framework/plugins/podtopologyspread/filtering.go. */
const skewOf = (constraint: TopologySpreadConstraint, pod: Pod, node: Node, keys: readonly string[], reader: Reader): number => {
  const { topologyKey, minDomains = 1, nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' } = constraint
  const selector = selectorOf(constraint, pod)
  const counts = new Map<string, number>()
  const domains = new Map<string, string>()
  for (const each of reader.list('Node')) {
    const domain = domainOf(each, topologyKey)
    if (domain === undefined || keys.some((key) => domainOf(each, key) === undefined)) continue
    if ((nodeAffinityPolicy === 'Honor' && !acceptsNode(pod, each)) || (nodeTaintsPolicy === 'Honor' && !toleratesAll(pod, each))) continue
    domains.set(each.metadata.name, domain)
    if (!counts.has(domain)) counts.set(domain, 0)
  }
  for (const other of placedPods(reader, pod)) {
    const domain = domains.get(other.spec.nodeName ?? '')
    if (domain === undefined || other.metadata.namespace !== pod.metadata.namespace || isTerminating(other) || !matches(selector, other))
      continue
    counts.set(domain, (counts.get(domain) ?? 0) + 1)
  }
  const least = counts.size < minDomains ? 0 : Math.min(...counts.values())
  return (counts.get(domainOf(node, topologyKey) ?? '') ?? 0) + (matches(selector, pod) ? 1 : 0) - least
}

/** N4, second half. Class F: what is judged is the store, so it counts only while the scheduler's caches show it. */
export const spreadHolds: Invariant = {
  name,
  promise: 'The scheduler binds a Pod only where its hard topology spread constraints (DoNotSchedule) still hold with it.',
  expectation: 'always',
  concerns: ['PodScheduled'],
  check: (observation) => {
    const { view, before, after, recorded } = observation
    if (before === after || recorded.actor !== 'default-scheduler') return undefined
    const pod = asPod(changeOf(observation)?.after)
    const hard = pod?.spec.topologySpreadConstraints?.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule')
    if (pod === undefined || hard === undefined || hard.length === 0) return undefined
    if (!cachesAreFresh(before, recorded.actor, view) || wasChosenEarlier(pod)) return undefined
    const reader = readerOf(before)
    const node = reader.get('Node', '', pod.spec.nodeName ?? '')
    if (node === undefined) return undefined
    const keys = hard.map(({ topologyKey }) => topologyKey)
    for (const constraint of hard) {
      const { topologyKey, maxSkew } = constraint
      if (domainOf(node, topologyKey) === undefined)
        return {
          invariant: name,
          message: `${pod.metadata.name} was bound to ${node.metadata.name}, which has no label ${topologyKey}; expected a node that takes part in spreading`,
        }
      const skew = skewOf(constraint, pod, node, keys, reader)
      if (skew > maxSkew)
        return {
          invariant: name,
          message: `${pod.metadata.name} was bound to ${node.metadata.name}: with it ${topologyKey}=${domainOf(node, topologyKey) ?? ''} has ${skew} more than the emptiest; expected at most ${maxSkew}`,
        }
    }
    return undefined
  },
}
