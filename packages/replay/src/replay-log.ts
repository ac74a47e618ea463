/** Replay: folds a log. No decisions, no draws. */
import * as E from 'fp-ts/lib/Either.js'
import { initialState, reduce, type ClusterEvent, type ClusterState, type RecordedEvent } from '@statefold/core'
import { lineFold, type LineFold } from './fold-lines.js'
import { logVersion, type LogHeader } from './log-file.js'
import type { LogEnd, LogProblem, LogVisitor, ReadOptions } from './log-body.js'
import { readLog, type LogPiece } from './read-log.js'

export interface Replayed {
  readonly header: LogHeader
  readonly state: ClusterState
  readonly at: number
  readonly end: LogEnd
}

export interface ReplayOptions {
  readonly sha256: ReadOptions['sha256']
  /**
   * Look at every event, and check it against its codec. Otherwise (the default) the digests vouch for the lines, and what happened to Pods that
   * are gone in the end is not looked into; the state is the same.
   */
  readonly decode?: boolean
  /** Stop after this event (the whole log is still checked). */
  readonly untilSeq?: number
  /** Called with each event and the state after it. */
  readonly onEvent?: (recorded: RecordedEvent<ClusterEvent>, after: ClusterState) => void
}

interface Fold {
  readonly visit: LogVisitor
  readonly finish: () => E.Either<LogProblem, { readonly header: LogHeader; readonly state: ClusterState; readonly at: number }>
}

const noHeader: LogProblem = { kind: 'foreign', line: 1, message: 'the log has no header' }

/** Event by event. */
const foldEvents = (until: number, onEvent: ReplayOptions['onEvent']): Fold => {
  let header: LogHeader | undefined
  let state: ClusterState | undefined
  let at = 0
  return {
    visit: {
      header: (found) => {
        header = found
        state = initialState(found.settings)
      },
      turn: (events) => {
        for (const recorded of events) {
          if (state === undefined || recorded.seq > until) return
          state = reduce(state, recorded.event, recorded.at)
          at = recorded.at
          onEvent?.(recorded, state)
        }
      },
    },
    finish: () => (header === undefined || state === undefined ? E.left(noHeader) : E.right({ header, state, at })),
  }
}

/** Only what matters in the end; a log of an older version event by event. */
const foldLines = (until: number): Fold => {
  const events = foldEvents(until, undefined)
  let header: LogHeader | undefined
  let lines: LineFold | undefined
  return {
    visit: {
      ...events.visit,
      header: (found) => {
        header = found
        if (found.version < logVersion) events.visit.header(found)
        else lines = lineFold(found.settings, until)
      },
      lines: (taken, number) => (lines === undefined ? E.left(noHeader) : lines.take(taken, number)),
    },
    finish: () => {
      const found = header
      if (found === undefined || lines === undefined) return events.finish()
      return E.map((folded: { readonly state: ClusterState; readonly at: number }) => ({ header: found, ...folded }))(lines.finish())
    },
  }
}

export const replayLog = (pieces: Iterable<LogPiece>, options: ReplayOptions): E.Either<LogProblem, Replayed> => {
  const until = options.untilSeq ?? Number.MAX_SAFE_INTEGER
  const fold = options.onEvent === undefined && options.decode !== true ? foldLines(until) : foldEvents(until, options.onEvent)
  const { sha256, decode = true } = options
  const end = readLog(pieces, fold.visit, { sha256, decode })
  if (E.isLeft(end)) return end
  const folded = fold.finish()
  return E.isLeft(folded) ? folded : E.right({ ...folded.right, end: end.right })
}
