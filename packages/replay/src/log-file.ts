/**
 * The log as text: a header line, then for each turn its events, one a line, and a line with the digest of all lines up to there, and at the
 * end a footer. Newline-delimited JSON: readable with `less`, streamable, append-only. The digest line is a turn's commit mark.
 */
import * as t from 'io-ts'
import {
  chainDigest,
  digestStart,
  engineVersion,
  type ClusterEvent,
  type ClusterSettings,
  type RecordedEvent,
  type Sha256,
} from '@statefold/core'

export const logFormat = 'statefold-log'
export const logVersion = 1

/** What is needed to run the log again, and to know what one has. */
export interface LogHeader {
  readonly format: typeof logFormat
  readonly version: number
  readonly engine: string
  readonly kubernetes: string
  readonly digest: 'sha-256'
  readonly seed: number
  readonly settings: ClusterSettings
  /** Choices that differ from the seed's draws, by address (`stream key`). */
  readonly choices?: Readonly<Record<string, number>>
  /** The scenario or manifests as text, for people. */
  readonly source?: string
  readonly title?: string
}

export const HeaderCodec = t.intersection([
  t.type({
    format: t.literal(logFormat),
    version: t.number,
    engine: t.string,
    kubernetes: t.string,
    digest: t.literal('sha-256'),
    seed: t.number,
    settings: t.UnknownRecord,
  }),
  t.partial({ choices: t.record(t.string, t.number), source: t.string, title: t.string }),
])

export interface LogFooter {
  readonly end: true
  readonly events: number
  readonly turns: number
  readonly at: number
  readonly outcome: string
}

export const FooterCodec = t.type({ end: t.literal(true), events: t.number, turns: t.number, at: t.number, outcome: t.string })
export const DigestCodec = t.type({ turn: t.number, digest: t.string })
/** The envelope; what is in it is checked by its own codec. */
export const EnvelopeCodec = t.type({
  seq: t.number,
  turn: t.number,
  at: t.number,
  by: t.union([t.number, t.null]),
  actor: t.string,
  event: t.type({ kind: t.string }),
})

export const makeHeader = (about: {
  readonly kubernetes: string
  readonly seed: number
  readonly settings: ClusterSettings
  readonly choices?: Readonly<Record<string, number>>
  readonly source?: string
  readonly title?: string
}): LogHeader => ({
  format: logFormat,
  version: logVersion,
  engine: engineVersion,
  kubernetes: about.kubernetes,
  digest: 'sha-256',
  seed: about.seed,
  ...(about.title === undefined ? undefined : { title: about.title }),
  settings: about.settings,
  ...(about.choices === undefined ? undefined : { choices: about.choices }),
  ...(about.source === undefined ? undefined : { source: about.source }),
})

/** One event as its line, line feed included. The order of keys is fixed: one byte form per event as it was recorded. */
export const eventLine = (recorded: RecordedEvent<ClusterEvent>): string =>
  `{"seq":${recorded.seq},"turn":${recorded.turn},"at":${recorded.at},"by":${recorded.causedBy ?? 'null'},"actor":${JSON.stringify(recorded.actor)},"event":${JSON.stringify(recorded.event)}}\n`

export interface LogWriter {
  /** The lines of one turn, its digest line last. */
  readonly turn: (events: readonly RecordedEvent<ClusterEvent>[]) => string
  readonly footer: (outcome: string) => string
  /** The digest after the last turn. */
  readonly digest: () => string
}

/** Turns events into lines; what becomes of the text is the caller's. The header is the first text of the digest. */
export const makeLogWriter = (header: LogHeader, sha256: Sha256): LogWriter & { readonly header: string } => {
  const headerLine = `${JSON.stringify(header)}\n`
  let digest = chainDigest(sha256, digestStart, headerLine)
  let events = 0
  let turns = 0
  let at = 0
  return {
    header: headerLine,
    turn: (recorded) => {
      const first = recorded[0]
      if (first === undefined) return ''
      let lines = ''
      for (const event of recorded) lines += eventLine(event)
      digest = chainDigest(sha256, digest, lines)
      events += recorded.length
      turns += 1
      at = first.at
      return `${lines}{"turn":${first.turn},"digest":"${digest}"}\n`
    },
    footer: (outcome) => `${JSON.stringify({ end: true, events, turns, at, outcome })}\n`,
    digest: () => digest,
  }
}
