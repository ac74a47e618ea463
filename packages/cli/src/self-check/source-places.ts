/** Frames of a stack as places in the sources: the bundle has its source map beside it. */
import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const framesShown = 4

/** What the watching itself and Node put on a stack is nobody's business. */
const isOurs = (frame: string): boolean => /self-check\/surroundings\.ts/.test(frame) || /\(?node:|<anonymous>\)?$/.test(frame)

const mapOf = (file: string): SourceMap | undefined => {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload)
  } catch {
    // A file without a map: the frames stay as they are.
    return undefined
  }
}

const fileOf = (written: string): string => (written.startsWith('file:') ? fileURLToPath(written) : written)

/** Turns frames into `name (packages/…/file.ts:12:3)`, innermost first. Maps are read once. */
export const makeSourcePlaces = (): ((stack: readonly string[]) => readonly string[]) => {
  const maps = new Map<string, SourceMap | undefined>()
  const placed = (frame: string): string => {
    const match = /^(?:(.*) \()?((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/.exec(frame)
    if (match === null) return frame
    const [, name = '', written = '', line = '1', column = '1'] = match
    const file = fileOf(written)
    if (!maps.has(file)) maps.set(file, mapOf(file))
    const entry: Partial<SourceMapping> | undefined = maps.get(file)?.findEntry(Number(line) - 1, Number(column) - 1)
    if (entry?.originalSource === undefined || entry.originalLine === undefined || entry.originalColumn === undefined) return frame
    const source = relative(process.cwd(), resolve(dirname(file), entry.originalSource))
    const place = `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
    return name === '' || name === '<anonymous>' ? place : `${name} (${place})`
  }
  return (stack) =>
    stack
      .map(placed)
      .filter((frame) => !isOurs(frame))
      .slice(0, framesShown)
}
