/** The digest chain of one history: what a second process runs, under another environment. Prints one line a turn. */
import { chainDigest, digestStart } from '../../src/kernel/log-digest.js'
import { portableSha256 } from '../../src/kernel/hash.js'
import { canonicalJson } from '../../src/kernel/canonical-json.js'
import type { Recorded } from '../../src/simulation/simulation.js'

/** One digest for each turn with events, chained. */
export const chainOf = (log: readonly Recorded[]): readonly string[] => {
  const chain: string[] = []
  let digest = digestStart
  let lines = ''
  log.forEach((recorded, index) => {
    lines += `${canonicalJson(recorded)}\n`
    if (log[index + 1]?.turn === recorded.turn) return
    digest = chainDigest(portableSha256, digest, lines)
    chain.push(digest)
    lines = ''
  })
  return chain
}

/** Where two logs part: the number of the first event that differs, with both. */
export const firstDifference = (
  one: readonly Recorded[],
  other: readonly Recorded[],
): { readonly seq: number; readonly one: string; readonly other: string } | undefined => {
  for (let seq = 0; seq < Math.max(one.length, other.length); seq += 1) {
    const [left, right] = [canonicalJson(one[seq] ?? null), canonicalJson(other[seq] ?? null)]
    if (left !== right) return { seq, one: left, other: right }
  }
  return undefined
}
