import * as fc from 'fast-check'
import type { History, OutsideStep } from '../history.js'
import { forceStep, lifeStep, machineryStep, nodeFaultStep, podFaultStep, userStep, waitStep } from './outside-step.js'
import { setShape } from './set-shape.js'

export interface HistorySort {
  readonly steps?: number
  /** What may go wrong beside what users do. */
  readonly podFaults?: boolean
  readonly nodeFaults?: boolean
  readonly machineryFaults?: boolean
  readonly forcedDeletions?: boolean
  /** The set itself is deleted and made again. */
  readonly lives?: boolean
}

/** Histories in which waits and deeds alternate at random. */
export const historyOf = (sort: HistorySort): fc.Arbitrary<History> =>
  fc.record({
    seed: fc.nat({ max: 1_000_000 }),
    nodes: fc.integer({ min: 1, max: 3 }),
    set: setShape(),
    steps: fc.array(anyStep(sort), { maxLength: sort.steps ?? 14, size: 'max' }),
  })

const anyStep = (sort: HistorySort): fc.Arbitrary<OutsideStep> =>
  fc.oneof(
    { arbitrary: waitStep(), weight: 6 },
    { arbitrary: userStep(), weight: 6 },
    { arbitrary: lifeStep(), weight: sort.lives === true ? 1 : 0 },
    { arbitrary: forceStep(), weight: sort.forcedDeletions === true ? 1 : 0 },
    { arbitrary: podFaultStep(), weight: sort.podFaults === true ? 3 : 0 },
    { arbitrary: nodeFaultStep(), weight: sort.nodeFaults === true ? 3 : 0 },
    { arbitrary: machineryStep(), weight: sort.machineryFaults === true ? 4 : 0 },
  )
