/** Reads of the API: by name, by list, with selectors, with the server's deprecation warnings. */
import type { KubernetesObject } from '@statefold/core'
import type { Call } from './command.js'
import { failWith, statusProblem, type Problem } from './errors.js'
import type { ResourceType } from './resource-types.js'
import { qualifiedPlural } from './resource-types.js'
import { fieldFilter, labelFilter } from './selectors.js'

/** API versions that the server warns of at every request. Follows the lifecycle annotations in k8s.io/api/core/v1/types.go. */
const deprecations: Readonly<Record<string, string>> = {
  Endpoints: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'
}

/** Each line tells a warning once. */
const told = new WeakMap<Call, Set<string>>()

const warnOfDeprecation = (call: Call, type: ResourceType): void => {
  const warning = deprecations[type.kind]
  if (warning === undefined) return
  const before = told.get(call) ?? new Set<string>()
  if (before.has(warning)) return
  told.set(call, new Set([...before, warning]))
  call.output.stderr(`Warning: ${warning}\n`)
}

export const notFoundProblem = (type: ResourceType, name: string): Problem =>
  statusProblem({ reason: 'NotFound', code: 404, message: `${qualifiedPlural(type)} ${JSON.stringify(name)} not found`, details: { name, kind: type.plural, group: type.group } })

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

export const listObjects = (call: Call, type: ResourceType, { namespace, labels, fields }: ListOptions): readonly KubernetesObject[] => {
  warnOfDeprecation(call, type)
  const all = call.cluster.reader().listAny(type.kind, type.namespaced ? namespace : undefined)
  const byLabels = labels === undefined || labels === '' ? undefined : labelFilter(labels)
  const byFields = fields === undefined || fields === '' ? undefined : fieldFilter(type.kind, fields)
  return byLabels === undefined && byFields === undefined ? all : all.filter((object) => (byLabels?.(object) ?? true) && (byFields?.(object) ?? true))
}
