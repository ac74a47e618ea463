/** Replay: folds a log. No decisions, no draws. */
import * as E from 'fp-ts/lib/Either.js'
import { initialState, reduce, type ClusterEvent, type ClusterState, type RecordedEvent } from '@statefold/core'
import type { LogHeader } from './log-file.js'
import { readLog, type LogEnd, type LogProblem, type ReadOptions } from './read-log.js'

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

export const replayLog = (lines: Iterable<string>, options: ReplayOptions): E.Either<LogProblem, Replayed> => {
  let header: LogHeader | undefined
  let state: ClusterState | undefined
  let at = 0
  const until = options.untilSeq ?? Number.MAX_SAFE_INTEGER
  const { onEvent } = options
  const read = readLog(
    lines,
    {
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
    options,
  )
  if (E.isLeft(read)) return read
  if (header === undefined || state === undefined) return E.left({ line: 1, message: 'the log has no header' })
  return E.right({ header, state, at, end: read.right })
}
