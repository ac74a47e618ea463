/**
 * Compares what was shown with what a transcript says. Runs of blanks count as one, empty lines do not count, `…` stands for anything: a part
 * of a line, or as a line of its own for any number of lines. In tables with an AGE column any age matches any age.
 */
import type { TranscriptLine } from './parse-transcript.js'

export interface Mismatch {
  readonly line: number
  readonly command: string
  /** `…` of the transcript and what stood there; empty when there was nothing. */
  readonly expected: string
  readonly found: string
}

const squeezed = (text: string): string => text.replace(/[ \t\u00a0]+/g, ' ').trim()

const isWild = (text: string): boolean => text === '…' || text === '...'

const age = '(?:\\d+[smhdy])+'
const isAge = (word: string): boolean => new RegExp(`^\\(?${age}$|^<(?:invalid|unknown)>$`).test(word)

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

const patternOf = (text: string, agesCount: boolean): RegExp => {
  const source = text
    .split('…')
    .map((part) =>
      part
        .split(' ')
        .map((word) => (!agesCount && isAge(word) ? `${word.startsWith('(') ? '\\(' : ''}(?:${age}|<invalid>|<unknown>)` : escaped(word)))
        .join(' '),
    )
    .join('.*')
  return new RegExp(`^${source}$`)
}

const hasAges = (expected: readonly string[]): boolean => expected.some((line) => /(?:^| )(?:AGE|LAST SEEN)(?: |$)/.test(line))

export const compareOutput = (
  command: string,
  line: number,
  expected: readonly TranscriptLine[],
  shown: string,
  anyOrder: boolean,
): readonly Mismatch[] => {
  const wanted = expected.map((each) => ({ line: each.line, text: squeezed(each.text) })).filter(({ text }) => text !== '')
  const found = shown
    .replaceAll('\r', '')
    .split('\n')
    .map(squeezed)
    .filter((text) => text !== '')
  const agesCount = !hasAges(wanted.map(({ text }) => text))
  const patterns = wanted.map(({ text }) => (isWild(text) ? undefined : patternOf(text, agesCount)))
  return anyOrder ? compareSets({ command, line, wanted, found, patterns }) : compareInOrder({ command, line, wanted, found, patterns })
}

interface Comparison {
  readonly command: string
  readonly line: number
  readonly wanted: readonly TranscriptLine[]
  readonly found: readonly string[]
  readonly patterns: readonly (RegExp | undefined)[]
}

const compareSets = ({ command, line, wanted, found, patterns }: Comparison): readonly Mismatch[] => {
  const left = [...found]
  const mismatches: Mismatch[] = []
  for (const [index, { line: at, text }] of wanted.entries()) {
    const pattern = patterns[index]
    if (pattern === undefined) continue
    const place = left.findIndex((candidate) => pattern.test(candidate))
    if (place < 0) mismatches.push({ line: at, command, expected: text, found: '' })
    else left.splice(place, 1)
  }
  if (!patterns.includes(undefined))
    for (const text of left) mismatches.push({ line: wanted.at(-1)?.line ?? line, command, expected: '', found: text })
  return mismatches
}

const compareInOrder = ({ command, line, wanted, found, patterns }: Comparison): readonly Mismatch[] => {
  // reachable[j]: the lines so far can be matched with the first j that were found.
  let reachable = [0]
  let furthest = 0
  for (const [index, { line: at, text }] of wanted.entries()) {
    const pattern = patterns[index]
    const [first = 0] = reachable
    const next =
      pattern === undefined
        ? Array.from({ length: found.length - first + 1 }, (_unused, offset) => first + offset)
        : reachable.filter((place) => place < found.length && pattern.test(found[place] ?? '')).map((place) => place + 1)
    furthest = Math.min(...reachable)
    if (next.length === 0)
      return mismatchesFrom(
        { command, line: at, wanted: wanted.slice(index), found: found.slice(furthest), patterns: patterns.slice(index) },
        text,
      )
    reachable = next
  }
  if (reachable.includes(found.length)) return []
  return found.slice(Math.max(...reachable)).map((text) => ({ line: wanted.at(-1)?.line ?? line, command, expected: '', found: text }))
}

/** From the first difference on, line by line, so that a person sees both sides. */
const mismatchesFrom = ({ command, wanted, found, patterns }: Comparison, firstText: string): readonly Mismatch[] => {
  const mismatches: Mismatch[] = []
  for (const [index, { line, text }] of wanted.entries()) {
    const pattern = patterns[index]
    if (pattern === undefined) break
    const there = found[index]
    if (there !== undefined && pattern.test(there)) continue
    mismatches.push({ line, command, expected: text, found: there ?? '' })
  }
  if (!patterns.includes(undefined))
    for (const text of found.slice(wanted.length)) mismatches.push({ line: wanted.at(-1)?.line ?? 0, command, expected: '', found: text })
  return mismatches.length > 0 ? mismatches : [{ line: wanted[0]?.line ?? 0, command, expected: firstText, found: found[0] ?? '' }]
}
