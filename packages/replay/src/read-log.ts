/**
 * Reads a log and checks it: only what follows the last whole turn may be cut off as torn; a whole turn whose digest is wrong is refused by line
 * and event, before anybody sees it. Pure: the bytes come from a port, in pieces of whole lines; the digest of the last turn in a piece vouches
 * for all before it, so a piece is hashed, checked and parsed at once.
 */
import * as E from 'fp-ts/lib/Either.js'
import { utf8Bytes } from '@statefold/core'
import { lineFeed, textOf } from './line-bytes.js'
import type { BodyReader, LogEnd, LogProblem, LogVisitor, ReadOptions } from './log-body.js'
import { HeaderCodec, type LogHeader } from './log-file.js'
import { chainedReader } from './read-chained-log.js'
import { turnReader } from './read-turns.js'
import { isFormat, isRecord, upcastHeader } from './upcast.js'

/** Some lines with their line feeds; only the last of a log may lack it. As text, or as its bytes in UTF-8, which are good until the next piece is asked for. */
export type LogPiece = string | Uint8Array

const parseLine = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A file whose second line is an event is a log, whatever has become of its first. */
const isEventLine = (text: string): boolean => {
  const line = parseLine(text)
  return isRecord(line) && typeof line['seq'] === 'number' && ('kind' in line || 'event' in line)
}

/** `next`: the line that follows, or nothing. */
const readHeader = (text: string, next: () => string): E.Either<LogProblem, LogHeader> => {
  const foreign = (message: string): E.Either<LogProblem, LogHeader> => E.left({ kind: 'foreign', line: 1, message })
  const refuse = (message: string): E.Either<LogProblem, LogHeader> =>
    isEventLine(next())
      ? E.left({ kind: 'damaged', line: 1, message: `${message}; events follow it: the log is damaged` })
      : foreign(message)
  const parsed = parseLine(text)
  if (parsed === undefined) return refuse('line 1 is not JSON; expected the header of a statefold log')
  const upcast = upcastHeader(parsed)
  if (E.isLeft(upcast)) return isFormat(parsed) ? foreign(upcast.left) : refuse(upcast.left)
  const decoded = HeaderCodec.decode(upcast.right)
  if (E.isLeft(decoded)) return refuse('line 1 is not the header of a statefold log: expected {"format":"statefold-log","version":…}')
  // The settings are ours: what the codec lets through is what a run wrote.
  return E.right(decoded.right as unknown as LogHeader)
}

/** Until version 1 digests were chained from turn to turn. */
const chainedUntil = 1

const bodyReader = (header: LogHeader, headerLine: string, visitor: LogVisitor, options: ReadOptions): BodyReader =>
  header.version <= chainedUntil ? chainedReader(header, headerLine, visitor, options) : turnReader(header, headerLine, visitor, options)

const firstLine = (bytes: Uint8Array): Uint8Array => {
  const feed = bytes.indexOf(lineFeed)
  return feed < 0 ? bytes : bytes.subarray(0, feed + 1)
}

const bytesOf = (piece: LogPiece): Uint8Array => (typeof piece === 'string' ? utf8Bytes(piece) : piece)

export const readLog = (pieces: Iterable<LogPiece>, visitor: LogVisitor, options: ReadOptions): E.Either<LogProblem, LogEnd> => {
  let body: BodyReader | undefined
  const iterator = pieces[Symbol.iterator]()
  const stop = (problem: LogProblem): E.Either<LogProblem, LogEnd> => {
    iterator.return?.()
    return E.left(problem)
  }
  for (let item = iterator.next(); item.done !== true; item = iterator.next()) {
    let lines = bytesOf(item.value)
    if (body === undefined) {
      const first = firstLine(lines)
      const headerLine = textOf(first)
      const rest = lines.subarray(first.length)
      const header = readHeader(headerLine, () => {
        if (rest.length > 0) return textOf(firstLine(rest))
        const following = iterator.next()
        return following.done === true ? '' : textOf(firstLine(bytesOf(following.value)))
      })
      if (E.isLeft(header)) return stop(header.left)
      visitor.header(header.right)
      body = bodyReader(header.right, headerLine, visitor, options)
      lines = rest
    }
    if (lines.length === 0) continue
    const problem = body.take(lines)
    if (problem !== undefined) return stop(problem)
  }
  if (body === undefined) return E.left({ kind: 'foreign', line: 1, message: 'the file is empty; expected the header of a statefold log' })
  return body.finish()
}
