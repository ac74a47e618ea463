import { ClusterEvent, type Json } from '@statefold/core'
import * as fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { guardOf } from '../src/codec-guard.js'
import { DigestCodec, FirstLineCodec, FurtherLineCodec } from '../src/log-file.js'
import { sampleHistories, sampleLog } from './sample-logs.js'

const json = fc.jsonValue({ maxDepth: 3 })
const recorded = sampleHistories(6, 11).flatMap((history) => sampleLog(history).log)
const isClusterEvent = guardOf(ClusterEvent)

/** A real event with some fields taken out, replaced or added. */
const nearlyEvents = fc
  .record({
    event: fc.constantFrom(...recorded.map(({ event }) => event)),
    without: fc.option(fc.nat({ max: 9 })),
    changed: fc.option(fc.tuple(fc.nat({ max: 9 }), json)),
    added: fc.option(fc.tuple(fc.constantFrom('kind', 'set', 'removed', 'exits', 'message', '__proto__', 'toString'), json)),
  })
  .map(({ event, without, changed, added }) => {
    const fields = Object.entries(event as unknown as { readonly [key: string]: Json }).filter((_, place) => place !== without)
    const replaced = fields.map(([key, value], place): [string, unknown] => [key, place === changed?.[0] ? changed[1] : value])
    return Object.fromEntries(added === null ? replaced : [...replaced, added])
  })

describe('a compiled guard', () => {
  it('knows every event that the engine records', () => {
    expect(recorded.filter(({ event }) => !isClusterEvent(event))).toEqual([])
  })

  it('says of real events with changed fields what the codec says', () => {
    fc.assert(
      fc.property(nearlyEvents, (value) => {
        expect(isClusterEvent(value)).toBe(ClusterEvent.is(value))
      }),
      { numRuns: 3_000 },
    )
  })

  it('says of any JSON what the codec says', () => {
    const codecs: readonly t.Mixed[] = [
      ClusterEvent,
      FirstLineCodec,
      FurtherLineCodec,
      DigestCodec,
      t.union([t.string, t.type({ kind: t.literal('a') }), t.readonlyArray(t.number)]),
      t.record(t.string, t.union([t.null, t.boolean])),
      t.intersection([
        t.type({ a: t.unknown }),
        t.partial({ b: t.array(t.string) }),
        t.record(t.string, t.unknown),
        t.partial({ c: t.number }),
      ]),
    ]
    const guards = codecs.map(guardOf)
    fc.assert(
      fc.property(fc.oneof(json, fc.record({ a: json, b: json, c: json, kind: fc.constant('a') }, { requiredKeys: [] })), (value) => {
        for (const [index, codec] of codecs.entries()) expect(guards[index]?.(value)).toBe(codec.is(value))
      }),
      { numRuns: 2_000 },
    )
  })
})
