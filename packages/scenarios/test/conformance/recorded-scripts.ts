/** The recorded scripts and what was expected of them, and a run of one compared with it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { compare, items, kindOf, type Comparison, type ItemDifference } from '../../../../conformance/compare.mjs'
import { decodeScript } from '../../src/conformance/decode-script.js'
import { explainDifference } from '../../src/conformance/explain-difference.js'
import { runScript } from '../../src/conformance/run-script.js'

type Expected = Parameters<typeof compare>[0]

const folder = fileURLToPath(new URL('../../../../conformance', import.meta.url))

const namesIn = (path: string): readonly string[] =>
  readdirSync(join(folder, path))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))

export const scriptNames: readonly string[] = namesIn('scripts')

/** Recorded later, three runs each: rules that the first scripts did not touch. */
export const moreNames: readonly string[] = namesIn('more/scripts').map((name) => `more/${name}`)

/** `more/jobs`, `scripts` → `more/scripts/jobs` */
const pathOf = (name: string, kind: 'scripts' | 'expected', extension: string): string =>
  join(folder, name.startsWith('more/') ? `more/${kind}/${name.slice('more/'.length)}${extension}` : `${kind}/${name}${extension}`)

const expectedOf = (name: string): Expected => {
  const recording: { readonly expected: Expected } = JSON.parse(readFileSync(pathOf(name, 'expected', '.json'), 'utf8'))
  return recording.expected
}

const run = (name: string, seed: number, keepLog: boolean): ReturnType<typeof runScript> => {
  const script = decodeScript(readFileSync(pathOf(name, 'scripts', '.yaml'), 'utf8'))
  if (E.isLeft(script)) throw new Error(`${name}.yaml:${script.left.line}: ${script.left.message}`)
  return runScript(name.replace('more/', ''), script.right, { seed, keepLog })
}

const itemsOf = (result: ReturnType<typeof runScript>): Map<string, string> => items(JSON.parse(JSON.stringify(result.trace)))

export interface Judged {
  readonly expected: Expected
  readonly actual: ReadonlyMap<string, string>
  readonly comparison: Comparison
}

export const judge = (name: string, seed: number): Judged => {
  const expected = expectedOf(name)
  const actual = itemsOf(run(name, seed, false))
  return { expected, actual, comparison: compare(expected, actual) }
}

/** In the words of a person who has to mend it. */
export const explain = (name: string, seed: number, differ: readonly ItemDifference[]): string => {
  if (differ.length === 0) return ''
  const again = run(name, seed, true)
  return differ.map((difference) => explainDifference(difference, again).join('\n  ')).join('\n')
}

/** How many items of one kind were equal, differ, or were racy in the recordings. */
export interface Measurement {
  readonly equal: number
  readonly differ: number
  readonly racy: number
}

const nothingMeasured: Measurement = { equal: 0, differ: 0, racy: 0 }

export const measure = (judged: readonly Judged[]): Readonly<Record<string, Measurement>> => {
  const kinds = new Map<string, Measurement>()
  const count = (key: string, field: keyof Measurement): void => {
    const counted = kinds.get(kindOf(key)) ?? nothingMeasured
    kinds.set(kindOf(key), { ...counted, [field]: counted[field] + 1 })
  }
  for (const { expected, actual, comparison } of judged) {
    for (const [key, values] of Object.entries(expected))
      if (values.length > 1) count(key, 'racy')
      else if ((actual.get(key) ?? null) === values[0]) count(key, 'equal')
    for (const { key } of comparison.differ) count(key, 'differ')
  }
  return Object.fromEntries(kinds)
}
