/** printf(1): the format is used again as long as there are values. */
import { escapesOf } from './parse.js'

const pad = (text: string, flags: string, width: string, zeros: boolean): string => {
  const wanted = Number(width === '' ? '0' : width)
  if (flags.includes('-')) return text.padEnd(wanted)
  if (!zeros || !flags.includes('0')) return text.padStart(wanted)
  return text.startsWith('-') ? `-${text.slice(1).padStart(wanted - 1, '0')}` : text.padStart(wanted, '0')
}

const numberOf = (text: string): number => {
  if (/^["']/.test(text)) return text.codePointAt(1) ?? 0
  const value = Number(text)
  return Number.isNaN(value) ? Number.parseInt(text, 10) || 0 : value
}

export const formatPrintf = (format: string, values: readonly string[]): string => {
  let at = 0
  let result = ''
  do {
    const before = at
    let stopped = false
    result += format.replace(
      /\\(?:x[0-9a-fA-F]{1,2}|[0-7]{1,3}|[^])|%([-+ 0#]*)(\d*|\*)(?:\.(\d+))?([a-zA-Z%])/g,
      (whole, flags: string | undefined, width: string | undefined, precision: string | undefined, letter: string | undefined) => {
        if (stopped) return ''
        if (letter === undefined) {
          if (whole === '\\c') stopped = true
          return whole === '\\c' ? '' : escapesOf(whole)
        }
        if (letter === '%') return '%'
        const wide = width === '*' ? (values[at++] ?? '') : (width ?? '')
        const value = values[at] ?? ''
        at += 1
        switch (letter) {
          case 's':
            return pad(precision === undefined ? value : value.slice(0, Number(precision)), flags ?? '', wide, false)
          case 'b':
            return pad(escapesOf(value), flags ?? '', wide, false)
          case 'q':
            return /^[\w./:-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`
          case 'c':
            return pad(value.slice(0, 1), flags ?? '', wide, false)
          case 'd':
          case 'i':
          case 'u': {
            const digits = String(Math.trunc(numberOf(value)))
            return pad((flags ?? '').includes('+') && !digits.startsWith('-') ? `+${digits}` : digits, flags ?? '', wide, true)
          }
          case 'x':
            return pad(numberOf(value).toString(16), flags ?? '', wide, true)
          case 'X':
            return pad(numberOf(value).toString(16).toUpperCase(), flags ?? '', wide, true)
          case 'o':
            return pad(numberOf(value).toString(8), flags ?? '', wide, true)
          case 'f':
            return pad(numberOf(value).toFixed(Number(precision ?? '6')), flags ?? '', wide, true)
          default:
            return whole
        }
      },
    )
    if (stopped || at === before) break
  } while (at < values.length)
  return result
}
