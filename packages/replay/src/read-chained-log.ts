/** Logs of versions 0 and 1: each event stood in a field of its line, and each digest was that of the digest before it and the turn's lines. */
import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { ClusterEvent, type RecordedEvent } from '@statefold/core'
import { guardOf } from './codec-guard.js'
import { textOf } from './line-bytes.js'
import { TurnDigestCodec, FooterCodec, NestedLineCodec, type LogFooter, type LogHeader } from './log-file.js'
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
import { upcastEvent } from './upcast.js'

// Guards have the answers of the codecs they are made from.
const isNestedLine = guardOf(NestedLineCodec) as (value: unknown) => value is t.TypeOf<typeof NestedLineCodec>
const isDigest = guardOf(TurnDigestCodec) as (value: unknown) => value is t.TypeOf<typeof TurnDigestCodec>
const isClusterEvent = guardOf(ClusterEvent) as (value: unknown) => value is ClusterEvent

const parseLine = (text: string): E.Either<string, unknown> => {
  try {
    return E.right(JSON.parse(text))
  } catch {
    return E.left('is not JSON')
  }
}

export const chainedReader = (
  header: LogHeader,
  headerLine: string,
  visitor: LogVisitor,
  { sha256, decode = true }: ReadOptions,
): BodyReader => {
  let number = 1
  let digest = sha256(`${'0'.repeat(64)}\n${headerLine}`)
  let pending: RecordedEvent<ClusterEvent>[] = []
  let pendingText = ''
  let pendingFrom = 0
  let events = 0
  let turns = 0
  let at = 0
  let footer: LogFooter | undefined
  let cut: LogEnd['torn']
  /** An event that cannot be decoded: unknown if its turn is as it was written, changed if not. */
  let strange: LogProblem | undefined
  const refuse = (message: string): LogProblem => ({ kind: 'damaged', line: number, message: `line ${number}: ${message}` })
  const torn = (message: string): LogEnd['torn'] => ({ line: pendingFrom === 0 ? number : pendingFrom, bytes: pendingText.length, message })

  const takeDigest = (value: t.TypeOf<typeof TurnDigestCodec>): LogProblem | undefined => {
    const computed = sha256(`${digest}\n${pendingText}`)
    const first = pending[0]
    if (computed !== value.digest)
      return {
        kind: 'damaged',
        line: pendingFrom,
        message: changedTurn([pendingFrom, number], value.turn, [first?.seq, pending.at(-1)?.seq], [computed, value.digest]),
      }
    if (first !== undefined && first.turn !== value.turn)
      return refuse(
        `the digest names turn ${value.turn}, its events ${first.seq} to ${pending.at(-1)?.seq ?? '?'} are of turn ${first.turn}`,
      )
    if (first !== undefined && first.seq !== events) return refuse(`event ${first.seq} follows event ${events - 1}`)
    if (strange !== undefined) return strange
    digest = computed
    events += pending.length
    turns += 1
    at = first?.at ?? at
    visitor.turn?.(pending)
    pending = []
    pendingText = ''
    return undefined
  }

  const takeLine = (line: string): LogProblem | undefined => {
    number += 1
    if (cut !== undefined)
      return { kind: 'damaged', line: cut.line, message: `line ${cut.line}: ${cut.message}, and whole turns follow it: the log is damaged` }
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
      return undefined
    }
    const value = parsed.right
    if (isNestedLine(value)) {
      const event = upcastEvent(value.event, header.version)
      if (decode && strange === undefined && !isClusterEvent(event)) strange = strangeEvent(number, value.seq, value.event.kind)
      // The codec has said so, or the digest will.
      pending.push({ seq: value.seq, turn: value.turn, at: value.at, causedBy: value.by, actor: value.actor, event: event as ClusterEvent })
      pendingText += line
      return undefined
    }
    if (isDigest(value)) return takeDigest(value)
    if (FooterCodec.is(value) && pending.length === 0) {
      footer = value
      return undefined
    }
    return refuse('is neither an event, nor a digest, nor the end')
  }

  return {
    take: (lines) => {
      for (const line of linesOf(textOf(lines))) {
        const problem = takeLine(line)
        if (problem !== undefined) return problem
      }
      return undefined
    },
    finish: () => {
      const contradiction = footer === undefined ? undefined : contradictionOf(footer, events, turns, at)
      if (contradiction !== undefined) return E.left(refuse(contradiction))
      if (cut === undefined && pendingText !== '') cut = torn('the turn has no digest line')
      return E.right({ events, turns, digest, footer, torn: cut })
    },
  }
}
