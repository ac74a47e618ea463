/** A running hash of the log, chained per turn: two runs are equal or they are not, and the first difference has a turn. */
import type { Sha256 } from './hash.js'

export const digestStart = '0'.repeat(64)

/** `lines` are the turn's lines as written, each with its line feed. */
export const chainDigest = (sha256: Sha256, previous: string, lines: string): string => sha256(`${previous}\n${lines}`)
