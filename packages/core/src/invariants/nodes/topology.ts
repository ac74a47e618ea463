/** Who is where, by topology domain: asked of the store, pod by pod, for the invariants about hard placement rules. */
import type { LabelSelector, Node, Pod, PodAffinityTerm } from '../../api/generated/types.js'
import { selectorMatches } from '../../api/label-selector.js'
import type { Reader } from '../../cluster/reader.js'
import { nodeSelectorMatches } from '../../resources/node/queries.js'
import { isTerminal } from '../../resources/pod/queries.js'

export const domainOf = (node: Node | undefined, topologyKey: string): string | undefined => node?.metadata.labels?.[topologyKey]

/** The Pods that have a node and have not ended, but this one. */
export const placedPods = (reader: Reader, but: Pod): readonly Pod[] =>
  reader.list('Pod').filter((pod) => (pod.spec.nodeName ?? '') !== '' && !isTerminal(pod) && pod.metadata.uid !== but.metadata.uid)

export const nodeUnder = (pod: Pod, reader: Reader): Node | undefined => reader.get('Node', '', pod.spec.nodeName ?? '')

/** Whether the term, which `owner` has, speaks of the Pod. Follows AffinityTerm.Matches in the scheduler's framework types. */
export const speaksOf = (owner: Pod, term: PodAffinityTerm, pod: Pod, reader: Reader): boolean => {
  const { namespaces = [], namespaceSelector, labelSelector } = term
  const home = pod.metadata.namespace ?? ''
  const inNamespace =
    namespaces.includes(home) ||
    (namespaceSelector === undefined
      ? namespaces.length === 0 && home === (owner.metadata.namespace ?? '')
      : selectorMatches(namespaceSelector, reader.get('Namespace', '', home)?.metadata.labels))
  return inNamespace && matches(labelSelector, pod)
}

export const matches = (selector: LabelSelector | undefined, pod: Pod): boolean => selectorMatches(selector, pod.metadata.labels)

/** nodeSelector and required node affinity. Follows GetRequiredNodeAffinity. */
export const acceptsNode = ({ spec: { nodeSelector, affinity } }: Pod, { metadata: { name, labels } }: Node): boolean => {
  if (nodeSelector !== undefined) for (const key of Object.keys(nodeSelector)) if (labels?.[key] !== nodeSelector[key]) return false
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return required === undefined || nodeSelectorMatches(required, name, labels)
}

/** Its node was chosen earlier, and it was bound when its volumes were ready: others may have come and gone since. */
export const wasChosenEarlier = ({ spec: { volumes = [] } }: Pod): boolean =>
  volumes.some(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim !== undefined || ephemeral !== undefined)
