import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  canonicalJson,
  chainDigest,
  digestStart,
  entriesOf,
  portableSha256,
  saveRun,
  sizeOf,
  storeOf,
  type ClusterState,
  type Simulation,
} from '@statefold/core'
import { historyOf } from '@statefold/core/testing'
import { makeLogWriter } from '../src/log-file.js'
import { createLogFile, fileLines, nodeSha256 } from '../src/node.js'
import { linesOf } from '../src/log-body.js'
import { readLog, type LogPiece } from '../src/read-log.js'
import { replayLog } from '../src/replay-log.js'
import { forkAt, verifyLog } from '../src/rerun.js'
import { sampleHistories, sampleLog, turnsOf, type Recorded } from './sample-logs.js'

const folder = mkdtempSync(join(tmpdir(), 'statefold-replay-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const sha256 = portableSha256
const samples = sampleHistories(8, 5).map((history) => sampleLog(history))
const textOf = (cluster: ClusterState, simulation: Simulation): string =>
  canonicalJson(saveRun({ ...simulation.state(), cluster })['cluster'])

const replayed = (text: string | Iterable<LogPiece>, options = {}) => {
  const found = replayLog(typeof text === 'string' ? linesOf(text) : text, { sha256, ...options })
  if (E.isLeft(found)) throw new Error(found.left.message)
  return found.right
}

describe('replay', { timeout: 120_000 }, () => {
  it('folds a log to the state that the run had, and to its digest', () => {
    for (const { text, simulation, digest } of samples) {
      const { state, end } = replayed(text)
      expect(textOf(state, simulation)).toBe(textOf(simulation.state().cluster, simulation))
      expect(end.digest).toBe(digest)
      expect(end.torn).toBeUndefined()
    }
  })

  it('stops after any event that is asked for', () => {
    const [sample] = samples
    if (sample === undefined) throw new Error('no sample')
    const states: ClusterState[] = []
    replayed(sample.text, { onEvent: (_recorded: Recorded, after: ClusterState) => states.push(after) })
    for (const untilSeq of [0, 7, 40, sample.log.length - 1]) {
      const expected = states[untilSeq]
      if (expected === undefined) throw new Error(`no event ${untilSeq}`)
      expect(textOf(replayed(sample.text, { untilSeq }).state, sample.simulation)).toBe(textOf(expected, sample.simulation))
    }
  })
})

/** What somebody does to Events that others have told. */
const meddlings = fc.array(
  fc.record({ verb: fc.constantFrom('delete', 'label', 'own', 'create'), which: fc.nat(), waitMs: fc.constantFrom(0, 100, 30_000) }),
  { maxLength: 4 },
)

const meddle = (simulation: Simulation, verb: string, which: number): void => {
  const events = simulation.reader().listAny('Event')
  const { namespace = 'default', name = '' } = events[which % events.length]?.metadata ?? {}
  const target = { kind: 'Event', namespace, name }
  if (verb === 'delete') simulation.submit({ kind: 'DeleteObject', target, options: {} })
  else if (verb === 'create') {
    const object = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `by-hand-${which}`, namespace },
      involvedObject: {},
      reason: 'Seen',
    }
    simulation.submit({ kind: 'CreateObject', object })
  } else {
    const owner = { apiVersion: 'v1', kind: 'Namespace', name: 'default', uid: 'an-owner' }
    const metadata = verb === 'own' ? { ownerReferences: [owner] } : { labels: { seen: 'yes' } }
    simulation.submit({ kind: 'PatchObject', target, patchType: 'merge', patch: { metadata } })
  }
}

/** The log in pieces of some lines each, which are overwritten when the next is asked for. */
function* piecesOf(text: string, linesEach: number): Generator<Uint8Array> {
  const lines = [...linesOf(text)]
  for (let from = 0; from < lines.length; from += linesEach) {
    const bytes = new TextEncoder().encode(lines.slice(from, from + linesEach).join(''))
    yield bytes
    bytes.fill(0)
  }
}

describe('replay without looking into what is gone', { timeout: 120_000 }, () => {
  it('leads to the very state that every event leads to, at the end and after any event', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        historyOf({ steps: 30, lives: true, podFaults: true, nodeFaults: true, machineryFaults: true }),
        meddlings,
        fc.nat({ max: 400 }),
        fc.constantFrom(1, 7, 100, 10_000),
        (history, deeds, until, linesEach) => {
          const { text, simulation, log } = sampleLog(history, 20_000, (running) => {
            for (const { verb, which, waitMs } of deeds) {
              meddle(running, verb, which)
              running.runUntil(running.now() + waitMs)
            }
          })
          const untilSeq = until % log.length
          for (const options of [{}, { untilSeq }]) {
            const [quick, thorough] = [replayed(piecesOf(text, linesEach), options), replayed(linesOf(text), { ...options, decode: true })]
            expect(sizeOf(storeOf(quick.state, 'Event').objects)).toBe(sizeOf(storeOf(thorough.state, 'Event').objects))
            expect(quick.state).toEqual(thorough.state)
            expect(textOf(quick.state, simulation)).toBe(textOf(thorough.state, simulation))
            expect([quick.at, quick.end]).toEqual([thorough.at, thorough.end])
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it('counts no address for a Pod of the network of its host', () => {
    const target = { kind: 'Pod', namespace: 'default', name: 'of-the-host' }
    const [history] = sampleHistories(1, 3)
    if (history === undefined) throw new Error('no history')
    const { text, log } = sampleLog({ ...history, steps: [] }, 20_000, (running) => {
      const spec = { hostNetwork: true, terminationGracePeriodSeconds: 1, containers: [{ name: 'a', image: 'nginx' }] }
      running.runUntil(60_000)
      const object = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: target.namespace, name: target.name }, spec }
      running.submit({ kind: 'CreateObject', object })
      running.runUntil(120_000)
      running.submit({ kind: 'DeleteObject', target, options: {} })
      running.runUntil(180_000)
    })
    expect(log.some(({ event }) => event.kind === 'SandboxCreated' && event.hostNetwork === true)).toBe(true)
    expect(log.some(({ event }) => event.kind === 'PodDeleted' && event.object.endsWith(target.name))).toBe(true)
    expect(replayed(text).state).toEqual(replayed(text, { decode: true }).state)
  })

  it('names an event that it does not know by line and number, also if it may not look', () => {
    const sample = samples.find(({ log }) => log.some(({ event }) => event.kind === 'PodDeleted'))
    if (sample === undefined) throw new Error('no sample with a deleted Pod')
    const writer = makeLogWriter(sample.header, nodeSha256)
    const strange = turnsOf(sample.log).map((turn) =>
      turn.map((recorded) =>
        recorded.event.kind === 'PodDeleted'
          ? { ...recorded, event: { ...recorded.event, kind: 'PodVanished' as 'PodDeleted' } }
          : recorded,
      ),
    )
    const found = replayLog(linesOf(`${writer.header}${strange.map((turn) => writer.turn(turn)).join('')}`), { sha256 })
    expect(E.isLeft(found) && found.left.message).toMatch(/^line \d+: event \d+ \(PodVanished\) is not one that this version knows/)
  })
})

describe('writer and reader', { timeout: 120_000 }, () => {
  it('agree: what was written is what is read', () => {
    for (const { text, log, header } of samples) {
      const events: Recorded[] = []
      const found = readLog(
        linesOf(text),
        {
          header: (read) => {
            expect(read).toEqual(header)
          },
          turn: (turn) => events.push(...turn),
        },
        { sha256 },
      )
      expect(E.isRight(found)).toBe(true)
      expect(events).toEqual(log)
    }
  })

  it('agree through a file, with the hash of the platform', () => {
    const [sample] = samples
    if (sample === undefined) throw new Error('no sample')
    const path = join(folder, 'run.ndjson')
    const file = createLogFile(path, false)
    const writer = makeLogWriter(sample.header, nodeSha256)
    file.append(writer.header)
    for (const turn of turnsOf(sample.log)) file.append(writer.turn(turn))
    file.append(writer.footer('passed'))
    file.close()
    expect([...fileLines(path)].join('')).toBe(sample.text)
    expect(() => createLogFile(path, false)).toThrow('EEXIST')
  })

  it('keep every line below a turn in one order of keys, one line feed each', () => {
    for (const { text } of samples) {
      expect(text.endsWith('\n')).toBe(true)
      for (const line of linesOf(text)) expect(line.indexOf('\n')).toBe(line.length - 1)
    }
  })
})

describe('verify', { timeout: 120_000 }, () => {
  it('runs the log again and finds the same events', () => {
    for (const { header, log } of samples) {
      const found = verifyLog(header, log)
      expect(E.isRight(found) && found.right.events).toBe(log.length)
    }
  })

  it('finds a planted difference by its number', () => {
    const [sample] = samples
    if (sample === undefined) throw new Error('no sample')
    const planted = sample.log.findIndex(({ event, seq }) => seq > 30 && event.kind === 'PodStatusChanged')
    expect(planted).toBeGreaterThan(30)
    const log = sample.log.map((recorded) => (recorded.seq === planted ? { ...recorded, actor: 'somebody-else' } : recorded))
    const found = verifyLog(sample.header, log)
    if (E.isRight(found)) throw new Error('the planted difference was not found')
    expect(found.left.seq).toBe(planted)
    expect(found.left.recorded).toContain('somebody-else')
    expect(found.left.again).not.toContain('somebody-else')
    expect(found.left.shared).toContain(`"seq":${planted - 1},`)
  })

  it('finds that another seed gives another log', () => {
    const [sample] = samples
    if (sample === undefined) throw new Error('no sample')
    expect(E.isLeft(verifyLog({ ...sample.header, seed: sample.header.seed + 1 }, sample.log))).toBe(true)
  })
})

describe('fork', { timeout: 120_000 }, () => {
  it('at any turn end goes on as the run did, when nobody interferes', { timeout: 60_000 }, () => {
    const [sample] = samples
    if (sample === undefined) throw new Error('no sample')
    const turns = turnsOf(sample.log)
    // Outside commands of later turns are not given again: only the turns after the last of them are compared.
    const lastCommand = sample.log.findLast(({ event }) => event.kind === 'CommandReceived')?.turn ?? 0
    const later = turns.filter(([first]) => (first?.turn ?? 0) >= lastCommand).slice(0, 12)
    for (const [first] of later) {
      if (first === undefined) continue
      const fork = forkAt(sample.header, sample.log, first.turn)
      fork.runUntil(sample.log.at(-1)?.at ?? 0)
      expect(fork.log()).toEqual(sample.log)
    }
  })
})

describe('a log of version 0', { timeout: 120_000 }, () => {
  /** Before the first release: no digest algorithm in the header, and refusals said `why`. */
  const upgraded = ((): { readonly text: string; readonly refusals: number } => {
    const sample = samples.find(({ log }) => log.some(({ event }) => event.kind === 'CommandRejected'))
    if (sample === undefined) throw new Error('no sample with a refusal')
    const { digest: _digest, ...header } = { ...sample.header, version: 0 }
    const headerLine = `${JSON.stringify(header)}\n`
    let digest = chainDigest(sha256, digestStart, headerLine)
    let text = headerLine
    let refusals = 0
    for (const turn of turnsOf(sample.log)) {
      let lines = ''
      for (const { seq, turn: number, at, causedBy, actor, event } of turn) {
        let old: object = event
        if (event.kind === 'CommandRejected') {
          const { message, ...rest } = event
          old = { ...rest, why: message }
          refusals += 1
        }
        lines += `${JSON.stringify({ seq, turn: number, at, by: causedBy, actor, event: old })}\n`
      }
      digest = chainDigest(sha256, digest, lines)
      text += `${lines}${JSON.stringify({ turn: turn[0]?.turn, digest })}\n`
    }
    return { text, refusals }
  })()

  it('is read as if it were of today', () => {
    const messages: string[] = []
    replayed(upgraded.text, {
      onEvent: ({ event }: Recorded) => {
        if (event.kind === 'CommandRejected') messages.push(event.message)
      },
    })
    expect(messages.length).toBe(upgraded.refusals)
    expect(messages.every((message) => message.length > 0)).toBe(true)
  })
})

describe('a log of version 1', { timeout: 120_000 }, () => {
  const text = readFileSync(new URL('fixtures/version-1.ndjson', import.meta.url), 'utf8')

  it('leads to the objects it led to when it was written', () => {
    const { state, end, header } = replayed(text)
    expect(header.title).toBe('a set of two, scaled to one')
    expect(end).toMatchObject({ events: 99, torn: undefined, footer: { outcome: 'passed' } })
    const objects = entriesOf(state.stores).map(([kind, store]) => [kind, entriesOf(store.objects)])
    expect(sha256(canonicalJson(objects))).toBe('b0b097bc57db83720a6763692d21f31715846fe401e9a9162b44989ad603e954')
  })

  it('is refused by line and event when a byte of it was changed', () => {
    const found = replayLog(linesOf(text.replace('"reason":"Pulling"', '"reason":"Pushing"')), { sha256 })
    expect(E.isLeft(found) && found.left.message).toMatch(
      /^lines \d+ to \d+: turn \d+ \(events \d+ to \d+\) has been changed: its digest is /,
    )
  })
})
