/** A few histories with everything in them, for tests that compare runs. */
import * as fc from 'fast-check'
import { historyOf } from '../../src/testing/arbitraries/history.js'
import type { History } from '../../src/testing/history.js'

export const sampleHistories = (count: number, seed = 11): readonly History[] =>
  fc.sample(historyOf({ steps: 25, lives: true, podFaults: true, nodeFaults: true, machineryFaults: true, forcedDeletions: true }), {
    numRuns: count,
    seed,
  })
