/** The kinds that the API serves, under all the names people call them. */
import { resourceTypes } from './served-resources.js'

export interface ResourceType {
  readonly kind: string
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly namespaced: boolean
  /** `all` for what `kubectl get all` shows. */
  readonly categories: readonly string[]
}

/** `v1`, `apps/v1` */
export const apiVersionOf = (type: ResourceType): string => (type.group === '' ? type.version : `${type.group}/${type.version}`)

/** `pods`, `statefulsets.apps`: as the server names a resource in its sentences. */
export const qualifiedPlural = (type: ResourceType): string => (type.group === '' ? type.plural : `${type.plural}.${type.group}`)

/** `pod`, `statefulset.apps`: as kubectl names an object. */
export const kindWordOf = (type: ResourceType): string => {
  const word = type.kind.toLowerCase()
  return type.group === '' ? word : `${word}.${type.group}`
}

const matches = (type: ResourceType, word: string): boolean => type.plural === word || type.singular === word || type.shortNames.includes(word) || type.kind.toLowerCase() === word

/**
 * `sts`, `statefulset`, `statefulsets.apps`, `StatefulSet`, `statefulsets.v1.apps`. Names are case-insensitive as in the RESTMapper.
 * Follows mappingFor in cli-runtime/pkg/resource/builder.go.
 */
export const findResourceType = (name: string): ResourceType | undefined => {
  const word = name.toLowerCase()
  const plain = resourceTypes.find((type) => matches(type, word))
  if (plain !== undefined) return plain
  const [resource = '', ...rest] = word.split('.')
  if (rest.length === 0) return undefined
  const qualifier = rest.join('.')
  return resourceTypes.find((type) => matches(type, resource) && (type.group === qualifier || (rest[0] === type.version && rest.slice(1).join('.') === type.group)))
}

export const typeOfKind = (apiVersion: string, kind: string): ResourceType | undefined => resourceTypes.find((type) => type.kind === kind && apiVersionOf(type) === apiVersion)

/** The first type of that kind name. */
export const typeOfKindName = (kind: string): ResourceType | undefined => resourceTypes.find((type) => type.kind === kind)

export const typesOfCategory = (category: string): readonly ResourceType[] => resourceTypes.filter((type) => type.categories.includes(category))
