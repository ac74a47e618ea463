/** What a Pod learns of where its node stands. */
import type { Node } from '../generated/types.js'

const copiedToPods = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'] as const

/** The labels of a node that its Pods get. Follows topologyLabelsForNodeName in plugin/pkg/admission/podtopologylabels/admission.go. */
export const topologyLabelsOf = (node: Node | undefined): Readonly<Record<string, string>> | undefined => {
  const labels = node?.metadata.labels
  if (labels === undefined) return undefined
  let copied: Record<string, string> | undefined
  for (const key of copiedToPods) {
    const value = labels[key]
    if (value !== undefined) copied = { ...copied, [key]: value }
  }
  return copied
}
