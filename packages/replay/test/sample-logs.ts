/** Logs of short histories, as text, for tests that cut, change and replay them. */
import * as fc from 'fast-check'
import { defaultClusterSettings, portableSha256, type RecordedEvent, type ClusterEvent, type Simulation } from '@statefold/core'
import { heal, historyOf, runHistory, type History } from '@statefold/core/testing'
import { makeHeader, makeLogWriter, type LogHeader } from '../src/log-file.js'

export type Recorded = RecordedEvent<ClusterEvent>

export interface SampleLog {
  readonly history: History
  readonly simulation: Simulation
  readonly header: LogHeader
  readonly log: readonly Recorded[]
  readonly headerLine: string
  /** The text of each turn, its digest line included. */
  readonly turns: readonly string[]
  readonly footer: string
  readonly text: string
  readonly digest: string
}

export const turnsOf = (log: readonly Recorded[]): readonly (readonly Recorded[])[] => {
  const turns: Recorded[][] = []
  for (const recorded of log) {
    const last = turns.at(-1)
    if (last?.[0]?.turn === recorded.turn) last.push(recorded)
    else turns.push([recorded])
  }
  return turns
}

/** `afterwards`: what else is done before all faults heal. */
export const sampleLog = (history: History, runForMs = 20_000, afterwards?: (simulation: Simulation) => void): SampleLog => {
  const simulation = runHistory(history)
  afterwards?.(simulation)
  heal(history, simulation)
  simulation.runUntil(simulation.now() + runForMs)
  const header = makeHeader({ kubernetes: 'v1.36.3', seed: history.seed, settings: defaultClusterSettings, title: 'größer als nichts' })
  const writer = makeLogWriter(header, portableSha256)
  const log = simulation.log()
  const turns = turnsOf(log).map((events) => writer.turn(events))
  const digest = writer.digest()
  const footer = writer.footer('passed')
  return {
    history,
    simulation,
    header,
    log,
    headerLine: writer.header,
    turns,
    footer,
    text: `${writer.header}${turns.join('')}${footer}`,
    digest,
  }
}

export const sampleHistories = (count: number, seed: number): readonly History[] =>
  fc.sample(historyOf({ steps: 15, lives: true, podFaults: true, nodeFaults: true, machineryFaults: true }), { numRuns: count, seed })
