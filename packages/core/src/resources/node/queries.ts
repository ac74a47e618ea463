/** What can be asked about a Node without changing anything: its conditions, its taints, who tolerates them, which selectors it satisfies. */
import type {
  Node,
  NodeCondition,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Taint,
  Toleration,
} from '../../api/generated/types.js'

export const unreachableTaint = 'node.kubernetes.io/unreachable'
export const notReadyTaint = 'node.kubernetes.io/not-ready'
export const unschedulableTaint = 'node.kubernetes.io/unschedulable'
export const outOfServiceTaint = 'node.kubernetes.io/out-of-service'

export const nodeCondition = (node: Node, type: string): NodeCondition | undefined =>
  node.status.conditions?.find((condition) => condition.type === type)

/** The Ready condition is True. */
export const isNodeReady = (node: Node): boolean => nodeCondition(node, 'Ready')?.status === 'True'

/** Follows Toleration.ToleratesTaint in staging/src/k8s.io/api/core/v1/toleration.go. */
export const tolerates = (toleration: Toleration, taint: Taint): boolean => {
  if (toleration.effect !== undefined && toleration.effect !== taint.effect) return false
  if (toleration.key !== undefined && toleration.key !== '' && toleration.key !== taint.key) return false
  if (toleration.operator === 'Exists') return true
  return (toleration.operator ?? 'Equal') === 'Equal' && (toleration.value ?? '') === (taint.value ?? '')
}

export const isTolerated = (taint: Taint, tolerations: readonly Toleration[] | undefined): boolean =>
  tolerations !== undefined && tolerations.some((toleration) => tolerates(toleration, taint))

// ---- node selectors

type Labels = { readonly [key: string]: string }
const noLabels: Labels = {}

const wholeNumber = /^[+-]?[0-9]+$/

// Follows Requirement.Matches in apimachinery/pkg/labels/selector.go, as NodeSelectorRequirementsAsSelector uses it.
const holds = ({ key, operator, values = [] }: NodeSelectorRequirement, labels: Labels): boolean => {
  const value = labels[key]
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
    case 'Lt': {
      const bound = values[0]
      if (value === undefined || bound === undefined || !wholeNumber.test(value) || !wholeNumber.test(bound)) return false
      return operator === 'Gt' ? Number(value) > Number(bound) : Number(value) < Number(bound)
    }
  }
}

/** A term without any requirement matches nothing. Follows nodeSelectorTerm.match in component-helpers/scheduling/corev1/nodeaffinity. */
export const nodeTermMatches = (term: NodeSelectorTerm, nodeName: string, labels: Labels = noLabels): boolean => {
  const { matchExpressions = [], matchFields = [] } = term
  if (matchExpressions.length === 0 && matchFields.length === 0) return false
  return (
    matchExpressions.every((requirement) => holds(requirement, labels)) &&
    matchFields.every((requirement) => holds(requirement, { 'metadata.name': nodeName }))
  )
}

/** Any term is enough. */
export const nodeSelectorMatches = (selector: NodeSelector, nodeName: string, labels?: Labels): boolean =>
  selector.nodeSelectorTerms.some((term) => nodeTermMatches(term, nodeName, labels))
