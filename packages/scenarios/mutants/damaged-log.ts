/** A log with one letter changed in the middle: its reader must refuse it, and neither cut it nor believe it. */
import * as E from 'fp-ts/lib/Either.js'
import { portableSha256, type Recorded } from '@statefold/core'
import { makeHeader, makeLogWriter } from '../../replay/src/log-file.js'
import { linesOf } from '../../replay/src/log-body.js'
import { readLog } from '../../replay/src/read-log.js'
import { runScenario, settingsOf } from '../src/run-scenario.js'
import type { Scenario } from '../src/scenario.js'

/** What went wrong, or undefined. */
export const damageIsBelieved = (scenario: Scenario): string | undefined => {
  const run = runScenario(scenario)
  if (E.isLeft(run)) return JSON.stringify(run.left)
  const writer = makeLogWriter(
    makeHeader({ kubernetes: 'v1.36.3', seed: 1, settings: settingsOf(scenario.written.cluster) }),
    portableSha256,
  )
  const turns = new Map<number, Recorded[]>()
  for (const recorded of run.right.simulation.log()) turns.set(recorded.turn, [...(turns.get(recorded.turn) ?? []), recorded])
  const text = `${writer.header}${[...turns.values()].map(writer.turn).join('')}${writer.footer('passed')}`
  const at = text.indexOf('"PodScheduled"')
  const damaged = `${text.slice(0, at)}"PodScheduled" ,${text.slice(at + '"PodScheduled",'.length)}`
  const read = readLog(linesOf(damaged), { header: () => undefined, turn: () => undefined }, { sha256: portableSha256 })
  return E.isLeft(read)
    ? undefined
    : `a changed log of ${turns.size} turns was read as ${read.right.turns} turns${read.right.torn === undefined ? '' : ' and cut'}`
}
