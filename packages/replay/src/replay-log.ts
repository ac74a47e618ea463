/** Replay: folds a log. No decisions, no draws. */
import * as E from 'fp-ts/lib/Either.js'
import { initialState, reduce, type ClusterEvent, type ClusterState, type RecordedEvent } from '@statefold/core'
import { withoutEnvelope, type LogHeader } from './log-file.js'
import type { LogEnd, LogProblem, LogVisitor, ReadOptions } from './log-body.js'
import { readLog, type LogPiece } from './read-log.js'

export interface Replayed {
  readonly header: LogHeader
  readonly state: ClusterState
  readonly at: number
  readonly end: LogEnd
}

export interface ReplayOptions extends ReadOptions {
  /** Stop after this event (the whole log is still checked). */
  readonly untilSeq?: number
  /** Called with each event and the state after it. */
  readonly onEvent?: (recorded: RecordedEvent<ClusterEvent>, after: ClusterState) => void
}

export const replayLog = (pieces: Iterable<LogPiece>, options: ReplayOptions): E.Either<LogProblem, Replayed> => {
  let header: LogHeader | undefined
  let state: ClusterState | undefined
  let at = 0
  const until = options.untilSeq ?? Number.MAX_SAFE_INTEGER
  const { onEvent } = options
  const takesHeader: Pick<LogVisitor, 'header'> = {
    header: (found) => {
      header = found
      state = initialState(found.settings)
    },
  }
  const folds: LogVisitor =
    onEvent === undefined
      ? {
          ...takesHeader,
          event: (event, time, seq) => {
            if (state === undefined || seq > until) return
            // Reducing takes from an event what it needs; only these the state keeps as they are.
            state = reduce(state, event.kind === 'ApiFaultSet' ? withoutEnvelope(event) : event, time)
            at = time
          },
        }
      : {
          ...takesHeader,
          turn: (events) => {
            for (const recorded of events) {
              if (state === undefined || recorded.seq > until) return
              state = reduce(state, recorded.event, recorded.at)
              at = recorded.at
              onEvent(recorded, state)
            }
          },
        }
  const read = readLog(pieces, folds, options)
  if (E.isLeft(read)) return read
  if (header === undefined || state === undefined) return E.left({ kind: 'foreign', line: 1, message: 'the log has no header' })
  return E.right({ header, state, at, end: read.right })
}
