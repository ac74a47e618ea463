/** A thread that runs histories of a search: told once which, then history by history. */
import type { MessagePort } from 'node:worker_threads'
import { makeHistoryRunner, type FuzzJob, type HistoryOutcome } from '@statefold/scenarios'
import { readScenario } from './read-scenario.js'

export interface FuzzWorkerTask {
  readonly kind: 'fuzz'
  /** The scenario, as the user named it; absent for clusters made up. */
  readonly name?: string
}

export interface FuzzWorkerAnswer {
  readonly run: number
  readonly outcome: HistoryOutcome
}

/** The same histories give the same answers as in the process that asks. */
export const runFuzzWorker = ({ name }: FuzzWorkerTask, port: MessagePort): void => {
  const scenario = name === undefined ? undefined : readScenario(name)
  const runner = makeHistoryRunner(scenario === undefined ? {} : { scenario, seed: scenario.written.seed ?? 1 })
  port.on('message', (job: FuzzJob) => {
    const answer: FuzzWorkerAnswer = { run: job.run, outcome: runner.run(job.history, job.converges, job.forksAt) }
    port.postMessage(answer)
  })
}
