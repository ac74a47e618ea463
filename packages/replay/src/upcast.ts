/** Old formats become the present one, one function a step. Unknown versions are refused by name. */
import * as E from 'fp-ts/lib/Either.js'
import { logFormat, logVersion } from './log-file.js'

type Step = (value: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>

/** From version 0 (before the first release the digest algorithm was not named). */
const nameDigest: Step = (header) => ({ ...header, digest: 'sha-256' })

/** From version 1: the lines are laid out differently and digests are those of all bytes, which is the reader's matter; what they say is the same. */
const sameWords: Step = (value) => value

const headerSteps: readonly Step[] = [nameDigest, sameWords]

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Does this first line say that it is a statefold log, of whatever version? */
export const isFormat = (value: unknown): value is Readonly<Record<string, unknown>> => isRecord(value) && value['format'] === logFormat

export const upcastHeader = (value: unknown): E.Either<string, unknown> => {
  if (!isFormat(value)) return E.left('this is not a statefold log: its first line does not say {"format":"statefold-log",…}')
  const version = value['version']
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0 || version > logVersion)
    return E.left(`the log has format version ${JSON.stringify(version)}; this program reads versions 0 to ${logVersion}`)
  // The version stays as it was written: events are upcast by it.
  return E.right(headerSteps.slice(version).reduce((header, step) => step(header), value))
}

/** From version 0: the cause of a refusal was called `why`. */
const renameWhy: Step = (event) => {
  if (event['kind'] !== 'CommandRejected' || !('why' in event)) return event
  const { why, ...rest } = event
  return { ...rest, message: why }
}

const eventSteps: readonly Step[] = [renameWhy, sameWords]

export const upcastEvent = (event: Readonly<Record<string, unknown>>, version: number): Readonly<Record<string, unknown>> =>
  version >= logVersion ? event : eventSteps.slice(version).reduce((current, step) => step(current), event)
