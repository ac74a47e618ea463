/** -l and --field-selector as filters. Follows Parse in apimachinery/pkg/labels/selector.go and ParseSelector in apimachinery/pkg/fields/selector.go. */
import * as E from 'fp-ts/lib/Either.js'
import { isJsonObject, type Json, type KubernetesObject } from '@statefold/core'

export type ObjectFilter = (object: KubernetesObject) => boolean
export type Labels = Readonly<Record<string, string>>

type LabelTest = (labels: Labels) => boolean

const tokensOf = (text: string): readonly string[] => text.match(/==|!=|=|!|<|>|\(|\)|,|[^\s=!<>(),]+/g) ?? []

const isName = (token: string | undefined): token is string => token !== undefined && !/^(?:==|!=|=|!|<|>|\(|\)|,)$/.test(token)

export const parseLabelSelector = (text: string): E.Either<string, LabelTest> => {
  const tokens = tokensOf(text)
  const tests: LabelTest[] = []
  let position = 0
  const found = (): string => tokens[position] ?? ''
  const wrong = (expected: string): E.Either<string, LabelTest> => E.left(`unable to parse requirement: found '${found()}', expected: ${expected}`)
  while (position < tokens.length) {
    if (found() === '!') {
      const key = tokens[position + 1]
      if (!isName(key)) return wrong('identifier')
      tests.push((labels) => labels[key] === undefined)
      position += 2
    } else {
      const key = tokens[position]
      if (!isName(key)) return wrong("!, identifier, or ','")
      position += 1
      const operator = found()
      if (operator === '=' || operator === '==' || operator === '!=') {
        position += 1
        const value = isName(tokens[position]) ? found() : ''
        if (isName(tokens[position])) position += 1
        tests.push(operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value)
      } else if (operator === '<' || operator === '>') {
        const bound = Number(tokens[position + 1])
        position += 2
        tests.push((labels) => labels[key] !== undefined && (operator === '<' ? Number(labels[key]) < bound : Number(labels[key]) > bound))
      } else if (operator === 'in' || operator === 'notin') {
        position += 1
        if (found() !== '(') return wrong("'('")
        position += 1
        const values: string[] = []
        let last = ''
        while (position < tokens.length && found() !== ')') {
          if (found() === ',') {
            values.push(last)
            last = ''
          } else last = found()
          position += 1
        }
        if (found() !== ')') return wrong("',', ')' or identifier")
        values.push(last)
        position += 1
        tests.push((labels) => {
          const value = labels[key]
          return operator === 'in' ? value !== undefined && values.includes(value) : value === undefined || !values.includes(value)
        })
      } else if (operator === '' || operator === ',') tests.push((labels) => labels[key] !== undefined)
      else return wrong("in, notin, =, ==, !=, gt, lt, or ','")
    }
    if (position < tokens.length) {
      if (found() !== ',') return wrong("',' or 'end of string'")
      position += 1
      if (position >= tokens.length) return E.left("unable to parse requirement: found '', expected: identifier after ','")
    }
  }
  return E.right((labels) => tests.every((test) => test(labels)))
}

/** Fields beside metadata.name and metadata.namespace that the server can select by. Follows the ToSelectableFields of each kind's strategy. */
const selectableFields: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName', 'spec.hostNetwork', 'status.phase', 'status.podIP', 'status.podIPs', 'status.nominatedNodeName'],
  Event: ['involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid', 'involvedObject.apiVersion', 'involvedObject.resourceVersion', 'involvedObject.fieldPath', 'reason', 'reportingComponent', 'source', 'type'],
  Node: ['spec.unschedulable'],
  Namespace: ['status.phase', 'name'],
  Secret: ['type'],
  ReplicaSet: ['status.replicas'],
  ReplicationController: ['status.replicas'],
  Service: ['spec.clusterIP', 'spec.type'],
  Job: ['status.successful']
}

const valueAt = (object: KubernetesObject, path: string): string => {
  // A stored object is JSON; its fields are looked up by name here.
  let value = object as unknown as Json | undefined
  if (path === 'source') {
    const source = isJsonObject(value) ? value['source'] : undefined
    return isJsonObject(source) && typeof source['component'] === 'string' ? source['component'] : ''
  }
  if (path === 'status.successful') path = 'status.succeeded'
  for (const field of path.split('.')) value = isJsonObject(value) ? value[field] : undefined
  if (value === undefined || value === null) return path === 'spec.unschedulable' || path === 'spec.hostNetwork' ? 'false' : path.endsWith('replicas') || path.endsWith('succeeded') ? '0' : ''
  return String(value)
}

export const parseFieldSelector = (kind: string, text: string): E.Either<string, ObjectFilter> => {
  const tests: ObjectFilter[] = []
  for (const term of text.split(',')) {
    if (term === '') continue
    const match = /^([^=!]*)(==|!=|=)(.*)$/.exec(term)
    if (match === null) return E.left(`invalid selector: '${term}'; can't understand '${term}'`)
    const [, field = '', operator = '', value = ''] = match
    if (field !== 'metadata.name' && field !== 'metadata.namespace' && !(selectableFields[kind] ?? []).includes(field)) return E.left(`field label not supported: ${field}`)
    tests.push(operator === '!=' ? (object) => valueAt(object, field) !== value : (object) => valueAt(object, field) === value)
  }
  return E.right((object) => tests.every((test) => test(object)))
}
