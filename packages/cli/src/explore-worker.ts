/** A thread that expands states of a search: told once which search, then states by their numbers. */
import type { MessagePort } from 'node:worker_threads'
import * as E from 'fp-ts/lib/Either.js'
import { formatProblems, makeExpander, makeGround, type Expansion, type ExpandRequest } from '@statefold/scenarios'
import { badInput } from './exit-codes.js'
import { readScenario } from './read-scenario.js'
import { withFaults } from './search-faults.js'

export interface ExploreWorkerTask {
  readonly kind: 'explore'
  /** The scenario, as the user named it. */
  readonly name: string
  /** As `--faults` says them. */
  readonly faults: string | undefined
  readonly seed: number
  readonly lean: boolean
}

/** The first one answers nothing: it says that the thread is there. */
export interface ExploreWorkerAnswer {
  readonly expansions: readonly Expansion[]
  readonly marks: readonly string[]
  /** How long it took. */
  readonly milliseconds: number
}

export const runExploreWorker = ({ name, faults, seed, lean }: ExploreWorkerTask, port: MessagePort): void => {
  const scenario = withFaults(readScenario(name), faults)
  const ground = makeGround(scenario, { seed })
  if (E.isLeft(ground)) throw badInput(formatProblems(ground.left))
  const expander = makeExpander(scenario, ground.right, lean)
  port.on('message', (request: ExpandRequest) => {
    const begun = performance.now()
    const expansions = expander.answer(request)
    const answer: ExploreWorkerAnswer = { expansions, marks: expander.marks(), milliseconds: performance.now() - begun }
    port.postMessage(answer)
  })
  const ready: ExploreWorkerAnswer = { expansions: [], marks: [], milliseconds: 0 }
  port.postMessage(ready)
}
