import * as fc from 'fast-check'
import type { SetShape } from '../history.js'

const retention = fc.constantFrom('Retain' as const, 'Delete' as const)

/** Small sets of all sorts. */
export const setShape = (): fc.Arbitrary<SetShape> =>
  fc.record({
    replicas: fc.nat({ max: 5 }),
    policy: fc.constantFrom('OrderedReady' as const, 'Parallel' as const),
    strategy: fc.oneof(
      { arbitrary: fc.constant('RollingUpdate' as const), weight: 4 },
      { arbitrary: fc.constant('OnDelete' as const), weight: 1 },
    ),
    start: fc.constantFrom(0, 0, 3),
    partition: fc.constantFrom(0, 0, 1, 2, 9),
    minReadySeconds: fc.constantFrom(0, 0, 4),
    claims: fc.constantFrom('none' as const, 'immediate' as const, 'waiting' as const),
    whenDeleted: retention,
    whenScaled: retention,
    probed: fc.boolean(),
    revisionHistoryLimit: fc.constantFrom(10, 1, 0),
  })
