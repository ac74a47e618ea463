/** Which labels a LabelSelector selects. Follows apimachinery/pkg/apis/meta/v1/helpers.go (LabelSelectorAsSelector) and pkg/labels/selector.go. */
import type { LabelSelector, LabelSelectorRequirement } from './generated/types.js'

export type Labels = { readonly [key: string]: string }

const noLabels: Labels = {}
const requirementHolds = ({ key, operator, values = [] }: LabelSelectorRequirement, labels: Labels): boolean => {
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
    default:
      return false
  }
}

/** No selector selects nothing; an empty one selects everything. */
export const selectorMatches = (selector: LabelSelector | undefined, labels: Labels = noLabels): boolean => {
  if (selector === undefined) return false
  const { matchLabels, matchExpressions } = selector
  if (matchLabels !== undefined) for (const key in matchLabels) if (labels[key] !== matchLabels[key]) return false
  return matchExpressions === undefined || matchExpressions.every((requirement) => requirementHolds(requirement, labels))
}
