/**
 * The turns of a log of the present form. A digest is that of all bytes before its line, so the last one of a piece is enough to believe the
 * piece; only when it is wrong are the others looked at, to name the turn that was changed.
 */
import * as E from 'fp-ts/lib/Either.js'
import { ClusterEvent, type RecordedEvent } from '@statefold/core'
import { guardOf } from './codec-guard.js'
import {
  actorFields,
  DigestCodec,
  digestDigits,
  factOf,
  FirstLineCodec,
  FooterCodec,
  FurtherLineCodec,
  withoutEnvelope,
  type LogFooter,
  type LogHeader,
} from './log-file.js'
import {
  changedTurn,
  contradictionOf,
  linesOf,
  strangeEvent,
  type BodyReader,
  type LogEnd,
  type LogProblem,
  type LogVisitor,
  type ReadOptions,
} from './log-body.js'
import { isAt, lineFeed, patternOf, textOf } from './line-bytes.js'
import { isRecord } from './upcast.js'

// Guards have the answers of the codecs they are made from.
const isFirstLine = guardOf(FirstLineCodec)
const isFurtherLine = guardOf(FurtherLineCodec)
const isDigest = guardOf(DigestCodec)
const isFooter = guardOf(FooterCodec)
const isClusterEvent = guardOf(ClusterEvent)

/** A line as it was parsed: the fields of an event line and of a digest line, none of them sure to be there. */
interface Line {
  readonly seq?: number
  readonly turn?: number
  readonly at?: number
  readonly by?: number | null
  readonly actor?: string
  readonly kind?: string
  readonly controller?: string
  readonly component?: string
  readonly received?: boolean
  readonly digest?: string
}

const digestMark = patternOf('{"digest":')

/** Where the last whole digest line begins; -1 if there is none. */
const lastDigestLine = (bytes: Uint8Array): number => {
  for (let end = bytes.lastIndexOf(lineFeed); end >= 0;) {
    const before = end === 0 ? -1 : bytes.lastIndexOf(lineFeed, end - 1)
    if (isAt(bytes, digestMark, before + 1)) return before + 1
    end = before
  }
  return -1
}

const joined = (pieces: readonly Uint8Array[]): Uint8Array => {
  const [first] = pieces
  if (first !== undefined && pieces.length === 1) return first
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isLine = (value: unknown): value is Line => isRecord(value)

/** The values of whole lines, one each; undefined if they cannot be read. One call for many lines costs less than one for each. */
const valuesOf = (lines: string): readonly unknown[] | undefined => {
  const values = parsed(`[${lines.slice(0, -1).replaceAll('\n', ',')}]`)
  return Array.isArray(values) ? values : undefined
}

export const turnReader = (
  _header: LogHeader,
  headerLine: string,
  visitor: LogVisitor,
  { sha256, decode = true }: ReadOptions,
): BodyReader => {
  const hash = sha256.start()
  hash.add(headerLine)
  /** The hash as it was where `held` begins. */
  let believed = hash.copy()
  /** What follows the last digest line so far. */
  let held: Uint8Array[] = []
  /** The number of the last line that is believed. */
  let number = 1
  let digest = hash.digest()
  let events = 0
  let turns = 0
  let at = 0
  let footer: LogFooter | undefined

  const refuse = (line: number, message: string): LogProblem => ({
    kind: 'damaged',
    line,
    message: `line ${line}: ${message}`,
  })
  const unreadable = (line: number, seq: number): LogProblem =>
    refuse(line, `is not JSON; expected event ${seq}, or the digest of the turn before it: the log is damaged`)
  const neither = (line: number): LogProblem => refuse(line, 'is neither an event, nor a digest, nor the end')

  /** The digest of these lines is wrong (or there is none): which turn is it, and what can be said of it? */
  const locate = (text: string): LogProblem => {
    const trail = believed.copy()
    let line = number
    let from = number + 1
    let seq = events
    let first: number | undefined
    let last: number | undefined
    let turn: number | undefined
    for (const piece of linesOf(text)) {
      line += 1
      const value = parsed(piece)
      if (value === undefined) return unreadable(line, seq)
      if (isDigest(value)) {
        const said = value as Line & { readonly digest: string }
        const computed = trail.digest().slice(0, digestDigits)
        if (computed !== said.digest)
          return { kind: 'damaged', line: from, message: changedTurn([from, line], turn, [first, last], [computed, said.digest]) }
        from = line + 1
        first = undefined
      } else if (isLine(value) && value.seq !== undefined) {
        first ??= value.seq
        turn = value.turn ?? turn
        last = value.seq
        seq += 1
      } else return neither(line)
      trail.add(piece)
    }
    return refuse(line, 'the log is damaged')
  }

  /** Hands out turns whose digest is right. */
  const deliver = (values: readonly unknown[]): LogProblem | undefined => {
    const wantsTurns = visitor.turn !== undefined
    let pending: RecordedEvent<ClusterEvent>[] = []
    let turn = -1
    let by: number | null = null
    let actor = ''
    let begun = false
    let received: object | undefined
    for (let index = 0; index < values.length; index += 1) {
      const line = values[index] as Line
      number += 1
      if (!isLine(line)) return neither(number)
      const { kind } = line
      if (kind !== undefined) {
        if (!(begun ? isFurtherLine(line) : isFirstLine(line))) return neither(number)
        if (line.turn !== undefined) turn = line.turn
        if (line.at !== undefined) at = line.at
        if (line.by !== undefined) by = line.by
        if (line.actor !== undefined) actor = line.actor
        const actorField = actorFields[kind]
        // The line was parsed here and is nobody else's.
        if (actorField !== undefined && line[actorField] === undefined)
          (line as { controller?: string; component?: string })[actorField] = actor
        if (line.received === true) Object.assign(line, received)
        if (line.seq !== events) return refuse(number, `event ${line.seq ?? '?'} follows event ${events - 1}`)
        if (decode && !isClusterEvent(line)) return strangeEvent(number, events, kind)
        received = factOf(line as unknown as ClusterEvent)
        begun = true
        if (wantsTurns)
          pending.push({ seq: events, turn, at, causedBy: by, actor, event: withoutEnvelope(line as unknown as ClusterEvent) })
        events += 1
      } else if (isDigest(line)) {
        if (!begun) return neither(number)
        turns += 1
        begun = false
        if (wantsTurns) {
          visitor.turn?.(pending)
          pending = []
        }
      } else return isFooter(line) ? refuse(number + 1, 'something follows the end of the log') : neither(number)
    }
    return undefined
  }

  const parseAndDeliver = (lines: string): LogProblem | undefined => {
    const values = valuesOf(lines)
    return values === undefined ? locate(lines) : deliver(values)
  }

  const handOn = (taker: NonNullable<LogVisitor['lines']>, lines: Uint8Array): LogProblem | undefined => {
    const taken = taker(lines, number)
    if (E.isLeft(taken)) return taken.left
    events += taken.right.events
    turns += taken.right.turns
    number += taken.right.events + taken.right.turns
    at = taken.right.at
    return undefined
  }

  return {
    take: (lines) => {
      const from = lastDigestLine(lines)
      if (from < 0) {
        hash.add(lines)
        held.push(new Uint8Array(lines))
        return undefined
      }
      const end = lines.indexOf(lineFeed, from) + 1
      hash.add(lines.subarray(0, from))
      const computed = hash.digest()
      const whole = joined([...held, lines.subarray(0, end)])
      const said = parsed(textOf(lines, from, end))
      if (!isDigest(said) || (said as Line).digest !== computed.slice(0, digestDigits)) return locate(textOf(whole))
      const problem = visitor.lines === undefined ? parseAndDeliver(textOf(whole)) : handOn(visitor.lines, whole)
      if (problem !== undefined) return problem
      digest = computed
      hash.add(lines.subarray(from, end))
      believed = hash.copy()
      held = []
      if (end < lines.length) {
        const rest = lines.subarray(end)
        hash.add(rest)
        held.push(new Uint8Array(rest))
      }
      return undefined
    },
    finish: () => {
      const begins = number + 1
      let torn: LogEnd['torn']
      let seq = events
      const rest = joined(held)
      for (const line of linesOf(textOf(rest))) {
        number += 1
        if (footer !== undefined) return E.left(refuse(number, 'something follows the end of the log'))
        // A log that was cut off ends within a line: a whole line that cannot be read was changed.
        if (!line.endsWith('\n')) {
          torn = { line: begins, bytes: rest.length, message: 'ends without a line feed' }
          continue
        }
        const value = parsed(line)
        if (value === undefined) return E.left(unreadable(number, seq))
        if (isLine(value) && value.kind !== undefined && value.seq !== undefined) {
          seq += 1
          torn = { line: begins, bytes: rest.length, message: 'the turn has no digest line' }
        } else if (isFooter(value) && number === begins) {
          footer = value as LogFooter
        } else return E.left(neither(number))
      }
      const contradiction = footer === undefined ? undefined : contradictionOf(footer, events, turns, at)
      if (contradiction !== undefined) return E.left(refuse(number, contradiction))
      return E.right({ events, turns, digest, footer, torn })
    },
  }
}
