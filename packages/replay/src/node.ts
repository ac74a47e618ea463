/** The part of this package that touches files: log files in chunks, and the platform's SHA-256. */
import { createHash, type Hash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readSync, renameSync, statSync, writeSync } from 'node:fs'
import type { RunningHash, Sha256 } from '@statefold/core'
import { linesOf } from './log-body.js'
import type { LogPiece } from './read-log.js'

const running = (hash: Hash): RunningHash => ({
  add: (piece) => {
    hash.update(piece)
  },
  digest: () => hash.copy().digest('hex'),
  copy: () => running(hash.copy()),
})

export const nodeSha256: Sha256 = Object.assign((text: string) => createHash('sha256').update(text).digest('hex'), {
  start: () => running(createHash('sha256')),
})

/** Large enough that V8 does not move the text about while lines of it are kept, small enough that what is parsed at once dies young. */
const pieceBytes = 512 * 1024
const lineFeed = 0x0a
/** The longest line of a log is its header, with a scenario of a few megabytes in it. A file without line feeds is no log. */
const lineBytesMax = 64 * 1024 * 1024

/** Such a line is not read: the file is not one of ours, and may have no end. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong'

  constructor(path: string) {
    super(`${path}: a line is longer than ${lineBytesMax / (1024 * 1024)} MiB; this is not a statefold log`)
  }
}

/**
 * A log file in pieces of whole lines (the last line may lack its line feed). The bytes are cut at line feeds before they are decoded, so that
 * no character is torn; a line longer than a piece makes the piece grow. A piece's bytes are good until the next is asked for. Throws what
 * the file system says.
 */
export function* filePieces(path: string): Generator<Exclude<LogPiece, string>> {
  const file = openSync(path, 'r')
  try {
    let buffer = Buffer.allocUnsafe(pieceBytes)
    let held = 0
    for (;;) {
      if (held >= lineBytesMax) throw new LineTooLong(path)
      if (held === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)])
      const read = readSync(file, buffer, held, buffer.length - held, null)
      const end = held + read
      if (read === 0) {
        if (held > 0) yield { text: buffer.toString('utf8', 0, held), bytes: buffer.subarray(0, held) }
        return
      }
      const cut = buffer.lastIndexOf(lineFeed, end - 1)
      if (cut < 0) {
        held = end
        continue
      }
      yield { text: buffer.toString('utf8', 0, cut + 1), bytes: buffer.subarray(0, cut + 1) }
      buffer.copyWithin(0, cut + 1, end)
      held = end - cut - 1
    }
  } finally {
    closeSync(file)
  }
}

/** The lines of a file, each with its line feed (the last may lack it). */
export function* fileLines(path: string): Generator<string> {
  for (const { text } of filePieces(path)) yield* linesOf(text)
}

export interface LogFile {
  /** Whole turns only: what is appended ends with a digest line (or is the header or the footer). */
  readonly append: (text: string) => void
  readonly close: () => void
}

const batchCharacters = 1024 * 1024

const isPlainFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false

/**
 * Opens a new log file; an existing one is never overwritten unless `overwrite`, and then the old one stays until the new one has its first
 * lines. Throws what the file system says.
 */
export const createLogFile = (path: string, overwrite: boolean): LogFile => {
  const replaces = overwrite && isPlainFile(path)
  const written = replaces ? `${path}.${process.pid}.part` : path
  const file = openSync(written, overwrite && !replaces ? 'w' : 'wx')
  let batch = ''
  let begun = false
  const flush = (): void => {
    for (let bytes = Buffer.from(batch, 'utf8'); bytes.length > 0;) bytes = bytes.subarray(writeSync(file, bytes))
    batch = ''
    // Also a run that is killed early leaves a header.
    if (!begun && replaces) renameSync(written, path)
    begun = true
  }
  return {
    append: (text) => {
      batch += text
      if (!begun || batch.length >= batchCharacters) flush()
    },
    close: () => {
      flush()
      fsyncSync(file)
      closeSync(file)
    },
  }
}
