/**
 * The objects that -f names: files, folders, standard input; YAML or JSON, several documents, List kinds. Follows StreamVisitor, FlattenListVisitor
 * and infoForData in cli-runtime/pkg/resource.
 */
import * as E from 'fp-ts/lib/Either.js'
import { isJsonObject, type Json, type JsonObject, type UnstoredObject } from '@statefold/core'
import type { Call } from './command.js'
import { CommandFailure, textProblem, type Problem } from './errors.js'
import { readJsonStream } from './json-stream.js'
import { compactJson } from './printers/json-printer.js'
import { typeOfKind, type ResourceType } from './resource-types.js'
import { readYamlDocument, splitDocuments } from './yaml-input.js'

export interface Manifest {
  readonly type: ResourceType
  readonly object: UnstoredObject
  readonly namespace: string
  readonly name: string
  /** `STDIN`, or the file's path. */
  readonly source: string
}

export interface Manifests {
  readonly manifests: readonly Manifest[]
  readonly problems: readonly Problem[]
  /** True when one plain file was named, so that a single object stands for itself. */
  readonly single: boolean
}

interface Source {
  readonly name: string
  readonly text: string
}

const fileExtensions: readonly string[] = ['.json', '.yaml', '.yml']

const join = (folder: string, name: string): string => (folder === '.' || folder === '' ? name : `${folder.replace(/\/$/, '')}/${name}`)

const globExpression = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]')}$`,
  )

const sourcesOf = (call: Call, path: string, recursive: boolean): E.Either<Problem, readonly Source[]> => {
  if (path === '-') return E.right([{ name: 'STDIN', text: call.stdin }])
  if (/^https?:\/\//.test(path))
    return E.left(textProblem(`unable to read URL ${JSON.stringify(path)}: the simulated cluster has no network`))
  const { cluster } = call
  const names = cluster.listFiles(path)
  if (names !== undefined) {
    const found = names.toString() === '' ? [] : names
    const sources: Source[] = []
    for (const name of found) {
      const full = join(path, name)
      if (cluster.listFiles(full) !== undefined) {
        if (!recursive) continue
        const inner = sourcesOf(call, full, true)
        if (E.isRight(inner)) sources.push(...inner.right)
        continue
      }
      const text = fileExtensions.some((extension) => name.endsWith(extension)) ? cluster.readFile(full) : undefined
      if (text !== undefined) sources.push({ name: full, text })
    }
    return sources.length === 0
      ? E.left(textProblem(`error reading [${path}]: recognized file extensions are [.json .yaml .yml]`))
      : E.right(sources)
  }
  const text = cluster.readFile(path)
  if (text !== undefined) return E.right([{ name: path, text }])
  if (/[*?]/.test(path)) {
    const slash = path.lastIndexOf('/')
    const folder = slash < 0 ? '.' : path.slice(0, slash)
    const expression = globExpression(path.slice(slash + 1))
    const matches = (cluster.listFiles(folder) ?? []).filter((name) => expression.test(name))
    const sources = matches.flatMap((name) => {
      const content = cluster.readFile(join(folder, name))
      return content === undefined ? [] : [{ name: join(folder, name), text: content }]
    })
    if (sources.length > 0) return E.right(sources)
  }
  return E.left(textProblem(`the path ${JSON.stringify(path)} does not exist`))
}

/** Follows ValidateBytes of paramVerifyingSchema in kubectl/pkg/validation/schema.go: the rest is the server's business. */
const kindProblem = (document: Json): string | undefined => {
  if (!isJsonObject(document)) return 'invalid object to validate'
  const missing = [
    ...(document['apiVersion'] === undefined
      ? ['apiVersion not set']
      : typeof document['apiVersion'] === 'string'
        ? []
        : ["apiVersion isn't string type"]),
    ...(document['kind'] === undefined ? ['kind not set'] : typeof document['kind'] === 'string' ? [] : ["kind isn't string type"]),
  ]
  return missing.length === 0 ? undefined : missing.length === 1 ? missing[0] : `[${missing.join(', ')}]`
}

const goTypeOf = (value: Json): string =>
  typeof value === 'boolean' ? 'bool' : typeof value === 'number' ? 'number' : Array.isArray(value) ? 'array' : 'object'

/** The client decodes metadata by itself; only texts may stand there. */
const metadataProblem = (object: JsonObject): string | undefined => {
  const metadata = object['metadata']
  if (!isJsonObject(metadata)) return undefined
  for (const field of ['labels', 'annotations'] as const) {
    const map = metadata[field]
    if (!isJsonObject(map)) continue
    const wrong = Object.values(map).find((value) => value !== undefined && value !== null && typeof value !== 'string')
    if (wrong !== undefined)
      return `json: cannot unmarshal ${goTypeOf(wrong)} into Go struct field ObjectMeta.metadata.${field} of type string`
  }
  for (const field of ['name', 'namespace', 'generateName'] as const) {
    const value = metadata[field]
    if (value !== undefined && value !== null && typeof value !== 'string')
      return `json: cannot unmarshal ${goTypeOf(value)} into Go struct field ObjectMeta.metadata.${field} of type string`
  }
  return undefined
}

interface Found {
  readonly manifest?: Manifest
  readonly problem?: Problem
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

const manifestOf = (call: Call, document: JsonObject, source: string): Found => {
  const [apiVersion, kind] = [textOf(document['apiVersion']), textOf(document['kind'])]
  const metadata = isJsonObject(document['metadata']) ? document['metadata'] : {}
  const wrong = metadataProblem(document)
  if (wrong !== undefined) return { problem: textProblem(`unable to decode ${JSON.stringify(source)}: ${wrong}`) }
  const name = textOf(metadata['name'])
  const own = textOf(metadata['namespace'])
  const type = typeOfKind(apiVersion, kind)
  if (type === undefined) {
    return {
      problem: textProblem(
        `resource mapping not found for name: ${JSON.stringify(name)} namespace: ${JSON.stringify(own)} from ${JSON.stringify(source)}: no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}\nensure CRDs are installed first`,
      ),
    }
  }
  if (type.namespaced && call.namespaceGiven && own !== '' && own !== call.namespace) {
    return {
      problem: textProblem(
        `the namespace from the provided object ${JSON.stringify(own)} does not match the namespace ${JSON.stringify(call.namespace)}. You must pass '--namespace=${own}' to perform this operation.`,
      ),
    }
  }
  const namespace = type.namespaced ? (own === '' ? call.namespace : own) : ''
  // The document is JSON with an apiVersion and a kind: what the server makes of the rest is its business.
  const object = (type.namespaced ? { ...document, metadata: { ...metadata, namespace } } : document) as unknown as UnstoredObject
  return { manifest: { type, object, namespace, name, source } }
}

const isList = (document: JsonObject): boolean => textOf(document['kind']).endsWith('List') && Array.isArray(document['items'])

const readSource = (call: Call, source: Source, validate: boolean): { readonly found: readonly Found[] } => {
  const found: Found[] = []
  const json = source.text.trimStart().startsWith('{') ? readJsonStream(source.text) : undefined
  const documents: E.Either<string, Json>[] = []
  if (json !== undefined && json.problem === undefined) documents.push(...json.values.map((value) => E.right(value)))
  else {
    const read = splitDocuments(source.text).map((text) => readYamlDocument(text))
    if (json?.problem !== undefined && read.some((document) => E.isLeft(document))) {
      documents.push(...json.values.map((value) => E.right(value)), E.left(`json: offset ${json.problem.offset}: ${json.problem.message}`))
    } else documents.push(...read.map(E.mapLeft((problem) => `error converting YAML to JSON: ${problem}`)))
  }
  for (const document of documents) {
    if (E.isLeft(document)) {
      found.push({ problem: textProblem(`error parsing ${source.name}: ${document.left}`) })
      break
    }
    const value = document.right
    if (value === null) continue
    const problem = kindProblem(value)
    if (problem !== undefined || !isJsonObject(value)) {
      const body = compactJson(value)
      found.push({
        problem: textProblem(
          validate
            ? `error validating ${JSON.stringify(source.name)}: error validating data: ${problem ?? 'invalid object to validate'}; if you choose to ignore these errors, turn validation off with --validate=false`
            : `unable to decode ${JSON.stringify(source.name)}: Object 'Kind' is missing in '${body}'`,
        ),
      })
      break
    }
    if (isList(value)) {
      const items = value['items']
      const pending: Json[] = Array.isArray(items) ? [...(items as readonly Json[])] : []
      while (pending.length > 0) {
        const item = pending.shift()
        if (!isJsonObject(item)) continue
        if (isList(item)) pending.push(...(item['items'] as readonly Json[]))
        else found.push(manifestOf(call, item, source.name))
      }
    } else found.push(manifestOf(call, value, source.name))
  }
  return { found }
}

/** Reads all that the paths name; a path that cannot be read ends the command. */
export const readManifests = (call: Call, validate = true): Manifests => {
  const paths = call.flags.list('filename')
  if (call.flags.given('kustomize')) throw new CommandFailure([textProblem('kustomize is not supported here: name the manifests with -f')])
  const sources: Source[] = []
  const pathProblems: Problem[] = []
  for (const path of paths) {
    const read = sourcesOf(call, path, call.flags.on('recursive'))
    if (E.isLeft(read)) pathProblems.push(read.left)
    else sources.push(...read.right)
  }
  if (pathProblems.length > 0) throw new CommandFailure(pathProblems)
  const found = sources.flatMap((source) => readSource(call, source, validate).found)
  return {
    manifests: found.flatMap(({ manifest }) => (manifest === undefined ? [] : [manifest])),
    problems: found.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
    single: sources.length === 1 && paths[0] !== '-' && !call.flags.on('recursive'),
  }
}
