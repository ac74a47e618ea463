/** Ages as kubectl writes them. Follows HumanDuration in apimachinery/pkg/util/duration/duration.go. */
import { simTimeOf, type SimTime } from '@statefold/core'

export const humanDuration = (milliseconds: number): string => {
  const seconds = Math.trunc(milliseconds / 1_000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`
  if (days < 730) return `${days}d`
  const years = Math.floor(days / 365)
  if (days < 2_920) return days % 365 === 0 ? `${years}y` : `${years}y${days % 365}d`
  return `${years}y`
}

/** The age of a moment, or `<unknown>` without one. */
export const ageOf = (timestamp: string | null | undefined, now: SimTime): string => {
  const at = timestamp === undefined || timestamp === null ? undefined : simTimeOf(timestamp)
  return at === undefined ? '<unknown>' : humanDuration(now - at)
}
