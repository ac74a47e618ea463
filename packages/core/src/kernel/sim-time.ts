/** Simulated time: whole milliseconds from the start of the run. Arithmetic only; the calendar begins at a fixed instant. */
export type SimTime = number

/** The instant that simulated time 0 stands for: 2026-01-01T00:00:00Z, in seconds since 1970. */
export const epochSeconds = 1_767_225_600

const pad = (value: number, width: number): string => String(value).padStart(width, '0')

const fieldsOf = (secondsSince1970: number): { date: string; time: string } => {
  const days = Math.floor(secondsSince1970 / 86_400)
  const rest = secondsSince1970 - days * 86_400
  // Civil date from a day count (proleptic Gregorian calendar, eras of 400 years).
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const month = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * month + 2) / 5) + 1
  const calendarMonth = month < 10 ? month + 3 : month - 9
  const year = yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0)
  return {
    date: `${pad(year, 4)}-${pad(calendarMonth, 2)}-${pad(day, 2)}`,
    time: `${pad(Math.floor(rest / 3_600), 2)}:${pad(Math.floor(rest / 60) % 60, 2)}:${pad(rest % 60, 2)}`,
  }
}

let lastSecond = -1
let lastText = ''

/** RFC 3339 with whole seconds, as metav1.Time: `2026-01-01T00:00:03Z`. (The last answer is kept: most calls ask for the same second.) */
export const timestampOf = (time: SimTime): string => {
  const second = epochSeconds + Math.floor(time / 1_000)
  if (second !== lastSecond) {
    const { date, time: clock } = fieldsOf(second)
    lastText = `${date}T${clock}Z`
    lastSecond = second
  }
  return lastText
}

/** RFC 3339 with microseconds, as metav1.MicroTime: `2026-01-01T00:00:03.250000Z`. */
export const microTimestampOf = (time: SimTime): string => {
  const whole = timestampOf(time)
  return `${whole.slice(0, -1)}.${pad(((time % 1_000) + 1_000) % 1_000, 3)}000Z`
}

/** The inverse of `timestampOf`: the simulated time at which that second began. Undefined when the text is no such timestamp. */
export const simTimeOf = (timestamp: string): SimTime | undefined => {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/.exec(timestamp)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((index) => Number(match[index])) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const shiftedYear = month <= 2 ? year - 1 : year
  const era = Math.floor(shiftedYear / 400)
  const yearOfEra = shiftedYear - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  const days = era * 146_097 + dayOfEra - 719_468
  const milliseconds = match[7] === undefined ? 0 : Number(match[7].padEnd(3, '0').slice(0, 3))
  return (days * 86_400 + hour * 3_600 + minute * 60 + second - epochSeconds) * 1_000 + milliseconds
}
