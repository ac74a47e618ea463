/** The conformance scripts: what was done to the real cluster, as YAML. */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { LineCounter, parseDocument } from 'yaml'

const kubectlStep = t.intersection([t.type({ kubectl: t.string }), t.partial({ input: t.string })])
const settleStep = t.type({ settle: t.number })
const sleepStep = t.type({ sleep: t.number })
const worldStep = t.type({
  world: t.partial({
    pod: t.string,
    node: t.string,
    start: t.keyof({ hold: null, go: null }),
    stop: t.keyof({ hold: null, go: null }),
    ready: t.boolean,
    crash: t.boolean,
    exit: t.number,
    evict: t.boolean,
    up: t.boolean,
  }),
})
const dnsStep = t.type({ dns: t.type({ name: t.string, type: t.string }) })

const stepCodec = t.union([kubectlStep, settleStep, sleepStep, worldStep, dnsStep])
const scriptCodec = t.intersection([
  t.type({ steps: t.array(stepCodec) }),
  t.partial({ about: t.string, cluster: t.partial({ nodes: t.number, zones: t.boolean, fastFailures: t.boolean }) }),
])

export type ScriptStep = t.TypeOf<typeof stepCodec>
export type WorldChange = t.TypeOf<typeof worldStep>['world']
export type ConformanceScript = t.TypeOf<typeof scriptCodec>

export interface ScriptError {
  readonly line: number
  readonly message: string
}

export const decodeScript = (source: string): E.Either<ScriptError, ConformanceScript> => {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true })
  const syntax = document.errors[0]
  if (syntax !== undefined)
    return E.left({ line: lines.linePos(syntax.pos[0]).line, message: syntax.message.split('\n')[0] ?? syntax.message })
  const decoded = scriptCodec.decode(document.toJS({ maxAliasCount: 100 }))
  if (E.isRight(decoded)) return decoded
  const path = decoded.left[0]?.context.map((entry) => entry.key).filter((key) => key !== '') ?? []
  return E.left({ line: lineOf(document, path, lines), message: `${path.join('.')} is not of the form that scripts have` })
}

/** The line of the nearest node that the path reaches. */
const lineOf = (document: ReturnType<typeof parseDocument>, path: readonly string[], lines: LineCounter): number => {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true)
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range))
      return lines.linePos(Number(node.range[0])).line
  }
  return 1
}
