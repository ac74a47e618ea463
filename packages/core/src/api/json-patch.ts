/**
 * JSON Patch (RFC 6902) as the API server applies it. Follows gopkg.in/evanphx/json-patch.v4 (patch.go), quirks included: `replace` of a key
 * that an object does not have adds it, and negative list indices count from the end. Follows applyJSPatch in
 * apiserver/pkg/endpoints/handlers/patch.go for the refusals.
 */
import * as E from 'fp-ts/lib/Either.js'
import { isJsonObject, type Json, type JsonObject } from '../kernel/json.js'
import { deepEqual, unescapePointerKey } from '../kernel/object-difference.js'
import { type ApiStatus, badRequest } from './api-status.js'
import { fieldOf, isJsonList, kindOf, type MutableObject, setField } from './patch/json-values.js'

type Result = E.Either<string, Json>

/** What happens at the last key of a pointer: the new container. */
type Change = (container: JsonObject | readonly Json[], key: string) => Result

const parseIndex = (key: string): number | undefined => (/^[+-]?[0-9]+$/.test(key) ? Number(key) : undefined)

const invalidIndex = (index: number): E.Either<string, never> =>
  E.left(`Unable to access invalid index: ${index}: invalid index referenced`)
const noIndex = (key: string): E.Either<string, never> => E.left(`strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`)

const indexIn = (key: string, length: number): E.Either<string, number> => {
  const index = parseIndex(key)
  if (index === undefined) return noIndex(key)
  return index >= length || index < -length ? invalidIndex(index) : E.right(index < 0 ? index + length : index)
}

const getIn = (container: JsonObject | readonly Json[], key: string): E.Either<string, Json | undefined> => {
  if (!isJsonList(container)) return E.right(fieldOf(container, key))
  const index = indexIn(key, container.length)
  return E.isLeft(index) ? index : E.right(container[index.right])
}

const withField = (container: JsonObject, key: string, value: Json): JsonObject => {
  const copy: MutableObject = { ...container }
  setField(copy, key, value)
  return copy
}

const addIn =
  (value: Json): Change =>
  (container, key) => {
    if (!isJsonList(container)) return E.right(withField(container, key, value))
    if (key === '-') return E.right([...container, value])
    if (parseIndex(key) === undefined)
      return E.left(`value was not a proper array index: '${key}': strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`)
    const index = indexIn(key, container.length + 1)
    return E.isLeft(index) ? index : E.right([...container.slice(0, index.right), value, ...container.slice(index.right)])
  }

const setIn =
  (value: Json): Change =>
  (container, key) => {
    if (!isJsonList(container)) return E.right(withField(container, key, value))
    const index = indexIn(key, container.length)
    return E.isLeft(index) ? index : E.right(container.map((item, at) => (at === index.right ? value : item)))
  }

const removeIn: Change = (container, key) => {
  if (isJsonList(container)) {
    const index = indexIn(key, container.length)
    return E.isLeft(index) ? index : E.right(container.filter((_, at) => at !== index.right))
  }
  if (fieldOf(container, key) === undefined) return E.left(`Unable to remove nonexistent key: ${key}: missing value`)
  const { [key]: _removed, ...rest } = container
  return E.right(rest)
}

const keysOfPointer = (pointer: string): readonly string[] => pointer.split('/').slice(1).map(unescapePointerKey)

/** Undefined when there is nothing to hold the last key. */
const holderOf = (document: Json, pointer: string): { readonly holder: JsonObject | readonly Json[]; readonly key: string } | undefined => {
  const keys = keysOfPointer(pointer)
  const key = keys.at(-1)
  if (key === undefined) return undefined
  let holder: Json | undefined = document
  for (const part of keys.slice(0, -1)) {
    if (!isJsonList(holder) && !isJsonObject(holder)) return undefined
    const next = getIn(holder, part)
    if (E.isLeft(next)) return undefined
    holder = next.right
  }
  return isJsonList(holder) || isJsonObject(holder) ? { holder, key } : undefined
}

/** Copies the containers on the way, and only those. The way exists: holderOf has been there. */
const changeAt = (document: Json, keys: readonly string[], change: Change): Result => {
  const [key = '', ...rest] = keys
  if (!isJsonList(document) && !isJsonObject(document)) return E.left('missing value')
  if (rest.length === 0) return change(document, key)
  const inner = getIn(document, key)
  if (E.isLeft(inner)) return inner
  const changed = changeAt(inner.right ?? null, rest, change)
  return E.isLeft(changed) ? changed : setIn(changed.right)(document, key)
}

const prefixed = (result: Result, prefix: string): Result => (E.isLeft(result) ? E.left(`${prefix}: ${result.left}`) : result)

const applyOperation = (document: Json, operation: JsonObject): Result => {
  const kind = operation['op']
  const path = operation['path']
  const from = operation['from']
  const value = operation['value'] ?? null
  if (typeof kind !== 'string' || !['add', 'remove', 'replace', 'move', 'test', 'copy'].includes(kind)) {
    return E.left(`Unexpected kind: ${typeof kind === 'string' ? kind : 'unknown'}`)
  }
  if ((kind === 'move' || kind === 'copy') && typeof from !== 'string')
    return E.left(`${kind} operation failed to decode from: operation, missing from field: missing value`)
  if (typeof path !== 'string') return E.left(`${kind} operation failed to decode path: missing value`)
  const target = holderOf(document, path)
  const change = (at: string, what: Change, doing: string): Result => prefixed(changeAt(document, keysOfPointer(at), what), doing)
  switch (kind) {
    case 'add':
      return target === undefined
        ? E.left(`add operation does not apply: doc is missing path: "${path}": missing value`)
        : change(path, addIn(value), `error in add for path: '${path}'`)
    case 'remove':
      return target === undefined
        ? E.left(`remove operation does not apply: doc is missing path: "${path}": missing value`)
        : change(path, removeIn, `error in remove for path: '${path}'`)
    case 'replace': {
      if (path === '')
        return isJsonObject(value) || isJsonList(value)
          ? E.right(value)
          : E.left('replace operation value must be object or array: %!w(<nil>)')
      if (target === undefined) return E.left(`replace operation does not apply: doc is missing path: ${path}: missing value`)
      if (E.isLeft(getIn(target.holder, target.key)))
        return E.left(`replace operation does not apply: doc is missing key: ${path}: missing value`)
      return change(path, setIn(value), `error in remove for path: '${path}'`)
    }
    case 'test': {
      const failed = E.left(`testing value ${path} failed: test failed`)
      if (path === '') return deepEqual(document, value) ? E.right(document) : failed
      if (target === undefined) return E.left(`test operation does not apply: is missing path: ${path}: missing value`)
      const found = getIn(target.holder, target.key)
      if (E.isLeft(found)) return E.left(`error in test for path: '${path}': ${found.left}`)
      return deepEqual(found.right ?? null, value) ? E.right(document) : failed
    }
    case 'move':
    case 'copy': {
      const start = typeof from === 'string' ? from : ''
      const source = holderOf(document, start)
      if (source === undefined) return E.left(`${kind} operation does not apply: doc is missing from path: ${start}: missing value`)
      const found = getIn(source.holder, source.key)
      if (E.isLeft(found))
        return E.left(
          kind === 'copy' ? `error in copy for from: '${start}': ${found.left}` : `error in move for path: '${source.key}': ${found.left}`,
        )
      const left = kind === 'copy' ? E.right(document) : change(start, removeIn, `error in move for path: '${source.key}'`)
      if (E.isLeft(left)) return left
      if (holderOf(left.right, path) === undefined)
        return E.left(`${kind} operation does not apply: doc is missing destination path: ${path}: missing value`)
      return prefixed(
        changeAt(left.right, keysOfPointer(path), addIn(found.right ?? null)),
        kind === 'copy' ? 'error while adding value during copy' : `error in move for path: '${path}'`,
      )
    }
    default:
      return E.left(`Unexpected kind: ${kind}`)
  }
}

/** The operations one after the other; the left side is the library's error text for the first that fails. */
export const applyJsonPatchOperations = (document: Json, operations: readonly JsonObject[]): Result => {
  let result: Result = E.right(document)
  for (const operation of operations) {
    if (E.isLeft(result)) return result
    result = applyOperation(result.right, operation)
  }
  return result
}

/** How encoding/json calls what it did not expect. */
export const goKindOf = (value: Json): string =>
  ({ map: 'object', list: 'array', string: 'string', number: 'number', bool: 'bool', nil: 'null' })[kindOf(value)]

/** The server hides what went wrong in an operation: NewGenericServerResponse with 422. */
const unprocessable: ApiStatus = { reason: 'Invalid', code: 422, message: 'the server rejected our request due to an error in our request' }

export const applyJsonPatch = (original: JsonObject, patch: Json): E.Either<ApiStatus, JsonObject> => {
  const decodeError = (value: Json, type: string): E.Either<ApiStatus, never> =>
    E.left(badRequest(`error decoding patch: json: cannot unmarshal ${goKindOf(value)} into Go value of type ${type}`))
  if (!isJsonList(patch)) return decodeError(patch, '[]handlers.jsonPatchOp')
  const operations: JsonObject[] = []
  for (const operation of patch) {
    if (!isJsonObject(operation)) return decodeError(operation, 'handlers.jsonPatchOp')
    operations.push(operation)
  }
  const result = applyJsonPatchOperations(original, operations)
  return E.isRight(result) && isJsonObject(result.right) ? E.right(result.right) : E.left(unprocessable)
}
