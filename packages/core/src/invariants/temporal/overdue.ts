/** Judges what is owed at a point of a run in which nothing has come from outside for a while. */
import type { TurnSide } from '../observed-turn.js'
import { causeOf, troublesOf } from './cause.js'
import { temporalProperties } from './temporal-properties.js'
import type { Overdue, Owed, TemporalProperty } from './temporal-property.js'

const causeOfOwed = ({ about, because }: Owed, side: TurnSide): string | undefined =>
  because ?? (about === undefined ? undefined : causeOf(side.cluster, about)) ?? troublesOf(side.cluster)[0]

/** What should have come true by now; `quietForMs`: how long ago the last thing came from outside. */
export const overdueIn = (
  side: TurnSide,
  quietForMs: number,
  properties: readonly TemporalProperty[] = temporalProperties,
): readonly Overdue[] =>
  properties.flatMap(({ name, withinMs, owed }) =>
    quietForMs < withinMs
      ? []
      : owed(side).map((each): Overdue => {
          const cause = causeOfOwed(each, side)
          return { property: name, of: each.of, message: each.message, ...(cause === undefined ? undefined : { cause }) }
        }),
  )

/** Those for which nobody can say what they wait for: broken promises. */
export const brokenPromises = (overdue: readonly Overdue[]): readonly Overdue[] => overdue.filter(({ cause }) => cause === undefined)
