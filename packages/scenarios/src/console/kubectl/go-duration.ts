/** Go's durations as text: `1h2m3.5s` (package time, ParseDuration and Duration.String). In milliseconds here. */
import * as E from 'fp-ts/lib/Either.js'

const unitInMilliseconds: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

export const parseGoDuration = (input: string): E.Either<string, number> => {
  const quoted = JSON.stringify(input)
  const sign = input.startsWith('-') ? -1 : 1
  const body = input.replace(/^[+-]/, '')
  if (body === '0') return E.right(0)
  if (body === '') return E.left(`time: invalid duration ${quoted}`)
  let rest = body
  let total = 0
  while (rest !== '') {
    const number = /^(?:\d+\.?\d*|\.\d+)/.exec(rest)?.[0]
    if (number === undefined) return E.left(`time: invalid duration ${quoted}`)
    rest = rest.slice(number.length)
    const unit = /^[^\d.]+/.exec(rest)?.[0]
    if (unit === undefined) return E.left(`time: missing unit in duration ${quoted}`)
    const size = unitInMilliseconds[unit]
    if (size === undefined) return E.left(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`)
    total += Number(number) * size
    rest = rest.slice(unit.length)
  }
  return E.right(sign * total)
}

/** `1m30s`, `500ms`, `0s`. */
export const goDurationText = (milliseconds: number): string => {
  if (milliseconds === 0) return '0s'
  const sign = milliseconds < 0 ? '-' : ''
  const size = Math.abs(milliseconds)
  if (size < 1_000) return `${sign}${size}ms`
  const hours = Math.floor(size / 3_600_000)
  const minutes = Math.floor(size / 60_000) % 60
  const seconds = (size % 60_000) / 1_000
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`
  return minutes > 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`
}
