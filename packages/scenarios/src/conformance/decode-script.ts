/**
 * Conformance scripts: what was done to the real cluster, as YAML. Read as the recorder of the real cluster reads them, so that every script
 * that could be recorded can be run: field names in any case, the booleans of YAML 1.1, a step that names several things does the first of
 * kubectl, settle, sleep, world, dns; what the recorder refuses is refused with its line.
 */
import * as E from 'fp-ts/lib/Either.js'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type YAMLMap } from 'yaml'
import { splitLine } from './split-line.js'

/** What a `world` step says; fields that it does not name stay as they are. */
export interface WorldChange {
  readonly pod?: string
  readonly node?: string
  /** `hold`; any other word releases. */
  readonly start?: string
  readonly stop?: string
  readonly ready?: boolean
  readonly crash?: boolean
  readonly exit?: number
  readonly evict?: boolean
  readonly up?: boolean
}

export interface DnsStep {
  readonly name: string
  readonly type: string
}

export type ScriptStep =
  | { readonly kubectl: string; readonly input: string }
  | { readonly settle: number }
  | { readonly sleep: number }
  | { readonly world: WorldChange }
  | { readonly dns: DnsStep }

export interface ConformanceScript {
  readonly nodes: number
  readonly zones: boolean
  readonly fastFailures: boolean
  readonly steps: readonly ScriptStep[]
}

export interface ScriptError {
  readonly line: number
  readonly message: string
}

const nodesDefault = 3

export const decodeScript = (source: string): E.Either<ScriptError, ConformanceScript> => {
  const lines = new LineCounter()
  // A file may hold several documents; the script is the first.
  const [document] = parseAllDocuments(source, { lineCounter: lines, uniqueKeys: true, merge: true, logLevel: 'silent' })
  if (document === undefined || !('contents' in document))
    return E.right({ nodes: nodesDefault, zones: false, fastFailures: false, steps: [] })
  const syntax = document.errors.find(({ code, message }) => !(code === 'BAD_INDENT' && message.startsWith('Flow ')))
  if (syntax !== undefined)
    return E.left({ line: lines.linePos(syntax.pos[0]).line, message: syntax.message.split(/ at line \d+|\n/)[0] ?? syntax.message })
  const reading = new Reading(document, lines)
  const script = reading.script()
  return reading.error === undefined ? E.right(script) : E.left(reading.error)
}

type Fields = ReadonlyMap<string, unknown>

/** One pass over a document; keeps the first thing that is wrong. A class, because everything it does needs the document and the error. */
class Reading {
  error: ScriptError | undefined
  readonly #document: Document
  readonly #lines: LineCounter

  constructor(document: Document, lines: LineCounter) {
    this.#document = document
    this.#lines = lines
  }

  script(): ConformanceScript {
    const fields = this.#fields(this.#document.contents, ['about', 'cluster', 'steps'], 'the script')
    this.#text(fields.get('about'), 'about')
    const cluster = this.#fields(fields.get('cluster'), ['nodes', 'zones', 'fastfailures'], 'cluster')
    const nodes = this.#whole(cluster.get('nodes'), 'nodes') ?? 0
    return {
      nodes: nodes === 0 ? nodesDefault : nodes,
      zones: this.#boolean(cluster.get('zones'), 'zones') ?? false,
      fastFailures: this.#boolean(cluster.get('fastfailures'), 'fastFailures') ?? false,
      steps: this.#items(fields.get('steps')).flatMap((item, index) => this.#step(item, index)),
    }
  }

  #step(node: unknown, index: number): readonly ScriptStep[] {
    const where = `step ${index}`
    const fields = this.#fields(node, ['kubectl', 'input', 'settle', 'sleep', 'world', 'dns'], where)
    const kubectl = this.#text(fields.get('kubectl'), 'kubectl') ?? ''
    const input = this.#text(fields.get('input'), 'input') ?? ''
    const settle = this.#whole(fields.get('settle'), 'settle')
    const sleep = this.#whole(fields.get('sleep'), 'sleep') ?? 0
    const world = this.#world(fields.get('world'), where)
    const dns = this.#dns(fields.get('dns'))
    if (kubectl !== '') {
      const words = splitLine(kubectl)
      if (E.isLeft(words)) this.#wrong(fields.get('kubectl'), `${where}: ${words.left}`)
      return [{ kubectl, input }]
    }
    if (settle !== undefined) return [{ settle }]
    if (sleep > 0) return [{ sleep }]
    if (world !== undefined) return [{ world }]
    if (dns !== undefined) return [{ dns }]
    this.#wrong(node, `${where} does nothing; it needs kubectl, settle, sleep (more than 0), world or dns`)
    return []
  }

  #world(node: unknown, where: string): WorldChange | undefined {
    if (this.#isNothing(node)) return undefined
    const fields = this.#fields(node, ['pod', 'node', 'start', 'stop', 'ready', 'crash', 'exit', 'evict', 'up'], 'world')
    const change = {
      pod: this.#text(fields.get('pod'), 'pod'),
      node: this.#text(fields.get('node'), 'node'),
      start: this.#text(fields.get('start'), 'start'),
      stop: this.#text(fields.get('stop'), 'stop'),
      ready: this.#boolean(fields.get('ready'), 'ready'),
      crash: this.#boolean(fields.get('crash'), 'crash'),
      exit: this.#whole(fields.get('exit'), 'exit'),
      evict: this.#boolean(fields.get('evict'), 'evict'),
      up: this.#boolean(fields.get('up'), 'up'),
    }
    if ((change.node ?? '') !== '' && change.up === undefined)
      this.#wrong(node, `${where}: world: node ${change.node ?? ''} needs up: true or false`)
    // Fields that are absent stay absent: WorldChange says so, and `undefined` is not absence.
    return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined && value !== '')) as WorldChange
  }

  #dns(node: unknown): DnsStep | undefined {
    if (this.#isNothing(node)) return undefined
    const fields = this.#fields(node, ['name', 'type'], 'dns')
    return { name: this.#text(fields.get('name'), 'name') ?? '', type: this.#text(fields.get('type'), 'type') ?? '' }
  }

  #wrong(node: unknown, message: string): void {
    if (this.error !== undefined) return
    const range = typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range) ? Number(node.range[0]) : 0
    this.error = { line: this.#lines.linePos(range).line, message }
  }

  #resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node
  }

  #isNothing(node: unknown): boolean {
    const resolved = this.#resolved(node)
    return resolved === undefined || resolved === null || (isScalar(resolved) && resolved.value === null)
  }

  /** The values of a map by their lower-case names; maps that are merged in (`<<`) give what the map itself does not name. */
  #fields(node: unknown, known: readonly string[], what: string): Fields {
    const fields = new Map<string, unknown>()
    const resolved = this.#resolved(node)
    if (this.#isNothing(resolved)) return fields
    if (!isMap(resolved)) {
      this.#wrong(resolved, `${what}: a map was expected`)
      return fields
    }
    this.#addFields(resolved, known, what, fields, 0)
    return fields
  }

  #addFields(map: YAMLMap, known: readonly string[], what: string, fields: Map<string, unknown>, depth: number): void {
    const merged: unknown[] = []
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? (key.source ?? '') : ''
      if (name === '<<' || (isScalar(key) && typeof key.value === 'symbol')) merged.push(...this.#mapsOf(value))
      else if (!known.includes(name.toLowerCase())) this.#wrong(key, `${what}: there is no field '${name}'; known are ${known.join(', ')}`)
      else if (!fields.has(name.toLowerCase())) fields.set(name.toLowerCase(), value)
    }
    if (depth > 10) return
    for (const other of merged) if (isMap(other)) this.#addFields(other, known, what, fields, depth + 1)
  }

  #mapsOf(node: unknown): readonly unknown[] {
    const resolved = this.#resolved(node)
    return isSeq(resolved) ? resolved.items.map((item) => this.#resolved(item)) : [resolved]
  }

  #items(node: unknown): readonly unknown[] {
    const resolved = this.#resolved(node)
    if (this.#isNothing(resolved)) return []
    if (isSeq(resolved)) return resolved.items.map((item) => this.#resolved(item))
    this.#wrong(resolved, 'steps: a list was expected')
    return []
  }

  /** A text; a plain number or boolean is taken as it is written. */
  #text(node: unknown, what: string): string | undefined {
    const resolved = this.#resolved(node)
    if (this.#isNothing(resolved)) return undefined
    if (isScalar(resolved)) return typeof resolved.value === 'string' ? resolved.value : (resolved.source ?? String(resolved.value))
    this.#wrong(resolved, `${what}: a text was expected`)
    return undefined
  }

  #boolean(node: unknown, what: string): boolean | undefined {
    const resolved = this.#resolved(node)
    if (this.#isNothing(resolved)) return undefined
    const word = plainSourceOf(resolved)
    if (/^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(word)) return true
    if (/^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(word)) return false
    this.#wrong(resolved, `${what}: true or false was expected`)
    return undefined
  }

  #whole(node: unknown, what: string): number | undefined {
    const resolved = this.#resolved(node)
    if (this.#isNothing(resolved)) return undefined
    const word = plainSourceOf(resolved).replaceAll('_', '')
    const number = /^[-+]?0[0-7]+$/.test(word)
      ? Number.parseInt(word, 8)
      : /^[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|0x[\da-fA-F]+|0b[01]+|0o[0-7]+)$/.test(word)
        ? Number(word)
        : Number.NaN
    if (Number.isSafeInteger(number)) return number
    this.#wrong(resolved, `${what}: a whole number was expected`)
    return undefined
  }
}

/** What a plain scalar says, to the letter; empty for everything else (a quoted word is a text and nothing more). */
const plainSourceOf = (node: unknown): string => (isScalar(node) && node.type === 'PLAIN' ? (node.source ?? '') : '')
