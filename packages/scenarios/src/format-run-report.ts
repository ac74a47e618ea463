/** A report as text for people, and as JUnit XML for machines. */
import type { RunReport } from './run-report.js'

export type ReportTone = 'good' | 'bad' | 'waiting' | 'faint' | 'plain'
export interface ReportPaint {
  readonly tone: (tone: ReportTone, text: string) => string
}
export const plainReportPaint: ReportPaint = { tone: (_, text) => text }

/** `0.000s`, `2m14.300s`, `1h02m03.000s` */
const formatInstant = (at: number): string => {
  const two = (value: number): string => String(value).padStart(2, '0')
  const seconds = `${Math.floor(at / 1_000) % 60}`
  const milliseconds = String(at % 1_000).padStart(3, '0')
  const minutes = Math.floor(at / 60_000) % 60
  const hours = Math.floor(at / 3_600_000)
  if (hours > 0) return `${hours}h${two(minutes)}m${two(Number(seconds))}.${milliseconds}s`
  return minutes > 0 ? `${minutes}m${two(Number(seconds))}.${milliseconds}s` : `${seconds}.${milliseconds}s`
}

const outcomeWords: Readonly<Record<RunReport['outcome'], string>> = {
  passed: 'PASSED',
  violated: 'VIOLATED',
  notConverged: 'NOT CONVERGED',
  nondeterministic: 'NOT DETERMINISTIC',
  unknown: 'UNKNOWN',
}

const someLines = (lines: readonly string[], most: number): readonly string[] =>
  lines.length <= most ? lines : [...lines.slice(0, most), `… and ${lines.length - most} more`]

export const formatRunReport = (report: RunReport, { tone }: ReportPaint): string => {
  const lines: string[] = []
  const head = (title: string): void => {
    lines.push('', title)
  }
  for (const violation of report.violations.slice(0, 5)) {
    lines.push(
      '',
      tone('bad', `${violation.invariant} was violated at ${formatInstant(violation.at)} (seq ${violation.seq}, turn ${violation.turn})`),
      `  ${violation.message}`,
      ...(violation.causes.length === 0 ? [] : [`  caused by: ${violation.causes.join(' → ')}`]),
      `  again:  ${report.again}`,
      ...(violation.hint === undefined ? [] : [`  hint:   ${violation.hint}`]),
    )
  }
  const failedSteps = report.steps.filter(({ outcome }) => outcome === 'failed')
  for (const step of failedSteps) {
    lines.push(
      '',
      tone('bad', `step ${step.index + 1} failed at ${formatInstant(step.endedAt)}: ${step.words}`),
      `  ${step.message ?? ''}`,
      `  again:  ${report.again}`,
    )
  }
  if (report.expectations.length + report.invariants.length > 0) {
    head('expected')
    for (const { kind, words, outcome, at, found, because } of report.expectations) {
      const sign = outcome === 'held' ? tone('good', '✓') : outcome === 'failed' ? tone('bad', '✗') : tone('faint', '·')
      const when = at === undefined ? '' : tone('faint', `  at ${formatInstant(at)}`)
      lines.push(`  ${sign} ${kind}: ${words}${when}`)
      if (outcome === 'failed' && found !== undefined) lines.push(`      found: ${found}`)
      if (outcome === 'failed' && because !== undefined) lines.push(`      ${because}`)
      if (outcome === 'not judged') lines.push(tone('faint', '      not judged: the run ended before'))
    }
  }
  if (report.invariants.length > 0) {
    const broken = new Set(report.violations.map(({ invariant }) => invariant)).size
    lines.push(
      broken === 0
        ? `  ${tone('good', '✓')} ${report.invariants.length} invariants, checked at every event`
        : `  ${tone('bad', '✗')} ${broken} of ${report.invariants.length} invariants`,
    )
  }
  if (report.objects.length > 0) {
    head('objects')
    const width = Math.max(...report.objects.map(({ object }) => object.length))
    for (const { object, words } of report.objects) lines.push(`  ${object.padEnd(width)}  ${words}`)
  }
  const { owed, unsettled, waiting } = report
  const causes = owed.flatMap(({ cause }) => (cause === undefined ? [] : [cause]))
  if (report.outcome !== 'passed' && causes.length > 0) {
    head('because')
    for (const line of someLines(causes, 6)) lines.push(`  ${tone('waiting', line)}`)
  }
  if (report.outcome !== 'passed' && unsettled.length + waiting.length > 0) {
    head('waiting for')
    const all = [
      ...unsettled.map(({ object, because }) => `${object}: ${because}`),
      ...waiting.map(({ controller, because }) => `${controller} waits: ${because}`),
    ]
    for (const line of someLines([...new Set(all)], 12)) lines.push(`  ${tone('waiting', line)}`)
  }
  if (report.storedKinds.length > 0) lines.push('', tone('faint', `stored, not simulated: ${report.storedKinds.join(', ')}`))
  const sentence = [
    tone(report.outcome === 'passed' ? 'good' : 'bad', outcomeWords[report.outcome]),
    `${formatInstant(report.at)} simulated, ${report.events} events, seed ${report.seed}`,
  ]
  lines.push('', sentence.join('  '))
  // Failed steps and violations have been told above, with the way to see them again.
  if (report.reason !== undefined && failedSteps.length + report.violations.length === 0)
    lines.push(`  ${report.reason}`, `  again:  ${report.again}`)
  return `${lines.slice(lines[0] === '' ? 1 : 0).join('\n')}\n`
}

// The character class names what XML 1.0 forbids.
// eslint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g
const escapeXml = (text: string): string =>
  text.replace(forbidden, '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

interface Case {
  readonly name: string
  readonly failure?: string
  readonly skipped?: boolean
}

const casesOf = (report: RunReport): readonly Case[] => [
  ...report.steps.map(({ index, words, outcome, message }): Case => ({
    name: `step ${index + 1}: ${words}`,
    ...(outcome === 'failed' ? { failure: message ?? 'failed' } : undefined),
    ...(outcome === 'not reached' ? { skipped: true } : undefined),
  })),
  ...report.expectations.map(({ kind, words, outcome, found }): Case => ({
    name: `${kind}: ${words}`,
    ...(outcome === 'failed' ? { failure: `found: ${found ?? 'that it did not hold'}` } : undefined),
    ...(outcome === 'not judged' ? { skipped: true } : undefined),
  })),
  ...report.invariants.map((name): Case => {
    const violation = report.violations.find(({ invariant }) => invariant === name)
    return { name: `invariant: ${name}`, ...(violation === undefined ? undefined : { failure: violation.message }) }
  }),
  {
    name: 'outcome',
    ...(report.outcome === 'passed' ? undefined : { failure: `${report.outcome}: ${report.reason ?? ''}\nagain: ${report.again}` }),
  },
]

/** The report as one JUnit test suite. */
export const formatJUnit = (report: RunReport): string => {
  const cases = casesOf(report)
  const failures = cases.filter(({ failure }) => failure !== undefined).length
  const skipped = cases.filter((one) => one.skipped === true).length
  const suite = escapeXml(report.title)
  const body = cases.map(({ name, failure, skipped: isSkipped }) => {
    const head = `    <testcase classname="${suite}" name="${escapeXml(name)}" time="0"`
    if (failure !== undefined)
      return `${head}>\n      <failure message="${escapeXml(failure.split('\n')[0] ?? '')}">${escapeXml(failure)}</failure>\n    </testcase>`
    return isSkipped === true ? `${head}>\n      <skipped/>\n    </testcase>` : `${head}/>`
  })
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}" time="${(report.at / 1_000).toFixed(3)}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts}>\n  <testsuite name="${suite}" ${counts}>\n${body.join('\n')}\n  </testsuite>\n</testsuites>\n`
}
