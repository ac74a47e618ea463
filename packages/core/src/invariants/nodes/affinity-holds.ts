import type { Node, Pod } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { readerOf, type ClusterState } from '../../cluster/state.js'
import { valuesAt } from '../../kernel/map-difference.js'
import { getAt, valuesOf } from '../../kernel/persistent-map.js'
import { cachesAreFresh } from '../fresh-caches.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf } from '../observed-change.js'
import { acceptsNode, domainOf, nodeUnder, placedPods, speaksOf, wasChosenEarlier } from './topology.js'

const name = 'nodes/affinity-holds'

type Antiaffine = NonNullable<
  NonNullable<NonNullable<Pod['spec']['affinity']>['podAntiAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']
>
const foesOf = (pod: Pod): Antiaffine => pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []

const shunsIn = new WeakMap<object, boolean>()

const remembered = (under: object, ask: () => boolean): boolean => {
  const known = shunsIn.get(under)
  if (known !== undefined) return known
  const answer = ask()
  shunsIn.set(under, answer)
  return answer
}

/**
 * Whether some Pod may forbid others to be near it: asked of the Pods that templates gave first and of those that nobody owns, which change seldom.
 * The casts: both hold Pods.
 */
const mayBeShunned = ({ prototypes, stores }: ClusterState): boolean => {
  const pods = getAt(stores, 'Pod')
  const bare = pods === undefined ? undefined : getAt(pods.byOwner, '')
  return (
    remembered(prototypes, () =>
      valuesOf(prototypes).some((prototype) => prototype['kind'] === 'Pod' && foesOf(prototype as unknown as Pod).length > 0),
    ) ||
    (pods !== undefined &&
      bare !== undefined &&
      remembered(bare, () => valuesAt(pods.objects, bare).some((pod) => foesOf(pod as unknown as Pod).length > 0)))
  )
}

/** Somebody in the node's domain whom the Pod, or who the Pod, must not be with. */
const foeOf = (pod: Pod, node: Node, others: readonly Pod[], reader: Reader): string | undefined => {
  const isClose = (other: Pod, topologyKey: string): boolean => {
    const domain = domainOf(node, topologyKey)
    return domain !== undefined && domainOf(nodeUnder(other, reader), topologyKey) === domain
  }
  const own = foesOf(pod)
  for (const other of others) {
    const term = own.find((each) => speaksOf(pod, each, other, reader) && isClose(other, each.topologyKey))
    if (term !== undefined) return `${other.metadata.name} is in the same ${term.topologyKey}, which its anti-affinity forbids`
    const theirs = foesOf(other).find((each) => speaksOf(other, each, pod, reader) && isClose(other, each.topologyKey))
    if (theirs !== undefined) return `${other.metadata.name} is in the same ${theirs.topologyKey} and forbids it by its own anti-affinity`
  }
  return undefined
}

/** Whether all that the Pod must be with is in the node's domains; the first of its kind may be alone. Follows satisfyPodAffinity. */
const friendMissing = (pod: Pod, node: Node, others: readonly Pod[], reader: Reader): string | undefined => {
  const terms = pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  if (terms.length === 0) return undefined
  const friends = others.filter((other) => terms.every((term) => speaksOf(pod, term, other, reader)))
  for (const { topologyKey } of terms) {
    const domain = domainOf(node, topologyKey)
    if (domain === undefined) return `the node has no label ${topologyKey}, which its affinity asks for`
    if (friends.some((friend) => domainOf(nodeUnder(friend, reader), topologyKey) === domain)) continue
    const isFirst =
      terms.every((term) => speaksOf(pod, term, pod, reader)) &&
      !friends.some((friend) => terms.some((term) => domainOf(nodeUnder(friend, reader), term.topologyKey) !== undefined))
    if (!isFirst) return `nobody that its affinity asks for is in the same ${topologyKey}`
  }
  return undefined
}

/** N4, class F: what is judged is the store, so it counts only while the scheduler's caches show it. */
export const affinityHolds: Invariant = {
  name,
  promise: 'The scheduler binds a Pod only where its node affinity, its affinity and the anti-affinity of all concerned allow it.',
  expectation: 'always',
  concerns: ['PodScheduled'],
  check: (observation) => {
    const { view, before, after, recorded } = observation
    if (before === after || recorded.actor !== 'default-scheduler' || !cachesAreFresh(before, recorded.actor, view)) return undefined
    const pod = asPod(changeOf(observation)?.after)
    if (pod === undefined) return undefined
    if (pod.spec.affinity === undefined && !mayBeShunned(before)) return undefined
    const reader = readerOf(before)
    const node = reader.get('Node', '', pod.spec.nodeName ?? '')
    if (node === undefined) return undefined
    const others = placedPods(reader, pod)
    const trouble =
      (acceptsNode(pod, node) ? undefined : 'its node affinity does not accept the node') ??
      foeOf(pod, node, others, reader) ??
      (wasChosenEarlier(pod) ? undefined : friendMissing(pod, node, others, reader))
    if (trouble === undefined) return undefined
    return {
      invariant: name,
      message: `${pod.metadata.name} was bound to ${node.metadata.name} although ${trouble}; expected another node, or none`,
    }
  },
}
