/** Lengths of time as people write them: `1m30s`, `500ms`, `2h`. In the program: whole milliseconds. */
import * as t from 'io-ts'
import type { FormatCodec } from './codec.js'

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** One year: longer is a mistake. */
const durationMaxMs = 366 * 86_400_000

const pattern = /^(?:\d{1,15}(?:ms|s|m|h|d))+$/

/** undefined: that is no length of time. */
export const parseDuration = (written: string): number | undefined => {
  if (!pattern.test(written)) return undefined
  let sum = 0
  for (const [, count, unit] of written.matchAll(/(\d+)(ms|s|m|h|d)/g)) sum += Number(count) * (unitMs[unit ?? ''] ?? 0)
  return sum <= durationMaxMs ? sum : undefined
}

/** The shortest text that means these milliseconds: `1m30s`. */
export const formatDuration = (ms: number): string => {
  if (ms === 0) return '0s'
  let rest = ms
  let written = ''
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = unitMs[unit] ?? 1
    const count = Math.floor(rest / size)
    if (count > 0) written += `${count}${unit}`
    rest -= count * size
  }
  return written
}

const expected = 'a length of time such as 500ms, 30s or 1m30s'

export const duration: FormatCodec<number, string> = Object.assign(
  new t.Type<number, string, unknown>(
    'duration',
    (value): value is number => typeof value === 'number',
    (value, context) => {
      const ms = typeof value === 'string' ? parseDuration(value) : undefined
      return ms === undefined ? t.failure(value, context, expected) : t.success(ms)
    },
    formatDuration,
  ),
  { expected, schema: { type: 'string', pattern: pattern.source, examples: ['500ms', '30s', '1m30s'] } },
)
