/** The admission plugins that run when an object is created, between defaulting and validation. */
import * as E from 'fp-ts/lib/Either.js'
import type { Reader } from '../../cluster/reader.js'
import type { Choose } from '../../kernel/choose.js'
import type { SimTime } from '../../kernel/sim-time.js'
import type { ApiStatus } from '../api-status.js'
import type { UnstoredObject } from '../object.js'

export interface AdmissionContext {
  /** The API's own view of the store. */
  readonly reader: Reader
  readonly now: SimTime
  readonly choose: Choose
  /** For the tolerations of not-ready and unreachable nodes; 300 unless the API server's flags say otherwise. */
  readonly tolerationSeconds?: number
}

export const admitOnCreate = (object: UnstoredObject, _context: AdmissionContext): E.Either<ApiStatus, UnstoredObject> => E.right(object)
