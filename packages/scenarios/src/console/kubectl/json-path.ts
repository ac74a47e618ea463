/**
 * JSONPath templates as kubectl reads them: `{.items[*].metadata.name}`, ranges, filters, unions, slices, `..`. Follows
 * client-go/util/jsonpath (parser.go, jsonpath.go).
 */
import * as E from 'fp-ts/lib/Either.js'
import { isJsonObject, type Json, type JsonObject } from '@statefold/core'
import { compactJson } from './printers/json-printer.js'

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly nodes: readonly Node[] }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'identifier'; readonly name: string }
  | {
      readonly kind: 'slice'
      readonly from: number | undefined
      readonly to: number | undefined
      readonly step: number | undefined
      readonly single: boolean
    }
  | { readonly kind: 'filter'; readonly left: readonly Node[]; readonly operator: string; readonly right: readonly Node[] }
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'recursive' }
  | { readonly kind: 'union'; readonly members: readonly (readonly Node[])[] }

export interface JsonPathTemplate {
  readonly source: string
  readonly nodes: readonly Node[]
}

const isWordCharacter = (character: string): boolean => /[\p{L}\p{N}_-]/u.test(character)

interface Cursor {
  readonly input: string
  position: number
}

/** Thrown and caught in this file only: a grammar of mutually recursive functions reads better without an Either at each step. */
class SyntaxProblem extends Error {}

const refuse = (why: string): never => {
  throw new SyntaxProblem(why)
}

/** `"..."` or `'...'` at the cursor, with the escapes of Go's strconv.Unquote that matter. */
const readQuoted = (cursor: Cursor): string => {
  const quote = cursor.input.charAt(cursor.position)
  let position = cursor.position + 1
  let value = ''
  for (;;) {
    if (position >= cursor.input.length) return refuse('unterminated quoted string')
    const character = cursor.input.charAt(position)
    if (character === quote) break
    if (character === '\\') {
      position += 1
      const escaped = cursor.input.charAt(position)
      value += escaped === 'n' ? '\n' : escaped === 't' ? '\t' : escaped === 'r' ? '\r' : escaped
    } else value += character
    position += 1
  }
  cursor.position = position + 1
  return value
}

const readField = (cursor: Cursor): Node => {
  let name = ''
  let position = cursor.position
  while (position < cursor.input.length) {
    const character = cursor.input.charAt(position)
    if (character === '\\') {
      name += cursor.input.charAt(position + 1)
      position += 2
      continue
    }
    if (/[\s.,|$@{}[\]()&"'=<>!]/.test(character) && character !== '$') break
    name += character
    position += 1
  }
  cursor.position = position
  return name === '*' ? { kind: 'wildcard' } : { kind: 'field', name }
}

const readNumberOrWord = (cursor: Cursor): Node => {
  const rest = cursor.input.slice(cursor.position)
  const number = /^[+-]?\d+(?:\.\d+)?/.exec(rest)?.[0]
  if (number !== undefined) {
    cursor.position += number.length
    return { kind: 'value', value: Number(number) }
  }
  const word = /^[\p{L}\p{N}_-]+/u.exec(rest)?.[0] ?? ''
  cursor.position += word.length
  if (word === 'true' || word === 'false') return { kind: 'value', value: word === 'true' }
  return { kind: 'identifier', name: word }
}

/** The text between `[` and its `]`, minding quotes and nesting; the cursor stands behind it. */
const readBrackets = (cursor: Cursor): string => {
  let depth = 0
  let quote = ''
  const start = cursor.position + 1
  for (let position = cursor.position; position < cursor.input.length; position += 1) {
    const character = cursor.input.charAt(position)
    if (quote !== '') {
      if (character === '\\') position += 1
      else if (character === quote) quote = ''
      continue
    }
    if (character === '"' || character === "'") quote = character
    else if (character === '[') depth += 1
    else if (character === ']') {
      depth -= 1
      if (depth === 0) {
        cursor.position = position + 1
        return cursor.input.slice(start, position)
      }
    }
  }
  return refuse('unterminated array')
}

const splitOutsideQuotes = (source: string, separator: string): readonly string[] => {
  const parts: string[] = []
  let quote = ''
  let depth = 0
  let current = ''
  for (const character of source) {
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (character === '[' || character === '(') depth += 1
    else if (character === ']' || character === ')') depth -= 1
    if (character === separator && quote === '' && depth === 0) {
      parts.push(current)
      current = ''
    } else current += character
  }
  return [...parts, current]
}

const bound = (source: string | undefined): number | undefined => (source === undefined || source === '' ? undefined : Number(source))

const readArray = (cursor: Cursor): Node => {
  const inner = readBrackets(cursor)
  if (inner.startsWith('?(')) {
    if (!inner.endsWith(')')) return refuse('unterminated filter')
    return readFilter(inner.slice(2, -1))
  }
  const members = splitOutsideQuotes(inner, ',')
  if (members.length > 1) return { kind: 'union', members: members.map((member) => readAction(`[${member.trim()}]`)) }
  const only = inner.trim()
  if (only === '*') return { kind: 'wildcard' }
  const quoted = /^(')(.*)'$/su.exec(only)
  if (quoted !== null) return { kind: 'field', name: (quoted[2] ?? '').replace(/\\(.)/g, '$1') }
  const slice = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(only)
  if (slice === null || only === '') return refuse(`invalid array index ${only}`)
  const single = slice[2] === undefined
  return {
    kind: 'slice',
    from: bound(slice[1]),
    to: single ? undefined : bound(slice[2]?.slice(1)),
    step: bound(slice[3]?.slice(1)),
    single,
  }
}

const filterOperators = ['==', '!=', '<=', '>=', '<', '>'] as const

const readFilter = (source: string): Node => {
  let quote = ''
  for (let position = 0; position < source.length; position += 1) {
    const character = source.charAt(position)
    if (quote !== '') {
      if (character === quote) quote = ''
      continue
    }
    if (character === '"' || character === "'") {
      quote = character
      continue
    }
    const operator = filterOperators.find((candidate) => source.startsWith(candidate, position))
    if (operator !== undefined) {
      return {
        kind: 'filter',
        left: readAction(source.slice(0, position).trim()),
        operator,
        right: readAction(source.slice(position + operator.length).trim()),
      }
    }
  }
  return { kind: 'filter', left: readAction(source.trim()), operator: 'exists', right: [] }
}

/** What stands inside `{}`. */
const readAction = (source: string): readonly Node[] => {
  const cursor: Cursor = { input: source, position: 0 }
  const nodes: Node[] = []
  while (cursor.position < source.length) {
    const character = source.charAt(cursor.position)
    if (/[\s$@]/.test(character)) cursor.position += 1
    else if (source.startsWith('..', cursor.position)) {
      cursor.position += 2
      nodes.push({ kind: 'recursive' })
      const next = source.charAt(cursor.position)
      if (next !== '' && next !== '[' && next !== '.') nodes.push(readField(cursor))
    } else if (character === '.') {
      cursor.position += 1
      const next = source.charAt(cursor.position)
      if (next !== '' && next !== '[' && !/\s/.test(next)) nodes.push(readField(cursor))
    } else if (character === '[') nodes.push(readArray(cursor))
    else if (character === '"' || character === "'") nodes.push({ kind: 'text', text: readQuoted(cursor) })
    else if (isWordCharacter(character) || character === '+') nodes.push(readNumberOrWord(cursor))
    else
      return refuse(
        `unrecognized character in action: U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')} '${character}'`,
      )
  }
  return nodes
}

const hasOpenBracket = (action: string): boolean => action.lastIndexOf('[') > action.lastIndexOf(']')

export const parseJsonPath = (source: string): E.Either<string, JsonPathTemplate> => {
  const nodes: Node[] = []
  try {
    let position = 0
    while (position < source.length) {
      const open = source.indexOf('{', position)
      if (open < 0) {
        nodes.push({ kind: 'text', text: source.slice(position) })
        break
      }
      if (open > position) nodes.push({ kind: 'text', text: source.slice(position, open) })
      let quote = ''
      let end = open + 1
      for (; end < source.length; end += 1) {
        const character = source.charAt(end)
        if (quote !== '') {
          if (character === '\\') end += 1
          else if (character === quote) quote = ''
        } else if (character === '"' || character === "'") quote = character
        else if (character === '}') break
      }
      if (end >= source.length) return E.left(hasOpenBracket(source.slice(open + 1)) ? 'unterminated array' : 'unclosed action')
      nodes.push({ kind: 'list', nodes: readAction(source.slice(open + 1, end)) })
      position = end + 1
    }
  } catch (problem) {
    if (problem instanceof SyntaxProblem) return E.left(problem.message)
    throw problem
  }
  return E.right({ source, nodes })
}

type Found = E.Either<string, readonly Json[]>

const children = (value: Json): readonly Json[] =>
  Array.isArray(value)
    ? value
    : isJsonObject(value)
      ? sortedKeys(value).flatMap((key) => (value[key] === undefined ? [] : [value[key]]))
      : []

const sortedKeys = (value: JsonObject): readonly string[] => Object.keys(value).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))

const descend = (value: Json): readonly Json[] => [
  value,
  ...children(value).flatMap((child) => (Array.isArray(child) || isJsonObject(child) ? descend(child) : [])),
]

const typeRank = (value: Json | undefined): string => (value === null ? 'null' : typeof value)

const compare = (left: Json | undefined, operator: string, right: Json | undefined): E.Either<string, boolean> => {
  if (left === undefined || right === undefined || typeRank(left) !== typeRank(right)) {
    return typeof left === 'number' ||
      typeof right === 'number' ||
      left === undefined ||
      right === undefined ||
      operator === '!=' ||
      operator === '=='
      ? E.right(operator === '!=')
      : E.left('incompatible types for comparison')
  }
  if (operator === '==') return E.right(left === right)
  if (operator === '!=') return E.right(left !== right)
  const [a, b] = [left, right] as readonly [number | string, number | string]
  if (operator === '<') return E.right(a < b)
  if (operator === '>') return E.right(a > b)
  if (operator === '<=') return E.right(a <= b)
  return E.right(a >= b)
}

const sliced = (value: readonly Json[], node: Node & { kind: 'slice' }): Found => {
  const size = value.length
  if (node.single) {
    const index = node.from ?? 0
    const at = index < 0 ? index + size : index
    const item = value[at]
    return item === undefined ? E.left(`array index out of bounds: index ${at}, length ${size}`) : E.right([item])
  }
  const step = node.step ?? 1
  if (step <= 0) return E.left('step must be > 0')
  const place = (index: number): number => Math.max(0, Math.min(size, index < 0 ? index + size : index))
  return E.right(value.slice(place(node.from ?? 0), place(node.to ?? size)).filter((_, index) => index % step === 0))
}

const stepInto = (node: Node, inputs: readonly Json[], allowMissing: boolean): Found => {
  const out: Json[] = []
  for (const input of inputs) {
    if (node.kind === 'field') {
      const value = isJsonObject(input) ? input[node.name] : undefined
      if (value === undefined) continue
      out.push(value)
    } else if (node.kind === 'wildcard') out.push(...children(input))
    else if (node.kind === 'recursive') out.push(...descend(input))
    else if (node.kind === 'slice') {
      if (!Array.isArray(input)) {
        if (input === null) continue
        return E.left(`${typeof input === 'object' ? 'map[string]interface {}' : JSON.stringify(input)} is not array or slice`)
      }
      const found = sliced(input as readonly Json[], node)
      if (E.isLeft(found)) {
        if (allowMissing) continue
        return found
      }
      out.push(...found.right)
    } else if (node.kind === 'filter') {
      for (const item of children(input)) {
        const left = walk(node.left, [item], true)
        if (E.isLeft(left)) return left
        if (node.operator === 'exists') {
          if (left.right.length > 0) out.push(item)
          continue
        }
        const right = walk(node.right, [item], true)
        if (E.isLeft(right)) return right
        if (left.right.length === 0) continue
        if (left.right.length > 1) return E.left('can only compare one element at a time')
        const holds = compare(left.right[0], node.operator, right.right[0])
        if (E.isLeft(holds)) return holds
        if (holds.right) out.push(item)
      }
    } else if (node.kind === 'union') {
      for (const member of node.members) {
        const found = walk(member, [input], allowMissing)
        if (E.isLeft(found)) return found
        out.push(...found.right)
      }
    } else if (node.kind === 'text') out.push(node.text)
    else if (node.kind === 'value') out.push(node.value)
  }
  if (node.kind === 'field' && out.length === 0 && !allowMissing) return E.left(`${node.name} is not found`)
  return E.right(out)
}

const walk = (nodes: readonly Node[], inputs: readonly Json[], allowMissing: boolean): Found => {
  let current: readonly Json[] = inputs
  for (const node of nodes) {
    const next = stepInto(node, current, allowMissing)
    if (E.isLeft(next)) return next
    current = next.right
  }
  return E.right(current)
}

/** Follows evalToText in client-go/util/jsonpath/jsonpath.go. */
export const jsonPathText = (value: Json): string => {
  if (value === null) return ''
  if (typeof value === 'string') return value
  return typeof value === 'object' ? compactJson(value) : String(value)
}

const isIdentifier = (node: Node | undefined, name: string): boolean => node?.kind === 'identifier' && node.name === name

/** The values of each `{}` of the template, one list for each; ranges and texts are flattened to lists of one. */
const evaluate = (nodes: readonly Node[], input: Json, allowMissing: boolean): E.Either<string, readonly (readonly Json[])[]> => {
  const results: (readonly Json[])[] = []
  let index = 0
  while (index < nodes.length) {
    const node = nodes[index]
    index += 1
    if (node === undefined) continue
    if (node.kind === 'text') {
      results.push([node.text])
      continue
    }
    if (node.kind !== 'list') continue
    if (isIdentifier(node.nodes[0], 'range')) {
      let depth = 1
      let end = index
      for (; end < nodes.length && depth > 0; end += 1) {
        const inner = nodes[end]
        if (inner?.kind !== 'list') continue
        if (isIdentifier(inner.nodes[0], 'range')) depth += 1
        if (isIdentifier(inner.nodes[0], 'end')) depth -= 1
      }
      if (depth > 0) return E.left('unexpected end of template: range without end')
      const found = walk(node.nodes.slice(1), [input], allowMissing)
      if (E.isLeft(found)) return found
      for (const item of found.right) {
        const inner = evaluate(nodes.slice(index, end - 1), item, allowMissing)
        if (E.isLeft(inner)) return inner
        results.push(...inner.right)
      }
      index = end
      continue
    }
    if (isIdentifier(node.nodes[0], 'end')) return E.left('not in range, nothing to end')
    const identifier = node.nodes.find((part) => part.kind === 'identifier')
    if (identifier?.kind === 'identifier') return E.left(`unrecognized identifier ${identifier.name}`)
    const found = walk(node.nodes, [input], allowMissing)
    if (E.isLeft(found)) return found
    results.push(found.right)
  }
  return E.right(results)
}

/** The values that the template finds (of its `{}`s, in order). */
export const findByJsonPath = (
  template: JsonPathTemplate,
  input: Json,
  allowMissing: boolean,
): E.Either<string, readonly (readonly Json[])[]> => evaluate(template.nodes, input, allowMissing)

/** The text that the template makes of a value: several values of one `{}` are joined by blanks. */
export const executeJsonPath = (template: JsonPathTemplate, input: Json, allowMissing: boolean): E.Either<string, string> => {
  const found = evaluate(template.nodes, input, allowMissing)
  return E.isLeft(found) ? found : E.right(found.right.map((values) => values.map(jsonPathText).join(' ')).join(''))
}

/** `.metadata.name`, `metadata.name` and `{.metadata.name}` are one. Follows RelaxedJSONPathExpression in kubectl/pkg/cmd/get/customcolumn.go. */
export const relaxedJsonPath = (source: string): E.Either<string, string> => {
  if (source === '') return E.right('')
  const match = /^\{\.?([^{}]+)\}$|^\.?([^{}]+)$/.exec(source)
  if (match === null)
    return E.left(`unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'`)
  return E.right(`{.${match[1] ?? match[2] ?? ''}}`)
}
