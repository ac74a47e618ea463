/** The kinds that the API serves, as kubectl speaks of them. */
import { allResources, apiVersionOf, type ApiResource } from '@statefold/core'

export type ResourceType = ApiResource

/** `pods`, `statefulsets.apps`: as the server names a resource in its sentences. */
export const qualifiedPlural = (type: ResourceType): string => (type.group === '' ? type.plural : `${type.plural}.${type.group}`)

/** `pod`, `statefulset.apps`: as kubectl names an object. */
export const kindWordOf = (type: ResourceType): string => {
  const word = type.kind.toLowerCase()
  return type.group === '' ? word : `${word}.${type.group}`
}

export const typeOfKind = (apiVersion: string, kind: string): ResourceType | undefined =>
  allResources.find((type) => type.kind === kind && apiVersionOf(type) === apiVersion)
