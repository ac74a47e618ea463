import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { simTimeOf, timestampOf } from '../../kernel/sim-time.js'
import { nextAfter, parseSchedule } from './schedule.js'

const next = (schedule: string, after: string): string | undefined => {
  const parsed = parseSchedule(schedule)
  if (E.isLeft(parsed)) throw new Error(parsed.left)
  const time = nextAfter(parsed.right, simTimeOf(after) ?? 0)
  return time === undefined ? undefined : timestampOf(time)
}

describe('a schedule comes due', () => {
  // The first rows are those of TestNext in github.com/robfig/cron/v3/spec_test.go, moved to a year of ours.
  it.each([
    ['0/15 * * * *', '2026-07-09T14:45:00Z', '2026-07-09T15:00:00Z'],
    ['0/15 * * * *', '2026-07-09T14:59:59Z', '2026-07-09T15:00:00Z'],
    ['20-35/15 * * * *', '2026-07-09T15:45:00Z', '2026-07-09T16:20:00Z'],
    ['*/15 0-22/2 * * *', '2026-07-09T23:46:00Z', '2026-07-10T00:00:00Z'],
    ['0 0 9 Apr-Oct ?', '2026-07-09T23:35:00Z', '2026-08-09T00:00:00Z'],
    ['0 0 */5 Apr,Aug,Oct Mon', '2026-07-09T23:35:00Z', '2026-08-01T00:00:00Z'],
    ['0 0 29 Feb ?', '2026-07-09T23:35:00Z', '2028-02-29T00:00:00Z'],
    ['0 0 30 Feb ?', '2026-07-09T23:35:00Z', undefined],
    ['* * * * *', '2026-12-31T23:59:59Z', '2027-01-01T00:00:00Z'],
    ['30 9 * * mon-fri', '2026-01-02T09:30:00Z', '2026-01-05T09:30:00Z'],
    ['0 0 13 * fri', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    ['@hourly', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z'],
    ['@weekly', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00Z'],
    ['@every 1h30m', '2026-01-01T00:00:10Z', '2026-01-01T01:30:10Z'],
  ])('%s after %s', (schedule, after, expected) => expect(next(schedule, after)).toBe(expected))

  it.each([
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-3 * * * *', 'beginning of range (5) beyond end of range (3): 5-3'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['@often', 'unrecognized descriptor: @often'],
  ])('not as %s', (schedule, why) => expect(parseSchedule(schedule)).toEqual(E.left(why)))
})
