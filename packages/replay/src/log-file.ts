/**
 * The log as text: a header line, then for each turn its events, one a line, and a line with the digest of all bytes up to there, and at the
 * end a footer. Newline-delimited JSON: readable with `less`, streamable, append-only. The digest line is a turn's commit mark.
 */
import * as t from 'io-ts'
import { engineVersion, type ClusterEvent, type ClusterSettings, type RecordedEvent, type Sha256 } from '@statefold/core'

export const logFormat = 'statefold-log'
export const logVersion = 2

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
/** The last line of a turn. */
export const DigestCodec = t.type({ digest: t.string })
const envelope = { turn: t.number, at: t.number, by: t.union([t.number, t.null]), actor: t.string }
/** The first line of a turn; the event's own fields stand beside these and are checked by its own codec. */
export const FirstLineCodec = t.type({ seq: t.number, ...envelope, kind: t.string })
/** A further line of a turn: what it does not say is as on the line before. */
export const FurtherLineCodec = t.intersection([t.type({ seq: t.number, kind: t.string }), t.partial(envelope)])
/** Until version 1 the event stood in a field of its own, and every line said everything, also that of the digest. */
export const TurnDigestCodec = t.type({ turn: t.number, digest: t.string })
export const NestedLineCodec = t.type({ seq: t.number, ...envelope, event: t.type({ kind: t.string }) })

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

/**
 * One event as its line, line feed included: the envelope, then the fields of the event. After another event of the turn (`before`) only what
 * is different of the envelope is written. The order of keys is fixed: one byte form per event as it was recorded.
 */
export const eventLine = (recorded: RecordedEvent<ClusterEvent>, before?: RecordedEvent<ClusterEvent>): string => {
  let envelope = `{"seq":${recorded.seq}`
  if (before?.turn !== recorded.turn) envelope += `,"turn":${recorded.turn}`
  if (before?.at !== recorded.at) envelope += `,"at":${recorded.at}`
  if (before?.causedBy !== recorded.causedBy) envelope += `,"by":${recorded.causedBy ?? 'null'}`
  if (before?.actor !== recorded.actor) envelope += `,"actor":${JSON.stringify(recorded.actor)}`
  const fields = JSON.stringify(withoutActor(recorded.event, recorded.actor))
  const fact = before === undefined ? undefined : factOf(before.event)
  return fact !== undefined && JSON.stringify(fact) === fields
    ? `${envelope},"kind":"${recorded.event.kind}","received":true}\n`
    : `${envelope},${fields.slice(1)}\n`
}

/** What somebody outside did to the world with this command; the fact of it follows and need not be told again. */
export const factOf = (event: ClusterEvent): object | undefined => {
  if (event.kind !== 'CommandReceived') return undefined
  // Commands are plain JSON; what is in them is decided elsewhere.
  const { kind, event: fact } = event.command as { readonly kind?: unknown; readonly event?: unknown }
  return kind === 'ActOnWorld' && typeof fact === 'object' && fact !== null ? fact : undefined
}

/** Who tells or waits is nearly always who acts: then the line does not say it twice. */
const withoutActor = (event: ClusterEvent, actor: string): object => {
  if (event.kind === 'WaitingChanged' && event.controller === actor) return { ...event, controller: undefined }
  if (event.kind === 'KubernetesEventRecorded' && event.component === actor) return { ...event, component: undefined }
  return event
}

/** Fields that a line leaves out where they name the actor, by kind. */
export const actorFields: { readonly [kind: string]: 'controller' | 'component' | undefined } = {
  WaitingChanged: 'controller',
  KubernetesEventRecorded: 'component',
}

interface Envelope {
  readonly seq?: unknown
  readonly turn?: unknown
  readonly at?: unknown
  readonly by?: unknown
  readonly actor?: unknown
  readonly received?: unknown
}

/** An event as it was recorded, of a line that was parsed. (No event has a field of the envelope's names.) */
export const withoutEnvelope = (line: ClusterEvent & Envelope): ClusterEvent => {
  const { seq: _seq, turn: _turn, at: _at, by: _by, actor: _actor, received: _received, ...event } = line
  // What is left of a member of the union is that member.
  return event as ClusterEvent
}

/** How much of a digest a line shows: 96 bits. The chain goes on with all of it. */
export const digestDigits = 24

export interface LogWriter {
  /** The lines of one turn, its digest line last. */
  readonly turn: (events: readonly RecordedEvent<ClusterEvent>[]) => string
  readonly footer: (outcome: string) => string
  /** The digest after the last turn. */
  readonly digest: () => string
}

/** Turns events into lines; what becomes of the text is the caller's. A digest is that of all bytes of the log before its line. */
export const makeLogWriter = (header: LogHeader, sha256: Sha256): LogWriter & { readonly header: string } => {
  const headerLine = `${JSON.stringify(header)}\n`
  const hash = sha256.start()
  hash.add(headerLine)
  let digest = ''
  let events = 0
  let turns = 0
  let at = 0
  return {
    header: headerLine,
    turn: (recorded) => {
      const first = recorded[0]
      if (first === undefined) return ''
      let lines = ''
      let before: RecordedEvent<ClusterEvent> | undefined
      for (const event of recorded) {
        lines += eventLine(event, before)
        before = event
      }
      hash.add(lines)
      digest = hash.digest()
      const digestLine = `{"digest":"${digest.slice(0, digestDigits)}"}\n`
      hash.add(digestLine)
      events += recorded.length
      turns += 1
      at = first.at
      return lines + digestLine
    },
    footer: (outcome) => `${JSON.stringify({ end: true, events, turns, at, outcome })}\n`,
    digest: () => (digest === '' ? hash.digest() : digest),
  }
}
