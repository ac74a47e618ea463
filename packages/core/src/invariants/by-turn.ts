import type { Invariant } from './invariant.js'

/** For invariants that look at turns alone. */
export const noEventAlone: Pick<Invariant, 'concerns' | 'check'> = { concerns: [], check: () => undefined }
