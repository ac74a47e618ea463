/** Flags as pflag reads them and complains about them (github.com/spf13/pflag flag.go, parseLongArg and parseShortArg). */
import * as E from 'fp-ts/lib/Either.js'
import { parseGoDuration } from './go-duration.js'

type FlagKind = 'text' | 'switch' | 'number' | 'duration' | 'list' | 'commaList'

export interface FlagSpecification {
  readonly name: string
  readonly short?: string
  readonly kind: FlagKind
  readonly default?: string
  /** What the bare flag means: `--dry-run` alone is `unchanged`. Switches have 'true'. */
  readonly bare?: string
}

export const text = (name: string, short?: string, fallback?: string): FlagSpecification => ({
  name,
  kind: 'text',
  ...(short === undefined ? {} : { short }),
  ...(fallback === undefined ? {} : { default: fallback }),
})
export const switchFlag = (name: string, short?: string, fallback = 'false'): FlagSpecification => ({
  name,
  kind: 'switch',
  bare: 'true',
  default: fallback,
  ...(short === undefined ? {} : { short }),
})
export const numberFlag = (name: string, fallback: string, short?: string): FlagSpecification => ({
  name,
  kind: 'number',
  default: fallback,
  ...(short === undefined ? {} : { short }),
})
export const duration = (name: string, fallback: string): FlagSpecification => ({ name, kind: 'duration', default: fallback })
/** May be repeated; each value is one item. */
export const list = (name: string, short?: string): FlagSpecification => ({ name, kind: 'list', ...(short === undefined ? {} : { short }) })
/** May be repeated; each value is split at commas. */
export const commaList = (name: string, short?: string): FlagSpecification => ({
  name,
  kind: 'commaList',
  ...(short === undefined ? {} : { short }),
})
export const withBare = (flag: FlagSpecification, bare: string): FlagSpecification => ({ ...flag, bare })

export interface ParsedWords {
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly words: readonly string[]
  /** How many of `words` stood before `--`; undefined when there was none. */
  readonly dashAt: number | undefined
}

export interface Flags {
  readonly given: (name: string) => boolean
  readonly text: (name: string) => string
  readonly on: (name: string) => boolean
  readonly number: (name: string) => number
  /** Milliseconds. */
  readonly duration: (name: string) => number
  readonly list: (name: string) => readonly string[]
}

const trueWords: readonly string[] = ['1', 't', 'T', 'true', 'TRUE', 'True']
const falseWords: readonly string[] = ['0', 'f', 'F', 'false', 'FALSE', 'False']

const badValue = (flag: FlagSpecification, value: string): string | undefined => {
  if (flag.kind === 'switch')
    return trueWords.includes(value) || falseWords.includes(value)
      ? undefined
      : `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`
  if (flag.kind === 'number')
    return /^[+-]?\d+$/.test(value) ? undefined : `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`
  if (flag.kind === 'duration') {
    const parsed = parseGoDuration(value)
    return E.isLeft(parsed) ? parsed.left : undefined
  }
  return undefined
}

const nameOf = (flag: FlagSpecification): string => (flag.short === undefined ? `--${flag.name}` : `-${flag.short}, --${flag.name}`)

/**
 * Reads words into flags. With `stopAtFirstWord` the first word that is no flag ends the flags (as for global flags before the command's name).
 */
export const parseWords = (
  specifications: readonly FlagSpecification[],
  input: readonly string[],
  stopAtFirstWord = false,
): E.Either<string, ParsedWords & { readonly rest: number }> => {
  const values = new Map<string, readonly string[]>()
  const words: string[] = []
  const set = (flag: FlagSpecification, value: string): string | undefined => {
    const problem = badValue(flag, value)
    if (problem !== undefined) return `invalid argument ${JSON.stringify(value)} for ${JSON.stringify(nameOf(flag))} flag: ${problem}`
    const items = flag.kind === 'commaList' ? value.split(',') : [value]
    const repeated = flag.kind === 'list' || flag.kind === 'commaList'
    values.set(flag.name, repeated ? [...(values.get(flag.name) ?? []), ...items] : items)
    return undefined
  }
  let index = 0
  let dashAt: number | undefined
  while (index < input.length) {
    const word = input[index] ?? ''
    if (word === '--') {
      dashAt = words.length
      words.push(...input.slice(index + 1))
      index = input.length
      break
    }
    if (!word.startsWith('-') || word === '-') {
      if (stopAtFirstWord) break
      words.push(word)
      index += 1
      continue
    }
    index += 1
    if (word.startsWith('--')) {
      const equals = word.indexOf('=')
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals)
      if (name === '' || name.startsWith('-')) return E.left(`bad flag syntax: ${word}`)
      const flag = specifications.find((candidate) => candidate.name === name)
      if (flag === undefined) return E.left(`unknown flag: --${name}`)
      let value = equals < 0 ? flag.bare : word.slice(equals + 1)
      if (value === undefined) {
        if (index >= input.length) return E.left(`flag needs an argument: --${name}`)
        value = input[index] ?? ''
        index += 1
      }
      const problem = set(flag, value)
      if (problem !== undefined) return E.left(problem)
      continue
    }
    let letters = word.slice(1)
    while (letters !== '') {
      const letter = letters.charAt(0)
      const flag = specifications.find((candidate) => candidate.short === letter)
      if (flag === undefined) return E.left(`unknown shorthand flag: '${letter}' in -${letters}`)
      let value: string
      if (letters.length > 2 && letters.charAt(1) === '=') {
        value = letters.slice(2)
        letters = ''
      } else if (flag.bare !== undefined) {
        value = flag.bare
        letters = letters.slice(1)
      } else if (letters.length > 1) {
        value = letters.slice(1)
        letters = ''
      } else {
        if (index >= input.length) return E.left(`flag needs an argument: '${letter}' in -${letters}`)
        value = input[index] ?? ''
        index += 1
        letters = ''
      }
      const problem = set(flag, value)
      if (problem !== undefined) return E.left(problem)
    }
  }
  return E.right({ values, words, dashAt, rest: index })
}

export const flagsOf = (specifications: readonly FlagSpecification[], values: ReadonlyMap<string, readonly string[]>): Flags => {
  const defaults = new Map(specifications.map((flag) => [flag.name, flag.default]))
  const last = (name: string): string => values.get(name)?.at(-1) ?? defaults.get(name) ?? ''
  return {
    given: (name) => values.has(name),
    text: last,
    on: (name) => trueWords.includes(last(name)),
    number: (name) => Number(last(name)),
    duration: (name) => {
      const parsed = parseGoDuration(last(name))
      return E.isRight(parsed) ? parsed.right : 0
    },
    list: (name) => values.get(name) ?? [],
  }
}
