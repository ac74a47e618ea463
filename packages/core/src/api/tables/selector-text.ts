/** Labels and selectors as one cell of a table. */
import type { LabelSelector, LabelSelectorRequirement } from '../generated/types.js'

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

/** Follows FormatLabels in apimachinery/pkg/labels: `a=1,b=2`, or `<none>`. */
export const labelsText = (labels: Readonly<Record<string, string>> | undefined): string =>
  labels === undefined || Object.keys(labels).length === 0
    ? '<none>'
    : Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .sort(byText)
        .join(',')

const requirementText = (requirement: LabelSelectorRequirement): string => {
  const values = [...(requirement.values ?? [])].sort(byText).join(',')
  switch (requirement.operator) {
    case 'In':
      return `${requirement.key} in (${values})`
    case 'NotIn':
      return `${requirement.key} notin (${values})`
    case 'Exists':
      return requirement.key
    // DoesNotExist is the last operator that validation lets pass.
    default:
      return `!${requirement.key}`
  }
}

/** Follows LabelSelectorAsSelector and Selector.String: requirements sorted by key; '' selects all or nothing. */
export const selectorText = (selector: LabelSelector | undefined): string =>
  [
    ...Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({ key, text: `${key}=${value}` })),
    ...(selector?.matchExpressions ?? []).map((requirement) => ({ key: requirement.key, text: requirementText(requirement) })),
  ]
    .sort((left, right) => byText(left.key, right.key))
    .map(({ text }) => text)
    .join(',')

/** Follows FormatLabelSelector in apimachinery/pkg/apis/meta/v1/helpers.go. */
export const selectorCell = (selector: LabelSelector | undefined): string => {
  const text = selectorText(selector)
  return text === '' ? '<none>' : text
}
