/** Labels and label selectors. Follows apimachinery/pkg/apis/meta/v1/validation/validation.go. */
import type { Json } from '../../kernel/json.js'
import type { LabelSelector } from '../generated/types.js'
import type { Loose } from '../loose.js'
import { forbiddenField, invalidValue, required, type Errors } from './field-errors.js'
import { plainForm } from './internal-form.js'
import { complain, labelValueOf, qualifiedName } from './names.js'

type Labels = { readonly [key: string]: string }

const areSound = (labels: Labels): boolean => {
  for (const key in labels) if (qualifiedName(key).length > 0 || labelValueOf(labels[key] ?? '').length > 0) return false
  return true
}

/** Each key and value. (Go's maps have no order; ours is that of the keys.) */
export const checkLabels = (errors: Errors, field: string, labels: Labels | undefined): void => {
  if (labels === undefined || areSound(labels)) return
  for (const key of Object.keys(labels).sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))) {
    complain(errors, field, key, qualifiedName(key))
    const value = labels[key] ?? ''
    complain(errors, field, value, labelValueOf(value))
  }
}

export const checkLabelName = (errors: Errors, field: string, name: string): void => complain(errors, field, name, qualifiedName(name))

export const checkLabelSelector = (errors: Errors, field: string, selector: Loose<LabelSelector> | undefined): void => {
  if (selector === undefined) return
  checkLabels(errors, `${field}.matchLabels`, selector.matchLabels)
  for (const [index, { key = '', operator = '', values = [] }] of (selector.matchExpressions ?? []).entries()) {
    const path = `${field}.matchExpressions[${index}]`
    switch (operator) {
      case 'In':
      case 'NotIn':
        if (values.length === 0) errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
        break
      case 'Exists':
      case 'DoesNotExist':
        if (values.length > 0)
          errors.push(forbiddenField(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
        break
      default:
        errors.push(invalidValue(`${path}.operator`, operator, 'not a valid selector operator'))
    }
    checkLabelName(errors, `${path}.key`, key)
    for (const [at, value] of values.entries()) complain(errors, `${path}.values[${at}]`, value, labelValueOf(value))
  }
}

/** Whether LabelSelectorAsSelector accepts it. */
export const isUsableSelector = (selector: Loose<LabelSelector>): boolean => {
  const errors: Errors = []
  checkLabelSelector(errors, '', selector)
  return errors.length === 0
}

/** Whether it selects everything. */
export const isEmptySelector = (selector: Loose<LabelSelector>): boolean =>
  Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0

/** Of a usable selector. */
export const selects = (selector: Loose<LabelSelector>, labels: Labels): boolean =>
  Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
  (selector.matchExpressions ?? []).every(({ key = '', operator, values = [] }) => {
    const value = labels[key]
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value)
      case 'NotIn':
        return value === undefined || !values.includes(value)
      case 'Exists':
        return value !== undefined
      default:
        return value === undefined
    }
  })

/** For messages: as Go writes the struct. */
export const selectorForm = (selector: Loose<LabelSelector>): Json => plainForm(selector as unknown as Json)
