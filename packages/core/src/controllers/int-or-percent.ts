/** Numbers that may be given as shares. Follows apimachinery/pkg/util/intstr/intstr.go. */
import type { IntOrString } from '../api/generated/types.js'

/** `25%` of 10 is 3 rounded up and 2 rounded down; a plain number stays. */
export const scaledValue = (value: IntOrString | undefined, total: number, rounding: 'up' | 'down'): number => {
  if (value === undefined) return 0
  if (typeof value === 'number') return value
  const match = /^(\d+)%$/.exec(value)
  if (match === null) return 0
  const hundredths = Number(match[1]) * total
  return rounding === 'up' ? Math.ceil(hundredths / 100) : Math.floor(hundredths / 100)
}
