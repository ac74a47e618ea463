/**
 * Field selectors: `metadata.name=web-0`, `status.phase!=Running`. Follows ParseSelector in apimachinery/pkg/fields/selector.go; which fields
 * a kind has follows pkg/apis/{core,batch}/v1/conversion.go and the ToSelectableFields of each kind's strategy.
 */
import * as E from 'fp-ts/lib/Either.js'
import { isJsonObject, type Json } from '../kernel/json.js'

export interface FieldRequirement {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

/** All must hold. */
export type FieldSelector = readonly FieldRequirement[]

interface SelectableFields {
  readonly fields: readonly string[]
  readonly refusal: (field: string) => string
}

const notSupported = (field: string): string => `field label not supported: ${field}`
const nameAndNamespace = ['metadata.name', 'metadata.namespace']

const fieldsOfKinds: Readonly<Record<string, SelectableFields>> = {
  Pod: {
    fields: [
      ...nameAndNamespace,
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'spec.hostNetwork',
      'status.phase',
      'status.podIP',
      'status.podIPs',
      'status.nominatedNodeName',
      'spec.host',
    ],
    refusal: notSupported,
  },
  Node: { fields: ['metadata.name', 'spec.unschedulable'], refusal: notSupported },
  ReplicationController: { fields: [...nameAndNamespace, 'status.replicas'], refusal: notSupported },
  Event: {
    fields: [
      'involvedObject.kind',
      'involvedObject.namespace',
      'involvedObject.name',
      'involvedObject.uid',
      'involvedObject.apiVersion',
      'involvedObject.resourceVersion',
      'involvedObject.fieldPath',
      'reason',
      'reportingComponent',
      'source',
      'type',
      ...nameAndNamespace,
    ],
    refusal: notSupported,
  },
  Namespace: { fields: ['metadata.name', 'status.phase'], refusal: notSupported },
  Secret: { fields: [...nameAndNamespace, 'type'], refusal: notSupported },
  Service: { fields: [...nameAndNamespace, 'spec.clusterIP', 'spec.type'], refusal: notSupported },
  Job: {
    fields: [...nameAndNamespace, 'status.successful'],
    refusal: (field) => `field label ${JSON.stringify(field)} not supported for Job`,
  },
}

const fieldsOfOtherKinds: SelectableFields = {
  fields: nameAndNamespace,
  refusal: (field) => `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
}

/** Cuts at commas that are not escaped; empty terms are no terms. */
const termsOf = (text: string): readonly string[] => text.match(/(?:[^,\\]|\\[\s\S]?)+/g) ?? []

const unescapeValue = (value: string): E.Either<string, string> => {
  let result = ''
  for (let at = 0; at < value.length; at += 1) {
    const character = value.charAt(at)
    if (character === '\\') {
      const next = value.charAt(at + 1)
      if (next !== '\\' && next !== ',' && next !== '=') return E.left(`invalid field selector: invalid escape sequence: \\${next}`)
      result += next
      at += 1
    } else if (character === ',' || character === '=')
      return E.left(`invalid field selector: unescaped character in value: ${character.charCodeAt(0)}`)
    else result += character
  }
  return E.right(result)
}

/** The left side is the error text (a character that should have been escaped is told by its number, as there). */
export const parseFieldSelector = (text: string): E.Either<string, FieldSelector> => {
  const requirements: FieldRequirement[] = []
  // The order decides which of several errors is told.
  for (const term of [...termsOf(text)].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))) {
    const parts = /^(.*?)(!=|==|=)(.*)$/s.exec(term)
    if (parts === null) return E.left(`invalid selector: '${text}'; can't understand '${term}'`)
    const [, field = '', operator, escaped = ''] = parts
    const value = unescapeValue(escaped)
    if (E.isLeft(value)) return value
    requirements.push({ field, operator: operator === '!=' ? '!=' : '=', value: value.right })
  }
  return E.right(requirements)
}

/** Why the kind cannot be selected by these fields; undefined when it can. The server answers BadRequest with it. */
export const fieldSelectorRefusal = (kind: string, selector: FieldSelector): string | undefined => {
  const { fields, refusal } = fieldsOfKinds[kind] ?? fieldsOfOtherKinds
  const unknown = selector.find((requirement) => !fields.includes(requirement.field))
  return unknown === undefined ? undefined : refusal(unknown.field)
}

const textOf = (value: Json | undefined): string =>
  value === undefined || value === null || typeof value === 'object' ? '' : String(value)

const valueAt = (object: Json | undefined, path: string): Json | undefined => {
  let value = object
  for (const key of path.split('.')) value = isJsonObject(value) ? value[key] : undefined
  return value
}

const firstNonEmpty = (...texts: readonly string[]): string => texts.find((text) => text !== '') ?? ''

const selectableText = (kind: string, object: Json, field: string): string => {
  const text = textOf(valueAt(object, field))
  switch (`${kind} ${field}`) {
    case 'Pod spec.host':
      return textOf(valueAt(object, 'spec.nodeName'))
    case 'Pod spec.hostNetwork':
    case 'Node spec.unschedulable':
      return text === '' ? 'false' : text
    case 'Pod status.podIPs': {
      const addresses = valueAt(object, 'status.podIPs')
      return Array.isArray(addresses) ? (addresses as readonly Json[]).map((address) => textOf(valueAt(address, 'ip'))).join(',') : ''
    }
    case 'Event source':
      return firstNonEmpty(textOf(valueAt(object, 'source.component')), textOf(valueAt(object, 'reportingComponent')))
    case 'ReplicationController status.replicas':
      return text === '' ? '0' : text
    case 'Job status.successful':
      return firstNonEmpty(textOf(valueAt(object, 'status.succeeded')), '0')
    default:
      return text
  }
}

/** Fields that the object does not have count as empty. */
export const matchesFieldSelector = (selector: FieldSelector, object: { readonly kind: string }): boolean =>
  selector.every(({ field, operator, value }) => {
    // An API object is JSON.
    const text = selectableText(object.kind, object as unknown as Json, field)
    return operator === '=' ? text === value : text !== value
  })
