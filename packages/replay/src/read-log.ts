/**
 * Reads a log line by line and checks it: only what follows the last whole turn may be cut off as torn; a whole turn whose digest is wrong is
 * refused by line and event. Pure: the bytes come from a port.
 */
import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { chainDigest, ClusterEvent, digestStart, type RecordedEvent, type Sha256 } from '@statefold/core'
import { guardOf } from './codec-guard.js'
import { DigestCodec, EnvelopeCodec, FooterCodec, HeaderCodec, type LogFooter, type LogHeader } from './log-file.js'
import { upcastEvent, upcastHeader } from './upcast.js'

export interface LogProblem {
  /** From 1. */
  readonly line: number
  readonly message: string
}

export interface LogEnd {
  readonly events: number
  readonly turns: number
  /** The digest after the last whole turn. */
  readonly digest: string
  readonly footer: LogFooter | undefined
  /** What was cut off after the last whole turn, if anything. */
  readonly torn: { readonly line: number; readonly bytes: number; readonly message: string } | undefined
}

export interface LogVisitor {
  readonly header: (header: LogHeader) => void
  /** The events of one whole, checked turn. */
  readonly turn: (events: readonly RecordedEvent<ClusterEvent>[]) => void
}

export interface ReadOptions {
  readonly sha256: Sha256
  /** Check every event against its codec (default true). Replaying trusts the digest and needs it only for logs of unknown origin. */
  readonly decode?: boolean
}

// Guards have the answers of the codecs they are made from.
const isEnvelope = guardOf(EnvelopeCodec) as (value: unknown) => value is t.TypeOf<typeof EnvelopeCodec>
const isDigest = guardOf(DigestCodec) as (value: unknown) => value is t.TypeOf<typeof DigestCodec>
const isClusterEvent = guardOf(ClusterEvent) as (value: unknown) => value is ClusterEvent

const parseLine = (text: string): E.Either<string, unknown> => {
  try {
    return E.right(JSON.parse(text))
  } catch {
    return E.left('is not JSON')
  }
}

const readHeader = (text: string): E.Either<LogProblem, LogHeader> => {
  const parsed = parseLine(text)
  if (E.isLeft(parsed)) return E.left({ line: 1, message: `line 1 ${parsed.left}; expected the header of a statefold log` })
  const upcast = upcastHeader(parsed.right)
  if (E.isLeft(upcast)) return E.left({ line: 1, message: upcast.left })
  const decoded = HeaderCodec.decode(upcast.right)
  if (E.isLeft(decoded))
    return E.left({ line: 1, message: 'line 1 is not the header of a statefold log: expected {"format":"statefold-log","version":…}' })
  // The settings are ours: what the codec lets through is what a run wrote.
  return E.right(decoded.right as unknown as LogHeader)
}

/** `lines` are the file's lines with their line feeds; the last may lack it. */
export const readLog = (
  lines: Iterable<string>,
  visitor: LogVisitor,
  { sha256, decode = true }: ReadOptions,
): E.Either<LogProblem, LogEnd> => {
  let number = 0
  let header: LogHeader | undefined
  let digest = digestStart
  let pending: RecordedEvent<ClusterEvent>[] = []
  let pendingText = ''
  let pendingFrom = 0
  let events = 0
  let turns = 0
  let at = 0
  let footer: LogFooter | undefined
  const refuse = (message: string): E.Either<LogProblem, LogEnd> => E.left({ line: number, message: `line ${number}: ${message}` })
  const torn = (message: string): LogEnd['torn'] => ({ line: pendingFrom === 0 ? number : pendingFrom, bytes: pendingText.length, message })
  let cut: LogEnd['torn']
  for (const line of lines) {
    number += 1
    if (header === undefined) {
      const read = readHeader(line)
      if (E.isLeft(read)) return read
      header = read.right
      digest = chainDigest(sha256, digest, line)
      visitor.header(header)
      continue
    }
    if (cut !== undefined)
      return E.left({ line: cut.line, message: `line ${cut.line}: ${cut.message}, and whole turns follow it: the log is damaged` })
    if (footer !== undefined) return refuse('something follows the end of the log')
    if (pendingText === '') pendingFrom = number
    // A log that was cut off ends within a line: a whole line that cannot be read was changed.
    const whole = line.endsWith('\n')
    const parsed = parseLine(line)
    if (whole && E.isLeft(parsed))
      return refuse(`${parsed.left}; expected event ${events + pending.length}, or the digest of the turn before it: the log is damaged`)
    if (!whole || E.isLeft(parsed)) {
      pendingText += line
      cut = torn('ends without a line feed')
      continue
    }
    const value = parsed.right
    if (isEnvelope(value)) {
      const event = upcastEvent(value.event, header.version)
      if (decode && !isClusterEvent(event))
        return refuse(`event ${value.seq} (${value.event.kind}) is not one that this version knows, or its fields are not right`)
      // The codec has said so, or the digest will.
      pending.push({ seq: value.seq, turn: value.turn, at: value.at, causedBy: value.by, actor: value.actor, event: event as ClusterEvent })
      pendingText += line
      continue
    }
    if (isDigest(value)) {
      const computed = chainDigest(sha256, digest, pendingText)
      const first = pending[0]
      if (computed !== value.digest)
        return E.left({
          line: pendingFrom,
          message: `lines ${pendingFrom} to ${number}: turn ${value.turn} (events ${first?.seq ?? '?'} to ${pending.at(-1)?.seq ?? '?'}) has been changed: its digest is ${computed.slice(0, 12)}…, recorded was ${value.digest.slice(0, 12)}…`,
        })
      if (first !== undefined && first.turn !== value.turn)
        return refuse(
          `the digest names turn ${value.turn}, its events ${first.seq} to ${pending.at(-1)?.seq ?? '?'} are of turn ${first.turn}`,
        )
      if (first !== undefined && first.seq !== events) return refuse(`event ${first.seq} follows event ${events - 1}`)
      digest = computed
      events += pending.length
      turns += 1
      at = first?.at ?? at
      visitor.turn(pending)
      pending = []
      pendingText = ''
      continue
    }
    if (FooterCodec.is(value) && pending.length === 0) {
      footer = value
      continue
    }
    return refuse('is neither an event, nor a digest, nor the end')
  }
  if (header === undefined) return E.left({ line: 1, message: 'the file is empty; expected the header of a statefold log' })
  if (footer !== undefined && (footer.events !== events || footer.turns !== turns || footer.at !== at))
    return E.left({
      line: number,
      message: `line ${number}: the end speaks of ${footer.events} events in ${footer.turns} turns until ${footer.at} ms, there are ${events} in ${turns} until ${at} ms`,
    })
  if (cut === undefined && pendingText !== '') cut = torn('the turn has no digest line')
  return E.right({ events, turns, digest, footer, torn: cut })
}

/** Splits text into lines that keep their line feeds. */
export function* linesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    const feed = text.indexOf('\n', from)
    const end = feed < 0 ? text.length : feed + 1
    yield text.slice(from, end)
    from = end
  }
}
