/** Measures the figures asked for, each in a fresh process, prints them and writes the page. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { boundText, figures, meetsBudget, type Figure, type Measured, type Result } from './figures.js'
import { page } from './page.js'

const help = `pnpm bench [--json] [--only NAME]… [--no-write]

Measures every figure of docs/benchmarks.md, each in a fresh process, and writes that page. About five minutes on two idle cores.
  --json       one line a figure: {"name","value","unit","budget","floor"}
  --only NAME  this figure alone (may be given more than once); the page keeps the others as they were
  --no-write   leave docs/benchmarks.md as it is
`

/** Three digits that mean something, or the whole number. */
const rounded = (value: number): number => Number(Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3))

/** A long log is made once for each version of the sources: an older one's is of no use. */
const forgetOldLogs = (scratch: string, newest: number): void => {
  for (const file of readdirSync(scratch)) {
    const path = join(scratch, file)
    if (file.endsWith('.part') || (file.endsWith('.ndjson') && statSync(path).mtimeMs < newest)) rmSync(path)
  }
}

const measure = (figure: Figure, root: string, scratch: string): Measured | string => {
  const child = spawnSync(process.execPath, [...figure.flags, join(scratch, 'measure.mjs'), figure.name, root, scratch], {
    encoding: 'utf8',
    timeout: figure.timeoutSeconds * 1_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // What our own child prints.
  if (child.status === 0) return JSON.parse(child.stdout.trim().split('\n').at(-1) ?? 'null') as Measured
  return child.error?.message ?? child.stderr.trim().split('\n').slice(0, 6).join('\n')
}

const table = (results: readonly Result[]): string => {
  const rows = [
    ['figure', 'value', 'unit', 'budget', 'floor', ''],
    ...results.map((result) => [
      result.name,
      String(result.value),
      result.unit,
      boundText(result),
      result.floor === null ? '–' : String(result.floor),
      meetsBudget(result) ? 'met' : 'missed',
    ]),
  ]
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const notes = results.flatMap(({ name, note }) => (note === undefined ? [] : [`  ${name}: ${note}`]))
  return [...lines, ...notes, ''].join('\n')
}

const readResults = (path: string): readonly Result[] => {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { readonly figures: readonly Result[] }).figures
  } catch {
    // The first time there is nothing to keep.
    return []
  }
}

/** The exit code: 0, or 70 when a figure could not be measured, or 64 when there is none of that name. */
export const runBench = (args: readonly string[], root: string, scratch: string, sourcesChangedAt: number): number => {
  const { values: asked } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean' },
      only: { type: 'string', multiple: true },
      'no-write': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (asked.help === true) {
    process.stdout.write(help)
    return 0
  }
  const unknown = (asked.only ?? []).filter((name) => !figures.some((figure) => figure.name === name))
  if (unknown.length > 0) {
    process.stderr.write(`bench: there is no figure ${unknown.join(', ')}; there are ${figures.map(({ name }) => name).join(', ')}\n`)
    return 64
  }
  mkdirSync(scratch, { recursive: true })
  forgetOldLogs(scratch, sourcesChangedAt)
  const [cpu] = cpus()
  const date = new Date().toISOString().slice(0, 10)
  const machine = `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, ${process.platform}`
  const results: Result[] = []
  let exit = 0
  for (const figure of figures) {
    if (asked.only !== undefined && !asked.only.includes(figure.name)) continue
    if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${figure.name} …`)
    const measured = measure(figure, root, scratch)
    if (process.stderr.isTTY) process.stderr.write('\r\u001B[K')
    if (typeof measured === 'string') {
      process.stderr.write(`bench: ${figure.name} could not be measured: ${measured}\n`)
      exit = 70
      continue
    }
    const { name, unit, bound, budget, flags } = figure
    const what = flags.length === 0 ? figure.what : `${figure.what} (\`node ${flags.join(' ')}\`)`
    const value = rounded(measured.value)
    const floor = measured.floor === null ? null : rounded(measured.floor)
    const { note, plot } = measured
    results.push({
      name,
      value,
      unit,
      bound,
      budget,
      floor,
      what,
      ...(note === undefined ? undefined : { note }),
      ...(plot === undefined ? undefined : { plot }),
      date,
      machine,
    })
    if (asked.json === true) process.stdout.write(`${JSON.stringify({ name, value, unit, budget, floor })}\n`)
  }
  if (asked.json !== true) process.stdout.write(table(results))
  if (asked['no-write'] === true) return exit
  const kept = join(root, 'docs/benchmarks.json')
  const before = readResults(kept)
  const merged = figures.flatMap(({ name }) => {
    const result = results.find((fresh) => fresh.name === name) ?? before.find((known) => known.name === name)
    return result === undefined ? [] : [result]
  })
  writeFileSync(kept, `${JSON.stringify({ figures: merged }, null, 2)}\n`)
  writeFileSync(join(root, 'docs/benchmarks.md'), page(merged))
  return exit
}
