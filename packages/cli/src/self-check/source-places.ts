/** Frames of a stack as places in the sources: the bundle has its source map beside it. */
import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const framesShown = 4

/** What the watching itself and Node put on a stack is nobody's business. */
const isOurs = (frame: string): boolean => /self-check\/surroundings\.ts/.test(frame) || /\(?node:|<anonymous>\)?$/.test(frame)

const mapOf = (program: string): SourceMap | undefined => {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${program}.map`, 'utf8')) as SourceMapPayload)
  } catch {
    // A build without its map: the frames stay as they are.
    return undefined
  }
}

const fileOf = (written: string): string => (written.startsWith('file:') ? fileURLToPath(written) : written)

/** Turns the frames of one program into `name (packages/…/file.ts:12:3)`, innermost first. */
export const sourcePlacesOf = (program: string): ((stack: readonly string[]) => readonly string[]) => {
  let map: SourceMap | undefined
  let isRead = false
  const placed = (frame: string): string => {
    const match = /^(?:(.*) \()?((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/.exec(frame)
    if (match === null) return frame
    const [, name = '', file = '', line = '1', column = '1'] = match
    if (!isRead) map = mapOf(program)
    isRead = true
    const entry: Partial<SourceMapping> | undefined =
      fileOf(file) === program ? map?.findEntry(Number(line) - 1, Number(column) - 1) : undefined
    if (entry?.originalSource === undefined || entry.originalLine === undefined || entry.originalColumn === undefined) return frame
    const source = relative(process.cwd(), resolve(dirname(program), entry.originalSource))
    const place = `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
    return name === '' || name === '<anonymous>' ? place : `${name} (${place})`
  }
  return (stack) =>
    stack
      .map(placed)
      .filter((frame) => !isOurs(frame))
      .slice(0, framesShown)
}
