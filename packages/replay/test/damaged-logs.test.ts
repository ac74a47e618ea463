import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { linesOf, type LogEnd, type LogProblem } from '../src/log-body.js'
import { readLog } from '../src/read-log.js'
import { makeLogWriter } from '../src/log-file.js'
import { nodeSha256 } from '../src/node.js'
import { sampleHistories, sampleLog, turnsOf } from './sample-logs.js'

const read = (text: string): E.Either<LogProblem, LogEnd & { readonly seqs: readonly number[] }> => {
  const seqs: number[] = []
  const end = readLog(
    linesOf(text),
    { header: () => undefined, turn: (events) => seqs.push(...events.map(({ seq }) => seq)) },
    { sha256: nodeSha256 },
  )
  return E.map((found: LogEnd) => ({ ...found, seqs }))(end)
}

const history = sampleHistories(1, 3)[0]
if (history === undefined) throw new Error('no history')
// The first turns are enough to cut and to change.
const sample = sampleLog({ ...history, steps: [] }, 2_000)
const short = sample.turns.slice(0, 12)
const text = `${sample.headerLine}${short.join('')}`

describe('a log that was cut off', { timeout: 120_000 }, () => {
  it('opens at its last whole turn, wherever in the last turn it was cut', () => {
    const last = short.at(-1) ?? ''
    const before = text.slice(0, text.length - last.length)
    for (let cut = 0; cut < last.length; cut += 1) {
      const found = read(before + last.slice(0, cut))
      if (E.isLeft(found)) throw new Error(`cut after ${cut} characters of the last turn: ${found.left.message}`)
      expect(found.right.turns).toBe(short.length - 1)
      expect(found.right.torn === undefined).toBe(cut === 0)
      if (cut > 0) expect(found.right.torn?.line).toBe(before.split('\n').length)
    }
  })

  it('opens at its last whole turn, wherever in the end it was cut, and whole when it was not', () => {
    for (let cut = 0; cut < sample.footer.length; cut += 1) {
      const found = read(text + sample.footer.slice(0, cut))
      expect(E.isRight(found) && found.right.turns).toBe(short.length)
      expect(E.isRight(found) && found.right.footer).toBeUndefined()
    }
    const whole = read(sample.text)
    expect(E.isRight(whole) && whole.right.footer?.outcome).toBe('passed')
  })

  it('is refused when nothing of it is left, or not even a whole header', () => {
    expect(read('')).toEqual(E.left({ kind: 'foreign', line: 1, message: 'the file is empty; expected the header of a statefold log' }))
    expect(E.isLeft(read(sample.headerLine.slice(0, 20)))).toBe(true)
  })
})

const encoder = new TextEncoder()
const decoder = new TextDecoder()

describe('a log with one changed byte', { timeout: 120_000 }, () => {
  // A log of few turns, so that every byte of it can be changed.
  const writer = makeLogWriter(sample.header, nodeSha256)
  const few = turnsOf(sample.log)
    .slice(-8)
    .map((turn, index, turns) => {
      const first = turns[0]?.[0]?.seq ?? 0
      return turn.map((recorded) => ({ ...recorded, seq: recorded.seq - first, causedBy: null, turn: index }))
    })
  const whole = encoder.encode(`${writer.header}${few.map((turn) => writer.turn(turn)).join('')}${writer.footer('passed')}`)
  const headerLength = encoder.encode(writer.header).length
  const footerLength = encoder.encode(writer.footer('passed')).length
  const changes = [1, 0x10, 0x20, 0x80]

  const readBytes = (bytes: Uint8Array): E.Either<LogProblem, LogEnd> =>
    readLog(linesOf(decoder.decode(bytes)), { header: () => undefined, turn: () => undefined }, { sha256: nodeSha256 })

  const isNoticed = (place: number): boolean => {
    const copy = whole.slice()
    copy[place] = (copy[place] ?? 0) ^ (changes[place % changes.length] ?? 1)
    const found = readBytes(copy)
    return E.isLeft(found) && found.left.line >= 1 && (found.left.kind === 'damaged' || /has format version/.test(found.left.message))
  }

  it('reads well while nothing is changed', () => {
    expect(E.isRight(readBytes(whole))).toBe(true)
  })

  it(
    'is damaged, wherever the byte is: never read as if nothing had happened, never taken for a log of others',
    { timeout: 120_000 },
    () => {
      const silent: number[] = []
      for (let place = headerLength; place < whole.length - footerLength; place += 1) if (!isNoticed(place)) silent.push(place)
      expect(silent).toEqual([])
    },
  )

  it('is never read as if nothing had happened: bytes all over the header', { timeout: 120_000 }, () => {
    const silent: number[] = []
    for (let place = 0; place < headerLength; place += 11) if (!isNoticed(place)) silent.push(place)
    expect(silent).toEqual([])
  })

  it('names the lines and the events of the turn that was changed', () => {
    let line = 2
    for (const turn of sample.turns.slice(0, 30)) {
      const lines = turn.split('\n').length - 1
      const changed = sample.text.replace(turn, turn.replace('"actor":"', '"actor":"x'))
      const found = read(changed)
      if (E.isRight(found)) throw new Error(`line ${line} was changed and nobody noticed`)
      expect(found.left.line).toBe(line)
      expect(found.left.message).toContain(`lines ${line} to ${line + lines - 1}: turn `)
      const [seq] = /"seq":(\d+)/.exec(turn)?.slice(1) ?? []
      expect(found.left.message).toContain(`(events ${seq} to `)
      line += lines
    }
  })

  it('says so for a whole line that is no JSON, also in the last turn', () => {
    const last = sample.turns.at(-1) ?? ''
    const found = read(sample.text.replace(sample.footer, '').replace(last, last.replace('"digest":"', '"digest":x')))
    expect(E.isLeft(found) && found.left.message).toContain('is not JSON; expected event')
  })

  it('does not believe an end with other numbers', () => {
    expect(E.isLeft(read(sample.text.replace(/"turns":\d+/, '"turns":1')))).toBe(true)
    expect(E.isLeft(read(sample.text.replace(/"events":\d+/, '"events":1')))).toBe(true)
  })

  it('is noticed when lines are left out, doubled or swapped', () => {
    const [first = '', second = '', third = ''] = sample.turns.slice(3, 6)
    for (const changed of [first + third, first + second + second + third, second + first + third])
      expect(E.isLeft(read(sample.text.replace(first + second + third, changed)))).toBe(true)
  })
})

describe('a log of another version', { timeout: 120_000 }, () => {
  it.each([
    ['"version":2', '"version":3', 'the log has format version 3; this program reads versions 0 to 2'],
    ['"version":2', '"version":-1', 'the log has format version -1; this program reads versions 0 to 2'],
    ['"version":2', '"version":"2"', 'the log has format version "2"; this program reads versions 0 to 2'],
  ])('is refused by name: %s → %s', (from, to, message) => {
    expect(read(sample.text.replace(from, to))).toEqual(E.left({ kind: 'foreign', line: 1, message }))
  })

  it('is damaged when its header is not one of ours and events follow it, and no log when they do not', () => {
    const message = 'this is not a statefold log: its first line does not say {"format":"statefold-log",…}'
    expect(read('{"format":"other-log"}\n{"a":1}\n')).toEqual(E.left({ kind: 'foreign', line: 1, message }))
    expect(read('{"format":"other-log"}\n')).toEqual(E.left({ kind: 'foreign', line: 1, message }))
    expect(read(sample.text.replace('statefold-log', 'other-log'))).toEqual(
      E.left({ kind: 'damaged', line: 1, message: `${message}; events follow it: the log is damaged` }),
    )
  })

  it('is refused by name when it holds an event that nobody knows', () => {
    // As a newer program would write it: the digests are right.
    const newer = makeLogWriter(sample.header, nodeSha256)
    const renamed = turnsOf(sample.log).map((turn) =>
      turn.map((recorded) =>
        recorded.event.kind === 'NodeCreated'
          ? { ...recorded, event: { ...recorded.event, kind: 'NodeTeleported' } as unknown as typeof recorded.event }
          : recorded,
      ),
    )
    const found = read(`${newer.header}${renamed.map((turn) => newer.turn(turn)).join('')}`)
    if (E.isRight(found)) throw new Error('nobody noticed')
    expect([found.left.kind, found.left.message]).toEqual([
      'foreign',
      expect.stringMatching(/^line \d+: event \d+ \(NodeTeleported\) is not one that this version knows/),
    ])
  })

  it('is damaged when somebody changed the name of an event', () => {
    const found = read(sample.text.replace('"kind":"NodeCreated"', '"kind":"NodeTeleported"'))
    if (E.isRight(found)) throw new Error('nobody noticed')
    expect([found.left.kind, found.left.message]).toEqual(['damaged', expect.stringMatching(/has been changed/)])
  })
})
