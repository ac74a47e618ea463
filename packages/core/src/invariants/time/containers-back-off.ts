import { backOffMaxMs } from '../../cluster/reduce-world.js'
import { processesOf, type ContainerProcess } from '../../cluster/world.js'
import type { Invariant } from '../invariant.js'

const name = 'time/containers-back-off'

/** When the next process may be created. Follows Backoff.IsInBackOffSinceUpdate in client-go/util/flowcontrol/backoff.go. */
const restartsFrom = ({ finished, backOff }: ContainerProcess): number | undefined =>
  finished === undefined || backOff === undefined || finished.finishedAt - backOff.at > 2 * backOffMaxMs
    ? undefined
    : finished.finishedAt + backOff.delayMs

const pullsFrom = ({ pull }: ContainerProcess): number | undefined =>
  pull?.failedAt === undefined ? undefined : pull.failedAt + (pull.backOffMs ?? 0)

/** C2, for containers and images. (The small kubelet of the recordings does not wait.) */
export const containersBackOff: Invariant = {
  name,
  promise:
    'A kubelet starts a container again, and pulls an image again, only when the back-off is over; no back-off is longer than five minutes.',
  expectation: 'always',
  concerns: ['ContainerCreated', 'ImagePullStarted'],
  check: ({ before, after, recorded: { event, at } }) => {
    if ((event.kind !== 'ContainerCreated' && event.kind !== 'ImagePullStarted') || before.world.settings.profile !== 'kubelet')
      return undefined
    const of = (world: typeof before.world): ContainerProcess | undefined =>
      processesOf(world, event.podUid)?.containers.find((container) => container.name === event.container)
    const was = of(before.world)
    if (was === undefined) return undefined
    const from = event.kind === 'ContainerCreated' ? restartsFrom(was) : pullsFrom(was)
    const what = `container ${event.container} of ${processesOf(before.world, event.podUid)?.name ?? event.podUid}`
    if (from !== undefined && at < from)
      return {
        invariant: name,
        message: `${what} was ${event.kind === 'ContainerCreated' ? 'made again' : 'pulled for'} at ${at} ms; expected its back-off to last until ${from} ms`,
      }
    const delayMs = of(after.world)?.backOff?.delayMs ?? 0
    return delayMs <= backOffMaxMs
      ? undefined
      : { invariant: name, message: `${what} has a back-off of ${delayMs} ms; expected ${backOffMaxMs} ms at most` }
  },
}
