/** What a plan remembers of a call to a storage backend that takes its time and may fail, and when it is made again. */
import { isJsonObject, type Json } from '../kernel/json.js'

export interface CallMemory {
  /** Since when the call is under way. */
  readonly since?: number
  /** Failures in a row. */
  readonly failures: number
}

export const memoryOf = (json: Json | undefined): CallMemory => {
  if (!isJsonObject(json)) return { failures: 0 }
  const { since, failures } = json
  return { failures: typeof failures === 'number' ? failures : 0, ...(typeof since === 'number' ? { since } : undefined) }
}

export interface Retry {
  readonly firstMs: number
  readonly maxMs: number
}

/** After so many failures in a row: doubled each time. */
export const retryMs = ({ firstMs, maxMs }: Retry, failures: number): number => Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 20))
