/**
 * The histories that have shown something new: a mark, or a state that looked like none before. A search varies them, and keeps them from one time to
 * the next. What comes after the last new thing is cut off.
 */
import { portableSha256 } from '@statefold/core'
import { historyText, type FuzzHistory } from '../format/history-codec.js'
import type { HistoryOutcome } from './run-history.js'

export interface KeptHistory {
  readonly history: FuzzHistory
  /** New marks and new states that it showed. */
  readonly gained: number
}

export interface CorpusEntry extends KeptHistory {
  /** Of its content: the same history has the same name. */
  readonly name: string
}

export interface Corpus {
  readonly entries: () => readonly KeptHistory[]
  /** With their names; most are varied, and poorer than later ones, before anybody asks what they are called. */
  readonly named: () => readonly CorpusEntry[]
  /** Looks at what a history has shown, and keeps it if that is new. Histories are looked at in their order. */
  readonly note: (history: FuzzHistory, outcome: HistoryOutcome) => void
  readonly states: () => number
  readonly marks: () => readonly string[]
}

const entriesMax = 400
/** A mark says more than a state. */
const gainOfMark = 100
/** What showed fewer new states than this, and no mark, is not worth a place. */
const gainMin = 3

const nameOf = (text: string): string => portableSha256(text).slice(0, 16)

export const makeCorpus = (): Corpus => {
  const states = new Set<number>()
  const marks = new Set<string>()
  // By what they say.
  const kept = new Map<string, KeptHistory>()
  return {
    entries: () => [...kept.values()],
    named: () => [...kept].map(([text, entry]) => ({ name: nameOf(text), ...entry })),
    states: () => states.size,
    marks: () => [...marks].sort((left, right) => (left < right ? -1 : 1)),
    note: (history, outcome) => {
      let gained = 0
      let needed = 0
      for (const [index, state] of outcome.states.entries()) {
        if (states.has(state)) continue
        states.add(state)
        gained += 1
        needed = outcome.places[index] ?? history.deeds.length
      }
      for (const mark of outcome.marks) {
        if (marks.has(mark)) continue
        marks.add(mark)
        gained += gainOfMark
        // When in the history it was seen is not told.
        needed = history.deeds.length
      }
      // Once there is enough, only what shows more than the poorest is taken.
      if (gained < gainMin) return
      const entry = { ...history, deeds: history.deeds.slice(0, needed) }
      const text = historyText(entry)
      if (kept.has(text)) return
      kept.set(text, { history: entry, gained })
      if (kept.size <= entriesMax) return
      let poorest = text
      let least = Infinity
      for (const [other, { gained: its }] of kept)
        if (its < least) {
          poorest = other
          least = its
        }
      kept.delete(poorest)
    },
  }
}
