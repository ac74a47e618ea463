/** Reads of the API: by name, by list, with selectors, with the server's deprecation warnings. */
import * as E from 'fp-ts/lib/Either.js'
import { apiVersionOf, type KubernetesObject } from '@statefold/core'
import { tellWarning, type Call } from './command.js'
import { failWith, statusProblem, type Problem } from './errors.js'
import type { ResourceType } from './resource-types.js'
import { qualifiedPlural } from './resource-types.js'
import { parseFieldSelector, parseLabelSelector } from './selectors.js'

/** API versions that the server warns of at every request. Follows the lifecycle annotations in k8s.io/api/core/v1/types.go. */
const deprecations: Readonly<Record<string, string>> = {
  Endpoints: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
}

const warnOfDeprecation = (call: Call, type: ResourceType): void => {
  const warning = deprecations[type.kind]
  if (warning !== undefined) tellWarning(call, warning)
}

export const notFoundProblem = (type: ResourceType, name: string): Problem =>
  statusProblem({
    reason: 'NotFound',
    code: 404,
    message: `${qualifiedPlural(type)} ${JSON.stringify(name)} not found`,
    details: { name, kind: type.plural, group: type.group },
  })

export const readObject = (call: Call, type: ResourceType, namespace: string, name: string): KubernetesObject | undefined => {
  warnOfDeprecation(call, type)
  return call.cluster.reader().getAny(type.kind, type.namespaced ? namespace : '', name)
}

export const readOrFail = (call: Call, type: ResourceType, namespace: string, name: string): KubernetesObject =>
  readObject(call, type, namespace, name) ?? failWith(notFoundProblem(type, name))

export interface ListOptions {
  /** undefined: all namespaces. */
  readonly namespace: string | undefined
  readonly labels?: string
  readonly fields?: string
}

/** The server's refusal of a selector. Follows EnhanceListError in cli-runtime/pkg/resource/visitor.go. */
const selectorProblem = (type: ResourceType, labels: string, fields: string, why: string): Problem =>
  statusProblem({
    reason: 'BadRequest',
    code: 400,
    message: `Unable to find ${JSON.stringify(`${type.group === '' ? `/${type.version}` : apiVersionOf(type)}, Resource=${type.plural}`)} that match label selector ${JSON.stringify(labels)}, field selector ${JSON.stringify(fields)}: ${why}`,
  })

export const listObjects = (
  call: Call,
  type: ResourceType,
  { namespace, labels = '', fields = '' }: ListOptions,
): readonly KubernetesObject[] => {
  warnOfDeprecation(call, type)
  const all = call.cluster.reader().listAny(type.kind, type.namespaced ? namespace : undefined)
  if (labels === '' && fields === '') return all
  const byLabels = parseLabelSelector(labels)
  if (E.isLeft(byLabels)) return failWith(selectorProblem(type, labels, fields, byLabels.left))
  const byFields = parseFieldSelector(type.kind, fields)
  if (E.isLeft(byFields)) return failWith(selectorProblem(type, labels, fields, byFields.left))
  return all.filter((object) => byLabels.right(object.metadata.labels ?? {}) && byFields.right(object))
}
