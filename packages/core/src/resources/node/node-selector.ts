/** Does a node satisfy a node selector? Used by the scheduler, by volumes that live on some nodes only, and by daemons. */
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from '../../api/generated/types.js'

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
