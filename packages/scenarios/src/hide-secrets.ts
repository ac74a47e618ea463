/** Reports never show what Secrets hold, also where somebody printed it: its values are replaced in every text. */
import { textOfBase64, type Simulation } from '@statefold/core'

/** Shorter values are no secrets, and replacing them would make nonsense of a report. */
const lengthMin = 4

const mark = '(secret)'

const mapTexts = (value: unknown, change: (text: string) => string): unknown => {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change))
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]: [string, unknown]) => [key, mapTexts(item, change)]))
    : value
}

/** Remembers the values of all Secrets there ever were; the answer replaces them in a report. */
export const watchSecrets = (simulation: Simulation): (<T>(report: T) => T) => {
  const values = new Set<string>()
  simulation.changes$.subscribe(({ object }) => {
    if (object.kind !== 'Secret') return
    // A Secret as it is stored: `data` is base64 by key.
    const { data = {} } = object as unknown as { readonly data?: Readonly<Record<string, string>> }
    for (const encoded of Object.values(data))
      for (const value of [encoded, textOfBase64(encoded)]) if (value.length >= lengthMin) values.add(value)
  })
  return <T>(report: T): T => {
    if (values.size === 0) return report
    // Longer values first: one may be a part of another.
    const ordered = [...values].sort((a, b) => b.length - a.length || (a < b ? -1 : 1))
    const forms = ordered.flatMap((value) => [...new Set([value, value.trimEnd(), JSON.stringify(value).slice(1, -1)])])
    // Texts become texts; the shape stays.
    return mapTexts(report, (text) => forms.reduce((shown, value) => shown.replaceAll(value, mark), text)) as T
  }
}
