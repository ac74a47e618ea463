/** Searches one situation with whatever product was bundled with it, and prints what was found as one JSON line. */
import * as E from 'fp-ts/lib/Either.js'
import { allInvariants } from '@statefold/core'
import { explore } from '../src/explore/explore.js'
import type { Finding } from '../src/explore/search-types.js'
import { fuzz } from '../src/fuzz/fuzz.js'
import { scenario } from '../src/scenario.js'
import { adoptsOnlyForTheLiving } from './adopts-only-for-the-living.js'
import { damageIsBelieved } from './damaged-log.js'
import { ownWritesAreRead } from './own-writes-are-read.js'
import { endsOnlyItsOwn } from './ends-only-its-own.js'
import { fileOfFinding } from './file-of-finding.js'
import { exempts, mutants } from './registry.js'
import { rerunDiffers } from './rerun-differs.js'
import { situations } from './situations.js'

const [wanted = '', states = '20000', seconds = '60', property = '', search = 'explore'] = process.argv.slice(2)

if (wanted === '--list') process.stdout.write(`${JSON.stringify({ mutants, exempts, situations: Object.keys(situations) })}\n`)
else if (wanted === '--fuzz') {
  const fuzzed = fuzz(undefined, {
    runs: Number(states),
    seconds: Number(seconds),
    steps: { min: 10, max: 60 },
    clock: () => performance.now(),
  })
  if (E.isLeft(fuzzed)) throw new Error(JSON.stringify(fuzzed.left))
  const { findings, corpus, ...counts } = fuzzed.right
  process.stdout.write(
    `${JSON.stringify({ ...counts, corpus: corpus.length, findings: findings.map(({ scenario: _scenario, ...finding }) => finding) })}\n`,
  )
} else {
  const found = Object.entries(situations).find(([name]) => name === wanted)
  if (found === undefined) throw new Error(`there is no situation ${wanted}`)
  const startedAt = performance.now()
  if (search !== 'explore') {
    const difference = (search === 'rerun' ? rerunDiffers : damageIsBelieved)(scenario(found[1], { name: found[0] }))
    process.stdout.write(
      `${JSON.stringify({ by: difference === undefined ? [] : [property], caught: difference !== undefined, steps: (found[1].manifests?.length ?? 0) + (found[1].steps ?? []).filter(({ settle }) => settle === undefined).length, decisions: null, choices: 0, failsByItself: null, messages: [difference], states: 0, runs: 2, seconds: Math.round((performance.now() - startedAt) / 100) / 10 })}\n`,
    )
    process.exit(0)
  }
  /** As it is printed. */
  const nameOf = ({ property: name, kind }: Finding): string => (kind === 'violation' ? name : `${kind} ${name}`)
  const invariants = [
    ...allInvariants,
    ...(wanted === 'creation with a slow cache' ? [ownWritesAreRead] : []),
    adoptsOnlyForTheLiving,
    endsOnlyItsOwn,
  ]
  try {
    const searched = scenario(found[1], { name: found[0] })
    const explored = explore(searched, {
      clock: () => performance.now(),
      invariants,
      bounds: { states: Number(states), seconds: Number(seconds) },
      all: true,
      stopsAt: (finding) => nameOf(finding) === property,
    })
    if (E.isLeft(explored)) process.stdout.write(`${JSON.stringify({ problem: explored.left })}\n`)
    else {
      const meant = explored.right.findings.find((finding) => nameOf(finding) === property) ?? explored.right.findings[0]
      const { findings, states: seen, transitions, complete, depth, ends, marks } = explored.right
      process.stdout.write(
        `${JSON.stringify({
          by: findings.filter(({ kind }) => kind !== 'sometimes').map(nameOf),
          caught: findings.some((finding) => nameOf(finding) === property),
          decisions: meant?.decisions.length ?? null,
          ...(meant === undefined ? { steps: null } : fileOfFinding(searched, meant, invariants)),
          messages: findings.map(({ message }) => message),
          states: seen,
          transitions,
          complete,
          depth,
          ends,
          marks,
          seconds: Math.round((performance.now() - startedAt) / 100) / 10,
        })}\n`,
      )
    }
  } catch (error) {
    // A planted bug may run into an assertion of the engine: that catches it too.
    process.stdout.write(
      `${JSON.stringify({ by: [`assertion: ${error instanceof Error ? error.message : String(error)}`], caught: false, states: 0, transitions: 0, seconds: Math.round((performance.now() - startedAt) / 100) / 10 })}\n`,
    )
  }
}
