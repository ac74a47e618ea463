/** Pods that look at other Pods: (anti-)affinity and spreading, counted by topology domain. */
import type { LabelSelector, Node, Pod, PodAffinityTerm, TopologySpreadConstraint } from '../../api/generated/types.js'
import { selectorMatches } from '../../api/label-selector.js'
import type { Reader } from '../../cluster/reader.js'
import { nodeSelectorMatches } from '../../resources/node/queries.js'
import { countOn, type NodeInfo, type Snapshot, type Tally } from './snapshot.js'

/** An affinity term with the namespaces it speaks of. Follows newAffinityTerm and GetNamespaceLabelsSnapshot. */
export interface Term {
  readonly topologyKey: string
  readonly selector: LabelSelector | undefined
  /** undefined: all. */
  readonly namespaces: readonly string[] | undefined
}

export const termOf = (owner: Pod, term: PodAffinityTerm, reader: Reader): Term => {
  const { topologyKey, labelSelector, namespaces = [], namespaceSelector } = term
  if (namespaceSelector === undefined) {
    return { topologyKey, selector: labelSelector, namespaces: namespaces.length === 0 ? [owner.metadata.namespace ?? ''] : namespaces }
  }
  const isEmpty = namespaceSelector.matchLabels === undefined && namespaceSelector.matchExpressions === undefined
  if (isEmpty) return { topologyKey, selector: labelSelector, namespaces: undefined }
  const selected = reader.list('Namespace').filter((namespace) => selectorMatches(namespaceSelector, namespace.metadata.labels))
  return {
    topologyKey,
    selector: labelSelector,
    namespaces: [...new Set([...namespaces, ...selected.map(({ metadata }) => metadata.name)])].sort((left, right) =>
      left < right ? -1 : left > right ? 1 : 0,
    ),
  }
}

export const termMatches = (term: Term, pod: Pod): boolean =>
  (term.namespaces === undefined || term.namespaces.includes(pod.metadata.namespace ?? '')) &&
  selectorMatches(term.selector, pod.metadata.labels)

export const labelOfNode = (node: Node | undefined, key: string): string | undefined => node?.metadata.labels?.[key]

/** Number of matching Pods by value of the topology key. */
export type DomainCounts = ReadonlyMap<string, number>

const addDomain = (counts: Map<string, number>, node: Node | undefined, key: string, by: number): void => {
  const value = labelOfNode(node, key)
  if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + by)
}

const domainsOfTally = (tally: Tally, key: string, snapshot: Snapshot): DomainCounts => {
  const counts = new Map<string, number>()
  for (const info of snapshot.byName.values()) {
    const count = countOn(tally, info)
    if (count > 0) addDomain(counts, info.node, key, count)
  }
  return counts
}

const tallyOfTerm = (term: Term, snapshot: Snapshot): Tally =>
  snapshot.tally({ namespaces: term.namespaces, selector: term.selector, alsoTerminating: true })

/** Pods that match the term, by domain. */
export const domainsOfTerm = (term: Term, snapshot: Snapshot): DomainCounts =>
  domainsOfTally(tallyOfTerm(term, snapshot), term.topologyKey, snapshot)

/** Pods that match all the terms, by domain of each term. */
export const domainsOfAllTerms = (terms: readonly Term[], snapshot: Snapshot): readonly DomainCounts[] => {
  const [only] = terms
  if (terms.length === 1 && only !== undefined) return [domainsOfTerm(only, snapshot)]
  const counts = terms.map(() => new Map<string, number>())
  for (const info of snapshot.byName.values())
    for (const pod of info.pods.values())
      if (terms.every((term) => termMatches(term, pod)))
        for (const [position, term] of terms.entries()) {
          const domains = counts[position]
          if (domains !== undefined) addDomain(domains, info.node, term.topologyKey, 1)
        }
  return counts
}

// ---- spreading

export interface SpreadConstraint {
  readonly topologyKey: string
  readonly maxSkew: number
  readonly minDomains: number
  readonly selector: LabelSelector | undefined
  readonly honorsAffinity: boolean
  readonly honorsTaints: boolean
}

const none: readonly SpreadConstraint[] = []

/** Follows filterTopologySpreadConstraints in pkg/scheduler/framework/plugins/podtopologyspread/common.go. */
export const spreadConstraintsOf = (
  pod: Pod,
  whenUnsatisfiable: TopologySpreadConstraint['whenUnsatisfiable'],
): readonly SpreadConstraint[] =>
  pod.spec.topologySpreadConstraints === undefined
    ? none
    : pod.spec.topologySpreadConstraints
        .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
        .map((constraint) => {
          const own: { [key: string]: string } = {}
          for (const key of constraint.matchLabelKeys ?? []) {
            const value = pod.metadata.labels?.[key]
            if (value !== undefined) own[key] = value
          }
          const matchLabels = { ...constraint.labelSelector?.matchLabels, ...own }
          return {
            topologyKey: constraint.topologyKey,
            maxSkew: constraint.maxSkew,
            minDomains: constraint.minDomains ?? 1,
            selector: constraint.labelSelector === undefined ? undefined : { ...constraint.labelSelector, matchLabels },
            honorsAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
            honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
          }
        })

/** The Pod's nodeSelector and required node affinity. Follows GetRequiredNodeAffinity. */
export const acceptsNode = (pod: Pod, node: Node): boolean => {
  const { nodeSelector, affinity } = pod.spec
  if (nodeSelector !== undefined) for (const key in nodeSelector) if (node.metadata.labels?.[key] !== nodeSelector[key]) return false
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return required === undefined || nodeSelectorMatches(required, node.metadata.name, node.metadata.labels)
}

export const spreadTally = (pod: Pod, selector: LabelSelector | undefined, snapshot: Snapshot): Tally =>
  snapshot.tally({ namespaces: [pod.metadata.namespace ?? ''], selector, alsoTerminating: false })

/** Matching Pods by domain, over the nodes that take part; domains without Pods count too. */
export const spreadDomains = (
  nodes: readonly NodeInfo[],
  tally: Tally,
  constraint: SpreadConstraint,
  takesPart: (info: NodeInfo) => boolean,
): DomainCounts => {
  const counts = new Map<string, number>()
  for (const info of nodes) if (takesPart(info)) addDomain(counts, info.node, constraint.topologyKey, countOn(tally, info))
  return counts
}
