/** How long ago something was, in the words of a table: `5s`, `2m1s`, `47h`, `<unknown>`. */
import { simTimeOf, type SimTime } from '../../kernel/sim-time.js'

const two = (value: number, unit: string, rest: number, restUnit: string): string =>
  rest === 0 ? `${value}${unit}` : `${value}${unit}${rest}${restUnit}`

/** `milliseconds` → text. Follows HumanDuration in apimachinery/pkg/util/duration/duration.go. */
export const humanDuration = (milliseconds: number): string => {
  const seconds = Math.trunc(milliseconds / 1_000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return two(days, 'd', hours % 24, 'h')
  if (hours < 24 * 365 * 2) return `${days}d`
  const years = Math.floor(days / 365)
  return hours < 24 * 365 * 8 ? two(years, 'y', days % 365, 'd') : `${years}y`
}

/** Follows translateTimestampSince in pkg/printers/internalversion/printers.go. */
export const ageOf = (timestamp: string | null | undefined, now: SimTime): string => {
  const since = timestamp === undefined || timestamp === null ? undefined : simTimeOf(timestamp)
  return since === undefined ? '<unknown>' : humanDuration(now - since)
}
