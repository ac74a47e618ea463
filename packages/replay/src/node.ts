/** The part of this package that touches files: log files in chunks, and the platform's SHA-256. */
import * as crypto from 'node:crypto'
import { closeSync, fsyncSync, openSync, readSync, renameSync, statSync, writeSync } from 'node:fs'
import type { Sha256 } from '@statefold/core'

// One call without an object of its own, where Node has it (20.12 and later).
const hashOnce = (crypto as { readonly hash?: (algorithm: string, text: string) => string }).hash

export const nodeSha256: Sha256 =
  hashOnce === undefined ? (text) => crypto.createHash('sha256').update(text).digest('hex') : (text) => hashOnce('sha256', text)

const chunkBytes = 4 * 1024 * 1024
const lineFeed = 0x0a

/**
 * The lines of a file, each with its line feed (the last may lack it). Read in chunks that are cut at line feeds before they are decoded, so
 * that no character is torn; a line longer than a chunk makes the chunk grow. Throws what the file system says.
 */
export function* fileLines(path: string): Generator<string> {
  const file = openSync(path, 'r')
  try {
    let buffer = Buffer.alloc(chunkBytes)
    let held = 0
    for (;;) {
      if (held === buffer.length) buffer = Buffer.concat([buffer, Buffer.alloc(buffer.length)])
      const read = readSync(file, buffer, held, buffer.length - held, null)
      const end = held + read
      if (read === 0) {
        if (held > 0) yield buffer.toString('utf8', 0, held)
        return
      }
      const cut = buffer.lastIndexOf(lineFeed, end - 1)
      if (cut < 0) {
        held = end
        continue
      }
      const text = buffer.toString('utf8', 0, cut + 1)
      for (let from = 0; from < text.length;) {
        const feed = text.indexOf('\n', from) + 1
        yield text.slice(from, feed)
        from = feed
      }
      buffer.copyWithin(0, cut + 1, end)
      held = end - cut - 1
    }
  } finally {
    closeSync(file)
  }
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
