/** What reading a log is about, whatever its version: who takes the lines, what is found, and the sentences for what is wrong. */
import type * as E from 'fp-ts/lib/Either.js'
import type { ClusterEvent, RecordedEvent, Sha256 } from '@statefold/core'
import type { LogFooter, LogHeader } from './log-file.js'

export interface LogProblem {
  /** `damaged`: a log that is not as it was written. `foreign`: no log, or one of a version that this program does not read. */
  readonly kind: 'damaged' | 'foreign'
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
  readonly turn?: (events: readonly RecordedEvent<ClusterEvent>[]) => void
  /** Whole, checked turns as bytes, for who reads the lines himself (logs of the present version only; `number` is that of the line before). */
  readonly lines?: (lines: Uint8Array, number: number) => E.Either<LogProblem, ReadTurns>
}

export interface ReadTurns {
  readonly events: number
  readonly turns: number
  /** The time of the last event. */
  readonly at: number
}

export interface ReadOptions {
  readonly sha256: Sha256
  /** Check every event against its codec (default true). Replaying trusts the digest and needs it only for logs of unknown origin. */
  readonly decode?: boolean
}

/** Takes what follows the header line, piece by piece. */
export interface BodyReader {
  readonly take: (lines: Uint8Array) => LogProblem | undefined
  readonly finish: () => E.Either<LogProblem, LogEnd>
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

/** The sentence for an end that does not fit what was read. */
export const contradictionOf = (footer: LogFooter, events: number, turns: number, at: number): string | undefined =>
  footer.events === events && footer.turns === turns && footer.at === at
    ? undefined
    : `the end speaks of ${footer.events} events in ${footer.turns} turns until ${footer.at} ms, there are ${events} in ${turns} until ${at} ms`

export const changedTurn = (
  lines: readonly [number, number],
  turn: number | undefined,
  events: readonly [number | undefined, number | undefined],
  digests: readonly [string, string],
): string =>
  `lines ${lines[0]} to ${lines[1]}: turn ${turn ?? '?'} (events ${events[0] ?? '?'} to ${events[1] ?? '?'}) has been changed: its digest is ${digests[0].slice(0, 12)}…, recorded was ${digests[1].slice(0, 12)}…`

/** An event of a turn that is as it was written, but not of this program. */
export const strangeEvent = (line: number, seq: number, kind: string): LogProblem => ({
  kind: 'foreign',
  line,
  message: `line ${line}: event ${seq} (${kind}) is not one that this version knows, or its fields are not right`,
})
