/**
 * What words such as `sts web`, `pod/web-0 svc/nginx` or `pods,services -l app=x` ask for. Follows Builder in cli-runtime/pkg/resource/builder.go.
 */
import * as E from 'fp-ts/lib/Either.js'
import { resourceOfName, resourcesOfCategory, type KubernetesObject } from '@statefold/core'
import type { Call } from './command.js'
import { CommandFailure, fail, type Problem } from './errors.js'
import { readManifests, type Manifest } from './manifests.js'
import { listObjects, notFoundProblem, readObject } from './reading.js'
import type { ResourceType } from './resource-types.js'

/** One list or one object that was asked for. */
export type Request =
  | { readonly kind: 'list'; readonly type: ResourceType; readonly namespace: string | undefined }
  | {
      readonly kind: 'object'
      readonly type: ResourceType
      readonly namespace: string
      readonly name: string
      readonly manifest?: Manifest
    }

export interface Requests {
  readonly requests: readonly Request[]
  readonly problems: readonly Problem[]
  /** True when one object by name was asked for: `get pod web-0`, `get pod/web-0`. */
  readonly single: boolean
}

export interface RequestOptions {
  readonly allNamespaces?: boolean
  readonly labels?: string
  readonly fields?: string
  readonly all?: boolean
  /** A type alone means all of that type (`kubectl get pods`). */
  readonly allowEmptySelector?: boolean
  readonly singleType?: boolean
}

const missingResource = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`

export const resourceTypeOrFail = (name: string): ResourceType =>
  resourceOfName(name) ?? fail(`the server doesn't have a resource type ${JSON.stringify(name.split('.')[0] ?? name)}`)

const unique = (words: readonly string[]): readonly string[] => [...new Set(words)]

/** `pods,svc web` means `pods/web svc/web`. Follows normalizeMultipleResourcesArgs. */
const normalized = (words: readonly string[]): readonly string[] => {
  const [first = '', ...names] = words
  const resources = unique(first.split(','))
  return words.length >= 2 && resources.length > 1 ? resources.flatMap((resource) => names.map((name) => `${resource}/${name}`)) : words
}

const typesOf = (word: string): readonly ResourceType[] => {
  const types: ResourceType[] = []
  for (const part of unique(word.split(','))) {
    const category = resourcesOfCategory(part)
    const found = category.length > 0 ? category : [resourceTypeOrFail(part)]
    for (const type of found) if (!types.some((other) => other.kind === type.kind && other.group === type.group)) types.push(type)
  }
  return types
}

const tupleOf = (word: string): E.Either<string, { readonly resource: string; readonly name: string }> => {
  const parts = word.split('/')
  if (parts.length !== 2) return E.left('arguments in resource/name form may not have more than one slash')
  const [resource = '', name = ''] = parts
  return resource === '' || name === '' || resource.includes(',')
    ? E.left('arguments in resource/name form must have a single resource and name')
    : E.right({ resource, name })
}

/** True when `words` name more than one type, so that tables show kinds. Follows MultipleTypesRequested. */
export const namesSeveralTypes = (words: readonly string[]): boolean => {
  const kinds = new Set<string>()
  for (const word of normalized(words)) {
    if (word === 'all') return true
    if (word.includes('/')) kinds.add(word.split('/')[0] ?? '')
    else {
      for (const part of word.split(',')) kinds.add(part)
      break
    }
  }
  return kinds.size > 1
}

export const requestsOf = (call: Call, inputWords: readonly string[], options: RequestOptions = {}): Requests => {
  const labels = options.labels ?? ''
  const fields = options.fields ?? ''
  const selecting = labels !== '' || fields !== '' || options.all === true
  const files = call.flags.list('filename').length > 0 || call.flags.given('kustomize')
  if (files) {
    if (inputWords.length > 0)
      return fail('when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well')
    const { manifests, problems, single } = readManifests(call, false)
    return {
      requests: manifests.map((manifest) => ({
        kind: 'object',
        type: manifest.type,
        namespace: manifest.namespace,
        name: manifest.name,
        manifest,
      })),
      problems,
      single: single && manifests.length === 1,
    }
  }
  const words = normalized(inputWords)
  const slashed = words.filter((word) => word.includes('/')).length
  if (slashed > 0 && slashed < words.length) {
    return fail(
      "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
    )
  }
  const scopeOf = (type: ResourceType): string => {
    if (!type.namespaced) return ''
    return options.allNamespaces === true ? fail('a resource cannot be retrieved by name across all namespaces') : call.namespace
  }
  if (slashed > 0) {
    if (selecting) return fail('selectors and the all flag cannot be used when passing resource/name arguments')
    const tuples = words.map((word) => {
      const tuple = tupleOf(word)
      return E.isLeft(tuple) ? fail(tuple.left) : tuple.right
    })
    const requests = tuples.map(({ resource, name }) => {
      const type = resourceTypeOrFail(resource)
      return { kind: 'object' as const, type, namespace: scopeOf(type), name }
    })
    if (options.singleType === true && new Set(requests.map(({ type }) => type.plural)).size > 1)
      return fail('you may only specify a single resource type')
    return { requests, problems: [], single: requests.length === 1 }
  }
  const [first, ...names] = words
  if (first === undefined) return selecting ? fail('at least one resource must be specified to use a selector') : fail(missingResource)
  if (selecting || (names.length === 0 && options.allowEmptySelector === true)) {
    if (names.length > 0) return fail('name cannot be provided when a selector is specified')
    const types = typesOf(first)
    if (types.length > 1 && options.singleType === true) return fail('you may only specify a single resource type')
    return {
      requests: types.map((type) => ({
        kind: 'list',
        type,
        namespace: type.namespaced && options.allNamespaces !== true ? call.namespace : undefined,
      })),
      problems: [],
      single: false,
    }
  }
  const types = typesOf(first)
  if (names.length === 0) return fail('resource(s) were provided, but no name was specified')
  const [type] = types
  if (type === undefined || types.length > 1) return fail('you must specify only one resource')
  return {
    requests: names.map((name) => ({ kind: 'object', type, namespace: scopeOf(type), name })),
    problems: [],
    single: names.length === 1,
  }
}

/** One object that a command acts on. */
export interface Item {
  readonly type: ResourceType
  readonly namespace: string
  readonly name: string
  readonly object: KubernetesObject
  readonly source: string
}

export interface Items {
  readonly items: readonly Item[]
  readonly problems: readonly Problem[]
  readonly single: boolean
}

/** The live objects that were asked for; what is missing is a problem each. */
export const liveItems = (call: Call, words: readonly string[], options: RequestOptions = {}): Items => {
  const { requests, problems, single } = requestsOf(call, words, options)
  const items: Item[] = []
  const missing: Problem[] = []
  for (const request of requests) {
    if (request.kind === 'list') {
      const objects = listObjects(call, request.type, {
        namespace: request.namespace,
        ...(options.labels === undefined ? {} : { labels: options.labels }),
        ...(options.fields === undefined ? {} : { fields: options.fields }),
      })
      items.push(
        ...objects.map((object) => ({
          type: request.type,
          namespace: object.metadata.namespace ?? '',
          name: object.metadata.name,
          object,
          source: '',
        })),
      )
      continue
    }
    const object = readObject(call, request.type, request.namespace, request.name)
    if (object === undefined) missing.push(notFoundProblem(request.type, request.name, call, request.namespace))
    else
      items.push({ type: request.type, namespace: request.namespace, name: request.name, object, source: request.manifest?.source ?? '' })
  }
  return { items, problems: [...problems, ...missing], single }
}

/** Runs one step for every item; problems are gathered and end the command at the end. */
export const forEachItem = (items: Items, step: (item: Item) => Problem | undefined): number => {
  const problems = [...items.problems]
  for (const item of items.items) {
    const problem = step(item)
    if (problem !== undefined) problems.push(problem)
  }
  if (problems.length > 0) throw new CommandFailure(problems)
  return 0
}
