/** A finding as a scenario file that shows it by itself: the same scenario with the choices that lead there, and the way in words. */
import { stringify } from 'yaml'
import type { Json, JsonObject } from '@statefold/core'
import { asOne, conditionWords } from '../evaluate-condition.js'
import type { Finding } from '../explore/search-types.js'
import { nextAddress, withinAddress } from '../explore/walk.js'
import { scenarioFile } from '../format/scenario-codec.js'
import { titleOf, type Scenario } from '../scenario.js'

const asComment = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? '#' : `# ${line}`))
    .join('\n')

export const choicesOf = ({ decisions }: Finding): Readonly<Record<string, number>> => {
  const choices: Record<string, number> = {}
  for (const [index, { option, within, isAnytime }] of decisions.entries()) {
    if (option !== 0 || isAnytime) choices[nextAddress(index + 1)] = option
    for (const [at, value] of within.entries()) if (value !== 0) choices[withinAddress(index + 1, at)] = value
  }
  return choices
}

/** The way there, one decision a line; runs of ordinary ones are not left out: they are the story. */
export const storyOf = ({ decisions }: Finding): readonly string[] =>
  decisions.map(
    ({ words, happened, option }, index) =>
      `${index + 1}. ${words}${happened.length > 0 ? ` (${happened.join('; ')})` : ''}${option === 0 ? '' : '  <- chosen'}`,
  )

// What was read from a file has no undefined fields.
const asWritten = (object: JsonObject): { readonly [name: string]: Json } => object as { readonly [name: string]: Json }

/** Manifests and applied files stand in the file itself, so that it can be put anywhere. */
const inlined = (scenario: Scenario): Scenario['written'] => {
  const { written } = scenario
  return {
    ...written,
    ...(scenario.manifests.length === 0 ? undefined : { manifests: scenario.manifests.map(({ object }) => asWritten(object)) }),
    ...(written.steps === undefined
      ? undefined
      : {
          steps: written.steps.map((step, index) => {
            const applied = scenario.applied.get(index)
            return applied === undefined ? step : { ...step, apply: applied.map(({ object }) => asWritten(object)) }
          }),
        }),
  }
}

export const writeCounterexample = (scenario: Scenario, finding: Finding, seed: number): string => {
  const { choices: _choices, ...written } = inlined(scenario)
  const choices = choicesOf(finding)
  const heading = [
    `${finding.kind === 'sometimes' ? 'Reached' : 'Broken'}: ${finding.property}`,
    finding.message,
    ...(finding.hint === undefined ? [] : [finding.hint]),
    '',
    `From "${titleOf(scenario)}", after ${finding.decisions.length} decisions:`,
    ...storyOf(finding),
  ].join('\n')
  // One file shows one thing: what other paths are to reach is not expected of this one.
  const expect = (written.expect ?? []).filter(
    ({ sometimes }) => sometimes === undefined || conditionWords(asOne(sometimes)) === finding.property,
  )
  return textOf(heading, {
    ...written,
    expect,
    title: `${titleOf(scenario)}: ${finding.property}`,
    seed,
    ...(Object.keys(choices).length === 0 ? undefined : { choices }),
  })
}

const textOf = (heading: string, written: Scenario['written']): string =>
  `${asComment(heading)}\n${stringify(scenarioFile.encode(written), { lineWidth: 0 })}`

/** A scenario as a file, with its manifests in it and a heading. */
export const scenarioText = (scenario: Scenario, heading: string): string => textOf(heading, inlined(scenario))
