import { describe, expect, it } from 'vitest'
import { backOffMs, emptyQueue, entryOf, readyTime, withEntry } from './work-queue.js'
import { sizeOf } from './persistent-map.js'

describe('a key that becomes ready', () => {
  it.each([
    ['is looked at after the latency', {}, 100, 1, 101],
    ['waits for the look it waits for already', { dueAt: 101 }, 100, 1, undefined],
    ['is looked at earlier than a later look', { dueAt: 500 }, 100, 1, 101],
    ['waits until its worker is free', { busyUntil: 150 }, 100, 1, 150],
    ['does not wait for a worker that is free by then', { busyUntil: 100 }, 100, 1, 101],
    ['is not looked at twice when its worker is busy', { busyUntil: 150, dueAt: 150 }, 100, 1, undefined],
  ])('%s', (_title, entry, now, latencyMs, expected) => {
    expect(readyTime(entry, now, latencyMs)).toBe(expected)
  })
})

describe('back-off', () => {
  it('doubles from 5 ms and stops at 1,000 s', () => {
    expect([1, 2, 3, 4, 10].map(backOffMs)).toEqual([5, 10, 20, 40, 2_560])
    expect([18, 19, 100, 100_000].map(backOffMs)).toEqual([655_360, 1_000_000, 1_000_000, 1_000_000])
  })
})

describe('a queue', () => {
  it('keeps no entry that says nothing', () => {
    const queue = withEntry(emptyQueue, 'default/web', { dueAt: 5, causedBy: 3 })
    expect(entryOf(queue, 'default/web')).toEqual({ dueAt: 5, causedBy: 3 })
    expect(sizeOf(withEntry(queue, 'default/web', { causedBy: 3, failures: 0 }))).toBe(0)
  })

  it('keeps what a plan remembers and how often it failed', () => {
    expect(entryOf(withEntry(emptyQueue, 'a', { memory: { seen: 1 } }), 'a').memory).toEqual({ seen: 1 })
    expect(entryOf(withEntry(emptyQueue, 'a', { failures: 2 }), 'a').failures).toBe(2)
    expect(entryOf(emptyQueue, 'a')).toEqual({})
  })
})
