/** Where two logs of one scenario part: the line, the event, and the fields that differ. */
import type { Json } from '@statefold/core'

export interface FieldDifference {
  /** A JSON pointer into the line. */
  readonly path: string
  readonly one: string
  readonly other: string
}

export interface LogDifference {
  /** From 1, in the file. */
  readonly line: number
  /** Undefined where the line is no event: the header, the end, or what is shown to people. */
  readonly seq: number | undefined
  /** What the line is about, in words. */
  readonly about: string
  readonly fields: readonly FieldDifference[]
}

const fieldsShown = 5
const charactersShown = 100

const shown = (value: Json | undefined): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > charactersShown ? `${text.slice(0, charactersShown - 1)}…` : text
}

const isRecord = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

/** All fields that differ, in the order of the first line; where only the order of keys differs, that. */
const fieldsThatDiffer = (one: Json | undefined, other: Json | undefined, path = ''): readonly FieldDifference[] => {
  if (isRecord(one) && isRecord(other)) {
    const keys = [...Object.keys(one), ...Object.keys(other).filter((key) => !Object.hasOwn(one, key))]
    const found = keys.flatMap((key) =>
      fieldsThatDiffer(
        Object.hasOwn(one, key) ? one[key] : undefined,
        Object.hasOwn(other, key) ? other[key] : undefined,
        `${path}/${escaped(key)}`,
      ),
    )
    const [left, right] = [Object.keys(one).join(', '), Object.keys(other).join(', ')]
    return found.length === 0 && left !== right ? [{ path, one: `keys in the order ${left}`, other: `keys in the order ${right}` }] : found
  }
  if (Array.isArray(one) && Array.isArray(other))
    return Array.from({ length: Math.max(one.length, other.length) }, (_, index) => index).flatMap((index) =>
      fieldsThatDiffer(one[index], other[index], `${path}/${index}`),
    )
  return JSON.stringify(one) === JSON.stringify(other) ? [] : [{ path, one: shown(one), other: shown(other) }]
}

const parsed = (line: string | undefined): Json | undefined => {
  if (line === undefined) return undefined
  try {
    return JSON.parse(line) as Json
  } catch {
    return line
  }
}

/** What a Secret holds is not for reports. */
export const isAboutSecret = (line: string | undefined): boolean =>
  line !== undefined && /"(?:kind":"Secret"|object":"Secret\/|on":"Secret\/)/.test(line)

const words = (value: Json | undefined): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null))

/** An event's line says of its envelope only what is different from the line before it; the first of a turn says all. */
const envelopeAt = (lines: readonly string[], index: number): { readonly [field: string]: Json } => {
  let found: { readonly [field: string]: Json } = {}
  for (let at = index; at >= 0; at -= 1) {
    const line = parsed(lines[at])
    if (!isRecord(line) || line['seq'] === undefined) return found
    found = { ...line, ...found }
    if (line['turn'] !== undefined) return found
  }
  return found
}

const placeOf = (lines: readonly string[], index: number, place: string): { readonly seq: number | undefined; readonly about: string } => {
  const line = parsed(lines[index])
  if (!isRecord(line)) return { seq: undefined, about: place }
  const { seq, kind } = line
  if (typeof seq === 'number' && typeof kind === 'string') {
    const { turn, at, actor } = envelopeAt(lines, index)
    return { seq, about: `event ${seq} (${kind} by ${words(actor)}, turn ${words(turn)}, ${words(at)} ms)` }
  }
  if (line['format'] !== undefined) return { seq: undefined, about: 'the header' }
  if (line['digest'] !== undefined) return { seq: undefined, about: `the digest of turn ${words(line['turn'])}` }
  return { seq: undefined, about: line['end'] === true ? 'the end' : place }
}

const firstLine = (one: readonly string[], other: readonly string[]): number => {
  const length = Math.max(one.length, other.length)
  for (let index = 0; index < length; index += 1) if (one[index] !== other[index]) return index
  return -1
}

/** `place`: what a line is that is no part of a log. */
export const compareTexts = (one: string, other: string, place: string): LogDifference | undefined => {
  if (one === other) return undefined
  const [left, right] = [one.split('\n'), other.split('\n')]
  const index = firstLine(left, right)
  const [a, b] = [left[index], right[index]]
  const [first, second] = [parsed(a), parsed(b)]
  const fields =
    isAboutSecret(a) || isAboutSecret(b)
      ? [{ path: '', one: 'something about a Secret', other: 'something else about it' }]
      : isRecord(first) && isRecord(second)
        ? fieldsThatDiffer(first, second)
        : [{ path: '', one: shown(a ?? undefined), other: shown(b ?? undefined) }]
  return { line: index + 1, ...placeOf(a === undefined ? right : left, index, place), fields: fields.slice(0, fieldsShown) }
}
