/**
 * Go templates as far as people type them after -o go-template: fields, `range`, `if`/`else`, `with`, `index`, `len`, `printf`, comparisons and
 * variables. Differs from Kubernetes: functions beyond these are refused by name.
 */
import { wordOf } from '../json-object.js'
import * as E from 'fp-ts/lib/Either.js'
import { isJsonObject, type Json } from '@statefold/core'
import { goText } from './go-text.js'

type Piece = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'action'; readonly source: string }

/** Thrown and caught in this file only. */
class TemplateProblem extends Error {}

const refuse = (why: string): never => {
  throw new TemplateProblem(why)
}

const piecesOf = (source: string): readonly Piece[] => {
  const pieces: Piece[] = []
  let position = 0
  let trimNext = false
  while (position < source.length) {
    const open = source.indexOf('{{', position)
    let text = open < 0 ? source.slice(position) : source.slice(position, open)
    if (trimNext) text = text.trimStart()
    if (open < 0) {
      pieces.push({ kind: 'text', text })
      break
    }
    const close = source.indexOf('}}', open)
    if (close < 0) return refuse('unclosed action')
    let inner = source.slice(open + 2, close)
    if (inner.startsWith('- ')) {
      text = text.trimEnd()
      inner = inner.slice(2)
    }
    trimNext = inner.endsWith(' -')
    if (trimNext) inner = inner.slice(0, -2)
    if (text !== '') pieces.push({ kind: 'text', text })
    if (!inner.trim().startsWith('/*')) pieces.push({ kind: 'action', source: inner.trim() })
    position = close + 2
  }
  return pieces
}

interface Scope {
  readonly dot: Json
  readonly variables: ReadonlyMap<string, Json>
}

const wordsOf = (source: string): readonly string[] =>
  source.match(/"(?:\\.|[^"])*"|`[^`]*`|\((?:[^()]|\([^()]*\))*\)(?:\.[\w.]+)?|\||:=|,|[^\s|,()]+/g) ?? []

const truthy = (value: Json | undefined): boolean =>
  value !== undefined &&
  value !== null &&
  value !== false &&
  value !== 0 &&
  value !== '' &&
  !(Array.isArray(value) && value.length === 0) &&
  !(isJsonObject(value) && Object.keys(value).length === 0)

const fieldsOf = (value: Json | undefined, path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>((found, field) => (field === '' ? found : isJsonObject(found) ? found[field] : undefined), value)

const compareValues = (left: Json | undefined, right: Json | undefined): number => {
  const [a, b] = [left ?? null, right ?? null]
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return wordOf(a) < wordOf(b) ? -1 : wordOf(a) > wordOf(b) ? 1 : 0
}

const operand = (word: string, scope: Scope): Json | undefined => {
  if (word.startsWith('(')) {
    const close = word.lastIndexOf(')')
    return fieldsOf(pipeline(word.slice(1, close), scope), word.slice(close + 1).split('.'))
  }
  if (word.startsWith('"')) return JSON.parse(word) as Json
  if (word.startsWith('`')) return word.slice(1, -1)
  if (word === '.') return scope.dot
  if (word.startsWith('.')) return fieldsOf(scope.dot, word.split('.'))
  if (word.startsWith('$')) {
    const [name = '', ...path] = word.split('.')
    return fieldsOf(scope.variables.get(name), path)
  }
  if (/^[+-]?\d+(?:\.\d+)?$/.test(word)) return Number(word)
  if (word === 'true' || word === 'false') return word === 'true'
  if (word === 'nil') return null
  return refuse(`function ${JSON.stringify(word)} not defined`)
}

const format = (pattern: string, values: readonly (Json | undefined)[]): string => {
  let next = 0
  return pattern.replace(/%(-?\d*)([vsdq%])/g, (_whole, width: string, verb: string) => {
    if (verb === '%') return '%'
    const value = goText(values[next] ?? null)
    next += 1
    const shown = verb === 'q' ? JSON.stringify(value) : value
    const size = Number(width || '0')
    return size < 0 ? shown.padEnd(-size) : shown.padStart(size)
  })
}

const functions: Readonly<Record<string, (values: readonly (Json | undefined)[]) => Json | undefined>> = {
  index: ([value, ...keys]) =>
    keys.reduce<Json | undefined>(
      (found, key) =>
        Array.isArray(found) ? (found as readonly Json[])[Number(key)] : isJsonObject(found) ? found[wordOf(key)] : undefined,
      value,
    ),
  len: ([value]) =>
    Array.isArray(value) || typeof value === 'string' ? value.length : isJsonObject(value) ? Object.keys(value).length : 0,
  not: ([value]) => !truthy(value),
  and: (values) => values.find((value) => !truthy(value)) ?? values.at(-1),
  or: (values) => values.find((value) => truthy(value)) ?? values.at(-1),
  eq: ([left, ...others]) => others.some((other) => compareValues(left, other) === 0),
  ne: ([left, right]) => compareValues(left, right) !== 0,
  lt: ([left, right]) => compareValues(left, right) < 0,
  le: ([left, right]) => compareValues(left, right) <= 0,
  gt: ([left, right]) => compareValues(left, right) > 0,
  ge: ([left, right]) => compareValues(left, right) >= 0,
  print: (values) => values.map((value) => goText(value ?? null)).join(''),
  println: (values) => `${values.map((value) => goText(value ?? null)).join(' ')}\n`,
  printf: ([pattern, ...values]) => format(wordOf(pattern), values),
  exists: ([value, ...keys]) =>
    keys.reduce<Json | undefined>(
      (found, key) =>
        isJsonObject(found) ? found[wordOf(key)] : Array.isArray(found) ? (found as readonly Json[])[Number(key)] : undefined,
      value,
    ) !== undefined,
}

const pipeline = (source: string, scope: Scope): Json | undefined => {
  const stages: string[][] = [[]]
  for (const word of wordsOf(source)) {
    if (word === '|') stages.push([])
    else stages.at(-1)?.push(word)
  }
  let value: Json | undefined
  let first = true
  for (const [head = '', ...rest] of stages) {
    const call = functions[head]
    const values = rest.map((word) => operand(word, scope))
    value = call === undefined ? operand(head, scope) : call(first ? values : [...values, value])
    first = false
  }
  return value
}

type Block = readonly [rest: readonly Piece[], body: readonly Piece[], otherwise: readonly Piece[]]

/** The pieces up to the matching `end`, and those of its `else`. */
const blockOf = (pieces: readonly Piece[]): Block => {
  let depth = 0
  let elseAt = -1
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind !== 'action') continue
    const word = piece.source.split(/\s/)[0]
    if (word === 'range' || word === 'if' || word === 'with') depth += 1
    else if (word === 'else' && depth === 0 && elseAt < 0) elseAt = index
    else if (word === 'end') {
      if (depth === 0)
        return [
          pieces.slice(index + 1),
          pieces.slice(0, elseAt < 0 ? index : elseAt),
          elseAt < 0 ? [] : elseBranch(pieces.slice(elseAt, index)),
        ]
      depth -= 1
    }
  }
  return refuse('unexpected EOF')
}

/** `else if x … end` is an `if` of its own. */
const elseBranch = (pieces: readonly Piece[]): readonly Piece[] => {
  const [head, ...rest] = pieces
  if (head?.kind !== 'action' || head.source === 'else') return rest
  return [{ kind: 'action', source: head.source.replace(/^else\s+/, '') }, ...rest, { kind: 'action', source: 'end' }]
}

const render = (pieces: readonly Piece[], scopeAtStart: Scope): string => {
  let out = ''
  let scope = scopeAtStart
  let rest = pieces
  for (;;) {
    const [piece, ...after] = rest
    if (piece === undefined) return out
    rest = after
    if (piece.kind === 'text') {
      out += piece.text
      continue
    }
    const [keyword = ''] = piece.source.split(/\s/)
    const argument = piece.source.slice(keyword.length).trim()
    if (keyword === 'if' || keyword === 'with') {
      const [following, body, otherwise] = blockOf(rest)
      const value = pipeline(argument, scope)
      out += truthy(value) ? render(body, keyword === 'with' ? { ...scope, dot: value ?? null } : scope) : render(otherwise, scope)
      rest = following
      continue
    }
    if (keyword === 'range') {
      const [following, body, otherwise] = blockOf(rest)
      const named = /^(\$\w*)(?:\s*,\s*(\$\w+))?\s*:=\s*(.*)$/s.exec(argument)
      const value = pipeline(named?.[3] ?? argument, scope)
      const entries: readonly (readonly [Json, Json])[] = Array.isArray(value)
        ? (value as readonly Json[]).map((item, index) => [index, item] as const)
        : isJsonObject(value)
          ? Object.keys(value)
              .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
              .map((key) => [key, value[key] ?? null] as const)
          : []
      if (entries.length === 0) out += render(otherwise, scope)
      for (const [key, item] of entries) {
        const variables = new Map(scope.variables)
        if (named?.[1] !== undefined) variables.set(named[1], named[2] === undefined ? item : key)
        if (named?.[2] !== undefined) variables.set(named[2], item)
        out += render(body, { dot: item, variables })
      }
      rest = following
      continue
    }
    const assigned = /^(\$\w+)\s*:?=\s*(.*)$/s.exec(piece.source)
    if (assigned !== null) {
      scope = { ...scope, variables: new Map(scope.variables).set(assigned[1] ?? '', pipeline(assigned[2] ?? '', scope) ?? null) }
      continue
    }
    const value = pipeline(piece.source, scope)
    out += value === undefined || value === null ? '<no value>' : goText(value)
  }
}

export const executeGoTemplate = (source: string, input: Json): E.Either<string, string> => {
  try {
    return E.right(render(piecesOf(source), { dot: input, variables: new Map([['$', input]]) }))
  } catch (problem) {
    if (problem instanceof TemplateProblem) return E.left(problem.message)
    throw problem
  }
}
