/**
 * Promises about a whole run, judged on copies of it: a settled cluster stays settled, and no wake-up has been lost (a fresh look at everything
 * finds nothing to do).
 */
import type { ClusterCommand } from '../../cluster/commands.js'
import type { ClusterEvent } from '../../cluster/events.js'
import type { RecordedEvent } from '../../kernel/recorded-event.js'
import type { SimTime } from '../../kernel/sim-time.js'
import { isTalk, labelOf, unrestIn, type Unrest } from './quiet.js'
import type { Overdue } from './temporal-property.js'

/** The part of a simulation that is needed: a copy that goes its own way, with a log of its own. */
export interface Forkable {
  readonly now: () => SimTime
  readonly log: () => readonly RecordedEvent<ClusterEvent>[]
  readonly submit: (command: ClusterCommand, actor?: string) => unknown
  readonly runUntil: (time: SimTime) => void
  readonly fork: (changes: { readonly keepLog: true }) => Forkable
}

/** L10: what disturbs the cluster while nobody does anything for so long. Undefined: it stays as it is. */
export const unrestAfter = (simulation: Forkable, forMs: number): Unrest | undefined => {
  const copy = simulation.fork({ keepLog: true })
  copy.runUntil(simulation.now() + forMs)
  return unrestIn(copy.log())
}

const controllersWrote = (log: readonly RecordedEvent<ClusterEvent>[]): readonly string[] =>
  log.filter((recorded) => 'object' in recorded.event && recorded.actor !== 'user' && !isTalk(recorded)).map(labelOf)

/**
 * L9: restarted, a controller looks at everything anew. What it then writes, and would not have written anyway in that time, it should have written
 * before: nobody woke it. To be asked of a cluster that has settled.
 */
export const lostWakeUps = (simulation: Forkable, controllers: readonly string[], forMs = 60_000): readonly Overdue[] => {
  const left = simulation.fork({ keepLog: true })
  left.runUntil(simulation.now() + forMs)
  const expected = new Set(controllersWrote(left.log()))
  return controllers.flatMap((controller): readonly Overdue[] => {
    const restarted = simulation.fork({ keepLog: true })
    restarted.submit({ kind: 'CrashController', controller })
    restarted.submit({ kind: 'RestartController', controller })
    restarted.runUntil(simulation.now() + forMs)
    const first = controllersWrote(restarted.log()).find((label) => !expected.has(label))
    return first === undefined
      ? []
      : [
          {
            property: 'eventually/no-wake-up-is-lost',
            of: controller,
            message: `${controller} had something to do and did not know: looking at everything anew it caused ${first}`,
          },
        ]
  })
}
