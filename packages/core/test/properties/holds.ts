/** Runs a property with a fixed seed (or the one of the environment), and says on failure how to see it again and what the shortest history is. */
import * as fc from 'fast-check'
import { it } from 'vitest'
import type { History } from '../../src/testing/history.js'
import { seeds } from '../seeds.js'

const seedOfRun = Number(process.env['STATEFOLD_SEED'] ?? '1')
const path = process.env['STATEFOLD_PATH']
const factor = Number(process.env['STATEFOLD_RUNS_FACTOR'] ?? '1')

/** `judge` answers what is wrong, in a sentence, or undefined. Named seeds go first. */
export const holds = (
  title: string,
  histories: fc.Arbitrary<History>,
  runs: number,
  judge: (history: History) => string | undefined,
): void => {
  it(title, { timeout: 600_000 }, () => {
    for (const { name, history } of seeds) {
      const found = judge(history)
      if (found !== undefined) throw new Error(`${title}: not so for the known history ${name}: ${found}\n${JSON.stringify(history)}`)
    }
    const details = fc.check(
      fc.property(histories, (history) => {
        const found = judge(history)
        if (found !== undefined) throw new Error(found)
      }),
      { seed: seedOfRun, numRuns: runs * factor, ...(path === undefined ? undefined : { path }) },
    )
    if (!details.failed) return
    const shrunk = details.counterexample?.[0]
    // What a property throws is an Error.
    const error = details.errorInstance as Error | undefined
    throw new Error(
      [
        `${title}: not so. ${error?.message ?? ''}`,
        `after ${details.numRuns} histories and ${details.numShrinks} steps of shortening, the shortest history (for test/seeds.ts):`,
        JSON.stringify(shrunk),
        `again:  STATEFOLD_SEED=${details.seed} STATEFOLD_PATH=${details.counterexamplePath ?? ''} pnpm vitest run --project property -t ${JSON.stringify(title)}`,
        error?.stack ?? '',
      ].join('\n'),
    )
  })
}
