/** Which resources the server has and what they are called: discovery as data. */
import type { ApiResource } from './api-resource.js'
import { discoveredResources } from './generated/discovered-resources.js'
import { rememberedText } from '../kernel/remembered-text.js'
import { storedResources } from './stored-resources.js'

export type { ApiResource } from './api-resource.js'

/** All of them: first those whose fields are known, in the order in which discovery lists them. */
export const allResources: readonly ApiResource[] = [...discoveredResources, ...storedResources]

// The first of a kind wins: core/v1 Events before those of events.k8s.io, autoscaling/v2 before v1.
const byKind = new Map<string, ApiResource>()
for (const resource of allResources) if (!byKind.has(resource.kind)) byKind.set(resource.kind, resource)

const byName = new Map<string, ApiResource>()
for (const namesOf of [
  (resource: ApiResource) => [resource.plural],
  (resource: ApiResource) => [resource.singular],
  (resource: ApiResource) => resource.shortNames,
])
  for (const resource of allResources) for (const name of namesOf(resource)) if (!byName.has(name)) byName.set(name, resource)

export const resourceOfKind = (kind: string, apiVersion?: string): ApiResource | undefined =>
  apiVersion === undefined
    ? byKind.get(kind)
    : (allResources.find((resource) => resource.kind === kind && apiVersionOf(resource) === apiVersion) ?? byKind.get(kind))

/**
 * What somebody calls a resource, in any letter case: `pods`, `pod`, `po`, `Pod`, `statefulsets.apps`, `sts.apps`, `statefulsets.v1.apps`.
 * Follows the order of kubectl's mapper: names first, then kinds.
 */
export const resourceOfName = (name: string): ApiResource | undefined => {
  const text = name.toLowerCase()
  const exact = byName.get(text)
  if (exact !== undefined) return exact
  const dot = text.indexOf('.')
  if (dot < 0) return undefined
  const [short, rest] = [text.slice(0, dot), text.slice(dot + 1)]
  return allResources.find(
    (resource) =>
      (resource.plural === short || resource.singular === short || resource.shortNames.includes(short)) &&
      (rest === resource.group || rest === `${resource.version}.${resource.group}` || (resource.group === '' && rest === resource.version)),
  )
}

/** Resources of a category, such as `all`. */
export const resourcesOfCategory = (category: string): readonly ApiResource[] =>
  allResources.filter((resource) => resource.categories.includes(category))

/** Kinds that discovery does not know live in namespaces, as most do. */
export const isNamespaced = (kind: string): boolean => byKind.get(kind)?.namespaced ?? true

/** `v1`, `apps/v1` */
export const apiVersionOf = (resource: ApiResource): string =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`

const withGroup = (name: string, group: string): string => (group === '' ? name : `${name}.${group}`)

/** As the server's refusals name the resource: `pods`, `statefulsets.apps`. */
export const qualifiedResource = rememberedText((kind): string => {
  const resource = byKind.get(kind)
  return resource === undefined ? kind.toLowerCase() : withGroup(resource.plural, resource.group)
})

/** As `… is invalid` names the kind: `Pod`, `StatefulSet.apps`. */
export const qualifiedKind = (kind: string): string => withGroup(kind, byKind.get(kind)?.group ?? '')
