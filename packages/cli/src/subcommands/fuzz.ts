/** `statefold fuzz`: random histories of a scenario's cluster; what breaks, shrunk, as a scenario. */
import * as E from 'fp-ts/lib/Either.js'
import { formatProblems, fuzz as search, scenarioText, stepWords, type FuzzFinding } from '@statefold/scenarios'
import { badInput, exitCodes, type ExitCode } from '../exit-codes.js'
import type { Output } from '../output.js'
import { readScenario } from '../read-scenario.js'
import { refuseExisting, writeWhole } from '../write-files.js'

export interface FuzzFlags {
  readonly seed?: number
  readonly runs?: number
  readonly seconds?: number
  readonly steps?: number
  readonly write?: string
  readonly overwrite?: boolean
  readonly json?: boolean
}

const numbered = (path: string, index: number): string => (index === 0 ? path : path.replace(/(\.ya?ml)?$/, `-${index + 1}$1`))

const wordsOf = ({ property, message, steps, found, isConfirmed, run }: FuzzFinding): string =>
  [
    message,
    `history ${run}, ${found} steps, shrunk to ${steps.length}${isConfirmed ? '' : ' (an ordinary run of these steps does not break it: the timing of a client differs)'}`,
    ...steps.map((step) => `  ${step.after === undefined ? '' : `after ${step.after} ms: `}${stepWords(step)}`),
    property,
  ].join('\n')

export const fuzz = (name: string, flags: FuzzFlags, output: Output): ExitCode => {
  const scenario = readScenario(name)
  if (flags.write !== undefined) refuseExisting(flags.write, flags.overwrite === true)
  const { seed, runs, seconds, steps } = flags
  const fuzzed = search(scenario, {
    ...(seed === undefined ? undefined : { seed }),
    ...(runs === undefined ? undefined : { runs }),
    ...(seconds === undefined ? undefined : { seconds, runs: runs ?? Number.MAX_SAFE_INTEGER }),
    ...(steps === undefined ? undefined : { steps }),
    clock: () => performance.now(),
    progress: (count) => {
      output.progress(
        `${count.runs} histories, ${count.commands} commands and faults, ${count.states} states, ${Math.floor(count.seconds)} s`,
      )
    },
  })
  output.progress('')
  if (E.isLeft(fuzzed)) throw badInput(formatProblems(fuzzed.left))
  const { findings, ...counts } = fuzzed.right
  const written: string[] = []
  if (flags.write !== undefined)
    for (const [index, finding] of findings.entries()) {
      const path = numbered(flags.write, index)
      writeWhole(path, scenarioText(finding.scenario, `Broken: ${finding.property}\n${finding.message}`))
      written.push(path)
    }
  if (flags.json === true) {
    for (const { scenario: _scenario, ...finding } of findings) output.print(`${JSON.stringify(finding)}\n`)
    output.print(`${JSON.stringify({ ...counts, findings: findings.length, written })}\n`)
  } else {
    for (const finding of findings) output.print(`${output.paint.tone('bad', `broken: ${finding.property}`)}\n${wordsOf(finding)}\n\n`)
    output.print(
      `${counts.runs} histories, ${counts.commands} commands and faults, ${counts.states} different states, ${counts.marks.length} marks, ${counts.seconds.toFixed(1)} s\n` +
        (counts.meant > 0
          ? `${counts.meant} histories had two processes of one name after a forced deletion or a lost node, as they may\n`
          : '') +
        written.map((path) => `written to ${path}  (statefold run ${path})\n`).join(''),
    )
  }
  return findings.length > 0 ? exitCodes.violated : exitCodes.passed
}
