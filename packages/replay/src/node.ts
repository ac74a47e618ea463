/** The part of this package that touches files: log files in chunks, and the platform's SHA-256. */
import { createHash, type Hash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readSync, renameSync, statSync, writeSync } from 'node:fs'
import type { RunningHash, Sha256 } from '@statefold/core'
import { linesOf } from './log-body.js'
import { lineFeed, textOf } from './line-bytes.js'

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

/** What is parsed at once should die young. */
const pieceBytes = 512 * 1024
/** A turn ends with such a line. */
const digestMark = '\n{"digest":'
/** The longest line of a log is its header, with a scenario of a few megabytes in it. A file without line feeds is no log. */
const lineBytesMax = 64 * 1024 * 1024

/** Such a line is not read: the file is not one of ours, and may have no end. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong'

  constructor(path: string) {
    super(`${path}: a line is longer than ${lineBytesMax / (1024 * 1024)} MiB; this is not a statefold log`)
  }
}

/** Where to cut, at the end of a turn if there is one, else of a line. -1: nowhere. */
const lastEnd = (buffer: Buffer, end: number): number => {
  const line = buffer.lastIndexOf(lineFeed, end - 1)
  const digest = line < digestMark.length ? -1 : buffer.lastIndexOf(digestMark, line - digestMark.length)
  return digest < 0 ? line : buffer.indexOf(lineFeed, digest + 1)
}

/**
 * A log file in pieces of whole lines (the last line may lack its line feed), and of whole turns where they are not longer than a piece. A line
 * longer than a piece makes the piece grow. A piece is good until the next is asked for. Throws what the file system says.
 */
export function* filePieces(path: string): Generator<Uint8Array> {
  const file = openSync(path, 'r')
  try {
    let buffer = Buffer.allocUnsafeSlow(pieceBytes)
    let held = 0
    for (;;) {
      if (held >= lineBytesMax) throw new LineTooLong(path)
      if (held === buffer.length) buffer = Buffer.concat([buffer], 2 * buffer.length)
      const read = readSync(file, buffer, held, buffer.length - held, null)
      const end = held + read
      if (read === 0) {
        if (held > 0) yield buffer.subarray(0, held)
        return
      }
      const cut = lastEnd(buffer, end)
      held = end
      if (cut < 0) continue
      yield buffer.subarray(0, cut + 1)
      buffer.copyWithin(0, cut + 1, end)
      held = end - cut - 1
    }
  } finally {
    closeSync(file)
  }
}

/** The lines of a file, each with its line feed (the last may lack it). */
export function* fileLines(path: string): Generator<string> {
  for (const piece of filePieces(path)) yield* linesOf(textOf(piece))
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
