import { expect, it } from 'vitest'

import { ageOf, humanDuration } from './human-duration.js'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

it.each([
  [-2_001, '<invalid>'],
  [-1_500, '0s'],
  [0, '0s'],
  [119_999, '119s'],
  [2 * minute, '2m'],
  [10 * minute - 1, '9m59s'],
  [10 * minute + 30 * second, '10m'],
  [3 * hour - 1, '179m'],
  [3 * hour, '3h'],
  [5 * hour - minute, '4h59m'],
  [47 * hour, '47h'],
  [2 * day, '2d'],
  [8 * day - 1, '7d23h'],
  [8 * day, '8d'],
  [729 * day, '729d'],
  [730 * day, '2y'],
  [731 * day, '2y1d'],
  [8 * 365 * day, '8y'],
])('%i ms is %s', (milliseconds, text) => {
  expect(humanDuration(milliseconds)).toBe(text)
})

it('does not know the age of what has no time', () => {
  expect(ageOf(undefined, 0)).toBe('<unknown>')
  expect(ageOf('2026-01-01T00:00:00Z', 5_000)).toBe('5s')
})
