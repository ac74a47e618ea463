/** Logs as users name them: `run.ndjson`, `run.ndjson@412` for its state after event 412, `run.ndjson@1m30s` for its state then. */
import * as E from 'fp-ts/lib/Either.js'
import type { ClusterEvent, ClusterState, RecordedEvent } from '@statefold/core'
import { parseDuration } from '@statefold/scenarios'
import { replayLog, type LogEnd, type LogHeader } from '@statefold/replay'
import { fileLines, filePieces, LineTooLong, nodeSha256 } from '@statefold/replay/node'
import { badInput, exitCodes, fileProblem, Stop } from './exit-codes.js'
import type { Output } from './output.js'

export interface ReadLog {
  readonly path: string
  readonly header: LogHeader
  readonly events: readonly RecordedEvent<ClusterEvent>[]
  readonly state: ClusterState
  /** Simulated time of `state`. */
  readonly at: number
  readonly end: LogEnd
}

export interface LogPlace {
  readonly path: string
  /** Undefined: the end. */
  readonly place: { readonly seq: number } | { readonly at: number } | undefined
}

export const parseLogPlace = (written: string): LogPlace => {
  const [, path, place = ''] = /^(.+)@(\d[^@]*)$/.exec(written) ?? []
  if (path === undefined) return { path: written, place: undefined }
  if (/^\d+$/.test(place)) return { path, place: { seq: Number(place) } }
  const at = parseDuration(place)
  return at === undefined ? { path: written, place: undefined } : { path, place: { at } }
}

export interface LogReading {
  readonly untilSeq?: number
  /** Check every event against its codec, not only the digests. */
  readonly decode?: boolean
  /** Keep the events (default true). */
  readonly keep?: boolean
}

const isFileError = (error: unknown): boolean => typeof error === 'object' && error !== null && 'code' in error && 'syscall' in error

/** Damage ends the subcommand with the line and event; a torn end is told in one sentence. */
export const readLogFile = (path: string, output: Output, { untilSeq, decode = true, keep = true }: LogReading = {}): ReadLog => {
  const events: RecordedEvent<ClusterEvent>[] = []
  let read: ReturnType<typeof replayLog>
  try {
    read = replayLog(filePieces(path), {
      sha256: nodeSha256,
      decode,
      ...(untilSeq === undefined ? undefined : { untilSeq }),
      ...(keep ? { onEvent: (recorded: RecordedEvent<ClusterEvent>) => events.push(recorded) } : undefined),
    })
  } catch (error) {
    if (isFileError(error)) throw fileProblem(path, error)
    if (error instanceof LineTooLong) throw badInput(error.message)
    throw error
  }
  // A log whose bytes are not those that were written is not the same run: exit 3. What is no log, or one of another version, is bad input.
  if (E.isLeft(read))
    throw new Stop(
      read.left.kind === 'damaged' ? exitCodes.notDeterministic : exitCodes.badInput,
      `${path}:${read.left.line}: ${read.left.message}`,
    )
  const { header, state, at, end } = read.right
  if (end.torn !== undefined)
    output.note(
      `${path}: the run was cut off while it wrote turn ${end.turns} (line ${end.torn.line}); this is the log up to its last whole turn\n`,
    )
  if (untilSeq !== undefined && untilSeq >= end.events) throw badInput(`${path}@${untilSeq}: the log has events 0 to ${end.events - 1}`)
  return { path, header, events, state, at, end }
}

/** `412` is a turn, `1m30s` a time. */
export type Moment = { readonly kind: 'turn'; readonly turn: number } | { readonly kind: 'time'; readonly at: number }

export const parseMoment = (written: string): Moment | undefined => {
  if (/^\d+$/.test(written)) return { kind: 'turn', turn: Number(written) }
  const at = parseDuration(written)
  return at === undefined ? undefined : { kind: 'time', at }
}

/** The last turn that had ended at that moment. */
export const turnAt = ({ events, path }: ReadLog, moment: Moment): number => {
  const last = events.at(-1)
  if (last === undefined) throw badInput(`${path}: the log has no events`)
  if (moment.kind === 'turn') {
    if (moment.turn > last.turn) throw badInput(`${path}: turn ${moment.turn} is not in the log; it has turns 0 to ${last.turn}`)
    return moment.turn
  }
  return events.findLast(({ at }) => at <= moment.at)?.turn ?? 0
}

/** Is this file a log? Told from its first line. */
export const isLogFile = (path: string): boolean => {
  try {
    for (const line of fileLines(path)) return line.startsWith('{"format":"statefold-log"')
  } catch {
    // Not a readable file: whoever reads it next says why.
  }
  return false
}

/** The state of a log at a place in it. Before its first event there is nothing. */
export const readLogAt = ({ path, place }: LogPlace, output: Output): ReadLog => {
  if (place === undefined) return readLogFile(path, output, { decode: false, keep: false })
  if ('seq' in place) return readLogFile(path, output, { decode: false, keep: false, untilSeq: place.seq })
  const { events } = readLogFile(path, output, { decode: false })
  const last = events.findLast(({ at }) => at <= place.at)
  return readLogFile(path, output, { decode: false, keep: false, untilSeq: last?.seq ?? 0 })
}
