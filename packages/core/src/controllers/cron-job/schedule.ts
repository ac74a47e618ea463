/**
 * When a schedule of five fields comes due. Times are simulated milliseconds; the calendar is UTC. Follows github.com/robfig/cron/v3 (parser.go,
 * spec.go, constantdelay.go) with the fields of its standard parser.
 */
import * as E from 'fp-ts/lib/Either.js'
import { timestampOf, type SimTime } from '../../kernel/sim-time.js'

interface Field {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const fields: readonly [Field, Field, Field, Field, Field] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { name: 'day of week', min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
]

const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

interface Wanted {
  readonly values: ReadonlySet<number>
  /** Written as `*` or `?`. */
  readonly isAny: boolean
}

export type Schedule =
  | { readonly kind: 'every'; readonly ms: number }
  | {
      readonly kind: 'calendar'
      readonly minute: Wanted
      readonly hour: Wanted
      readonly day: Wanted
      readonly month: Wanted
      readonly weekday: Wanted
    }

const numberIn = (text: string, { min, names }: Field): number => {
  const named = names?.indexOf(text.toLowerCase()) ?? -1
  return named >= 0 ? named + min : /^\d+$/.test(text) ? Number(text) : Number.NaN
}

/** `*`, `5`, `1-5`, `1-59/2`, a step after a star, `mon-fri`; several with commas. */
const parseField = (text: string, field: Field): E.Either<string, Wanted> => {
  const values = new Set<number>()
  let isAny = false
  for (const part of text.split(',')) {
    const [range = '', stepText, ...more] = part.split('/')
    const step = stepText === undefined ? 1 : numberIn(stepText, { ...field, names: [] })
    if (more.length > 0 || Number.isNaN(step)) return E.left(`failed to parse number: ${JSON.stringify(part)}`)
    if (step === 0) return E.left(`step of range should be a positive number: ${part}`)
    const isStar = range === '*' || range === '?'
    const [low = '', high] = range.split('-')
    const start = isStar ? field.min : numberIn(low, field)
    // A number with a step goes on to the end.
    const end = isStar ? field.max : high === undefined ? (stepText === undefined ? start : field.max) : numberIn(high, field)
    if (Number.isNaN(start) || Number.isNaN(end))
      return E.left(`failed to parse int from ${range}: strconv.Atoi: parsing ${JSON.stringify(range)}: invalid syntax`)
    if (start < field.min) return E.left(`beginning of range (${start}) below minimum (${field.min}): ${part}`)
    if (end > field.max) return E.left(`end of range (${end}) above maximum (${field.max}): ${part}`)
    if (start > end) return E.left(`beginning of range (${start}) beyond end of range (${end}): ${part}`)
    if (isStar && step === 1) isAny = true
    for (let value = start; value <= end; value += step) values.add(value)
  }
  return E.right({ values, isAny })
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000 }

export const parseSchedule = (text: string): E.Either<string, Schedule> => {
  const every = /^@every ((?:\d+[hms])+)$/.exec(text)
  if (every !== null) {
    const total = [...(every[1] ?? '').matchAll(/(\d+)([hms])/g)].reduce(
      (sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? 's'] ?? 1_000),
      0,
    )
    return E.right({ kind: 'every', ms: Math.max(1_000, total) })
  }
  const written = nicknames[text] ?? text
  if (written.startsWith('@')) return E.left(`unrecognized descriptor: ${text}`)
  const parts = written.trim().split(/\s+/)
  if (parts.length !== 5) return E.left(`expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`)
  const parsed = fields.map((field, index) => parseField(parts[index] ?? '', field))
  const [minute, hour, day, month, weekday] = parsed
  for (const one of parsed) if (E.isLeft(one)) return one
  if (minute?._tag !== 'Right' || hour?._tag !== 'Right' || day?._tag !== 'Right' || month?._tag !== 'Right' || weekday?._tag !== 'Right')
    return E.left('empty spec string')
  return E.right({ kind: 'calendar', minute: minute.right, hour: hour.right, day: day.right, month: month.right, weekday: weekday.right })
}

const dayMs = 86_400_000
/** 1 January 2026, when simulated time begins, is a Thursday. */
const firstWeekday = 4
/** A date that does not come within five years never comes: 30 February. */
const daysAtMost = 5 * 366

/** The first time after `time`; undefined: it never comes. Follows SpecSchedule.Next: days of month and of week are one or the other, unless one is `*`. */
export const nextAfter = (schedule: Schedule, time: SimTime): SimTime | undefined => {
  if (schedule.kind === 'every') return Math.floor(time / 1_000) * 1_000 + schedule.ms
  const from = (Math.floor(time / 60_000) + 1) * 60_000
  const firstDay = Math.floor(from / dayMs)
  for (let day = firstDay; day < firstDay + daysAtMost; day += 1) {
    const [, month, date] = timestampOf(day * dayMs)
      .slice(0, 10)
      .split('-')
      .map(Number)
    const weekday = (((day + firstWeekday) % 7) + 7) % 7
    const { day: days, weekday: weekdays } = schedule
    const fitsDate = days.values.has(date ?? 0)
    const fitsWeekday = weekdays.values.has(weekday)
    if (!schedule.month.values.has(month ?? 0)) continue
    if (days.isAny || weekdays.isAny ? !(fitsDate && fitsWeekday) : !(fitsDate || fitsWeekday)) continue
    const firstMinute = day === firstDay ? (from - day * dayMs) / 60_000 : 0
    for (let minute = firstMinute; minute < 1_440; minute += 1)
      if (schedule.hour.values.has(Math.floor(minute / 60)) && schedule.minute.values.has(minute % 60)) return day * dayMs + minute * 60_000
  }
  return undefined
}
