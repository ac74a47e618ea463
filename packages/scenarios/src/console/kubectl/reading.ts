/** Reads of the API: by name, by list, with selectors, with the server's deprecation warnings. */
import * as E from 'fp-ts/lib/Either.js'
import { apiVersionOf, type KubernetesObject } from '@statefold/core'
import { tellWarning, type Call } from './command.js'
import { failWith, statusProblem, type Problem } from './errors.js'
import { jsonOf, objectAt, textAt } from './json-object.js'
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

/** In a namespace that does not exist, the namespace is what is missed. */
export const notFoundProblem = (type: ResourceType, name: string, call?: Call, namespace = ''): Problem => {
  const misses =
    type.namespaced &&
    namespace !== '' &&
    namespace !== 'default' &&
    call !== undefined &&
    call.cluster.reader().getAny('Namespace', '', namespace) === undefined
  const [plural, missed] = misses ? ['namespaces', namespace] : [qualifiedPlural(type), name]
  return statusProblem({
    reason: 'NotFound',
    code: 404,
    message: `${plural} ${JSON.stringify(missed)} not found`,
    details: { name: missed, kind: misses ? 'namespaces' : type.plural, group: misses ? '' : type.group },
  })
}

export const readObject = (call: Call, type: ResourceType, namespace: string, name: string): KubernetesObject | undefined => {
  warnOfDeprecation(call, type)
  const found = call.cluster.reader().getAny(type.kind, type.namespaced ? namespace : '', name)
  return found === undefined ? undefined : asRead(found)
}

/** A Service without addresses keeps its traffic policy in the store; reads leave it out. Follows defaultOnReadInternalTrafficPolicy. */
const asRead = (object: KubernetesObject): KubernetesObject => {
  if (object.kind !== 'Service' || textAt(jsonOf(object), 'spec', 'type') !== 'ExternalName') return object
  const { internalTrafficPolicy: _policy, ...spec } = objectAt(jsonOf(object), 'spec')
  return { ...object, spec } as KubernetesObject
}

export const readOrFail = (call: Call, type: ResourceType, namespace: string, name: string): KubernetesObject =>
  readObject(call, type, namespace, name) ?? failWith(notFoundProblem(type, name, call, namespace))

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
  const stored = call.cluster.reader().listAny(type.kind, type.namespaced ? namespace : undefined)
  const all = type.kind === 'Service' ? stored.map(asRead) : stored
  if (labels === '' && fields === '') return all
  const byLabels = parseLabelSelector(labels)
  if (E.isLeft(byLabels)) return failWith(selectorProblem(type, labels, fields, byLabels.left))
  const byFields = parseFieldSelector(type.kind, fields)
  if (E.isLeft(byFields)) return failWith(selectorProblem(type, labels, fields, byFields.left))
  return all.filter((object) => byLabels.right(object.metadata.labels ?? {}) && byFields.right(object))
}
