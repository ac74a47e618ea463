/**
 * YAML text to plain JSON with the place of every value. Guards stand before the parser: size, depth and aliases are bounded, so that no file
 * takes more than linear time. `__proto__` is refused as a key.
 */
import * as E from 'fp-ts/lib/Either.js'
import { isCollection, isMap, isPair, isScalar, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml'
import type { Json } from '@statefold/core'
import type { Problem } from './problem.js'

export const yamlLimits = {
  /** A scenario with its manifests inline is a few kB; 2 MiB is a mistake (etcd itself refuses requests above 1.5 MiB). */
  bytesMax: 2 * 1024 * 1024,
  /** Kubernetes objects are at most some twenty levels deep. */
  depthMax: 200,
  /** Values after aliases are resolved; an alias bomb has millions. */
  valuesMax: 1_000_000,
  aliasesMax: 1_000,
} as const

export interface Place {
  readonly line: number
  readonly column: number
}

export interface YamlSource {
  readonly value: Json
  /** Where the value at the path is written; for a path that does not exist, where its nearest holder is. */
  readonly placeOf: (path: readonly string[]) => Place
  /** Where the key at the path is written. */
  readonly placeOfKey: (path: readonly string[]) => Place
}

/** How deep brackets and indentation can nest, without parsing: a bound from above, in linear time. */
const nestsTooDeep = (source: string): Place | undefined => {
  let flow = 0
  let line = 1
  let lineStart = 0
  let indent = 0
  let dashes = 0
  let atStart = true
  const indents: number[] = []
  for (let at = 0; at < source.length; at += 1) {
    const character = source.charAt(at)
    if (character === '\n') {
      line += 1
      lineStart = at + 1
      indent = 0
      dashes = 0
      atStart = true
      continue
    }
    if (atStart && character === ' ') {
      indent += 1
      continue
    }
    if (atStart && character === '-' && source.charAt(at + 1) === ' ') {
      dashes += 1
      if (dashes > yamlLimits.depthMax) return { line, column: at - lineStart + 1 }
      indent += 1
      continue
    }
    if (atStart) {
      atStart = false
      while ((indents.at(-1) ?? -1) >= indent) indents.pop()
      indents.push(indent)
      if (indents.length > yamlLimits.depthMax) return { line, column: at - lineStart + 1 }
    }
    if (character === '[' || character === '{') {
      flow += 1
      if (flow > yamlLimits.depthMax) return { line, column: at - lineStart + 1 }
    } else if (character === ']' || character === '}') flow = Math.max(0, flow - 1)
  }
  return undefined
}

const placeAt = (lines: LineCounter, offset: number): Place => {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

const asJson = (value: unknown): Json => {
  if (value === null || value === undefined) return null
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, asJson(entry)]))
  if (typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  return typeof value === 'bigint' ? Number(value) : null
}

const startOf = (node: unknown): number | undefined => {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined
  return Number(node.range[0])
}

const childOf = (node: unknown, key: string): { readonly key: unknown; readonly value: unknown } | undefined => {
  if (!isCollection(node)) return undefined
  if (!isMap(node)) {
    const value: unknown = node.items[Number(key)]
    return value === undefined ? undefined : { key: value, value }
  }
  for (const pair of node.items) if (isScalar(pair.key) && String(pair.key.value) === key) return { key: pair.key, value: pair.value }
  return undefined
}

const walk = (
  document: Document,
  lines: LineCounter,
  path: readonly string[],
  wanted: 'key' | 'value',
  resolve: (node: unknown) => unknown,
): Place => {
  let node: unknown = document.contents
  let place = startOf(node) ?? 0
  for (const [index, key] of path.entries()) {
    const child = childOf(resolve(node), key)
    if (child === undefined) break
    const isLast = index === path.length - 1
    place = startOf(isLast && wanted === 'value' ? child.value : child.key) ?? startOf(child.key) ?? place
    node = child.value
  }
  return placeAt(lines, place)
}

/** What the alias means, if it is one. */
const resolverOf =
  (document: Document) =>
  (node: unknown): unknown =>
    typeof node === 'object' && node !== null && 'source' in node && 'resolve' in node && typeof node.resolve === 'function'
      ? (node.resolve(document) as unknown)
      : node

/** Counts values as they will be with aliases resolved, from the leaves up: linear in the text. */
const countedTooMany = (document: Document): Node | undefined => {
  const sizes = new Map<string, number>()
  let found: Node | undefined
  let aliases = 0
  const sizeOf = (node: unknown): number => {
    if (typeof node !== 'object' || node === null) return 1
    if (isPair(node)) return sizeOf(node.value)
    if ('source' in node && typeof node.source === 'string' && !isScalar(node)) {
      aliases += 1
      const size = sizes.get(node.source) ?? 1
      if (aliases > yamlLimits.aliasesMax || size > yamlLimits.valuesMax) found ??= node as Node
      return size
    }
    let size = 1
    if (isCollection(node)) for (const item of node.items) size += sizeOf(item)
    if ('anchor' in node && typeof node.anchor === 'string') sizes.set(node.anchor, size)
    if (size > yamlLimits.valuesMax) found ??= node as Node
    return size
  }
  sizeOf(document.contents)
  return found
}

/** One document. `firstLine`: how many lines of the file stand before it. */
export const readYaml = (file: string, source: string, firstLine = 0): E.Either<Problem, YamlSource> => {
  const problemAt = ({ line, column }: Place, message: string): E.Either<Problem, never> =>
    E.left({ file, line: line + firstLine, column, message })
  if (source.length > yamlLimits.bytesMax)
    return problemAt(
      { line: 1, column: 1 },
      `expected at most ${yamlLimits.bytesMax / 1024 / 1024} MiB, found ${(source.length / 1024 / 1024).toFixed(1)} MiB`,
    )
  const deep = nestsTooDeep(source)
  if (deep !== undefined) return problemAt(deep, `expected at most ${yamlLimits.depthMax} levels of nesting, found more`)
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true, logLevel: 'silent' })
  const [syntax] = document.errors
  if (syntax !== undefined) {
    const place = placeAt(lines, syntax.pos[0])
    const [words = syntax.message] = syntax.message.split(/ at line \d+|\n/)
    return problemAt(place, syntax.code === 'DUPLICATE_KEY' ? 'expected each key once, found it again here' : `not YAML: ${words}`)
  }
  const tooMany = countedTooMany(document)
  if (tooMany !== undefined)
    return problemAt(placeAt(lines, startOf(tooMany) ?? 0), 'expected fewer aliases: this one grows without measure')
  let forbidden: number | undefined
  visit(document, {
    Pair: (_, pair) => {
      if (isScalar(pair.key) && pair.key.value === '__proto__') forbidden ??= startOf(pair.key)
    },
  })
  if (forbidden !== undefined) return problemAt(placeAt(lines, forbidden), 'the key "__proto__" is not allowed')
  const resolve = resolverOf(document)
  const shifted = (place: Place): Place => ({ line: place.line + firstLine, column: place.column })
  return E.right({
    value: asJson(document.toJS({ maxAliasCount: -1 })),
    placeOf: (path) => shifted(walk(document, lines, path, 'value', resolve)),
    placeOfKey: (path) => shifted(walk(document, lines, path, 'key', resolve)),
  })
}
