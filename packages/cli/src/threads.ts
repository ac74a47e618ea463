/** Threads that run this program's own file and answer one question at a time. What goes wrong in a thread goes wrong here. */
import { statSync } from 'node:fs'
import { Worker } from 'node:worker_threads'

export interface Thread<Question, Answer> {
  readonly ask: (question: Question) => Promise<Answer>
  /** It is there: it has said something. */
  readonly hasSpoken: () => boolean
  /** Tells when it has ended without being asked to. */
  readonly onFailure: (failed: (error: unknown) => void) => void
  readonly close: () => Promise<void>
}

const startThread = <Question, Answer>(self: string, task: unknown): Thread<Question, Answer> => {
  const worker = new Worker(self, { workerData: task, argv: [] })
  let asked: { readonly settle: (answer: Answer) => void; readonly fail: (error: Error) => void } | undefined
  let failure: Error | undefined
  let hasSpoken = false
  let isClosed = false
  const listeners: ((error: unknown) => void)[] = []
  const end = (error: Error): void => {
    if (isClosed) return
    failure ??= error
    asked?.fail(failure)
    asked = undefined
    for (const failed of listeners) failed(failure)
  }
  worker.on('message', (answer: Answer) => {
    hasSpoken = true
    const settled = asked
    asked = undefined
    settled?.settle(answer)
  })
  worker.on('error', end)
  worker.on('exit', (code) => {
    end(new Error(`a thread ended by itself, with ${code}`))
  })
  return {
    ask: (question) =>
      new Promise((settle, fail) => {
        if (failure !== undefined) {
          fail(failure)
          return
        }
        asked = { settle, fail }
        worker.postMessage(question)
      }),
    hasSpoken: () => hasSpoken,
    onFailure: (failed) => void listeners.push(failed),
    close: async () => {
      isClosed = true
      await worker.terminate()
    },
  }
}

export const startThreads = <Question, Answer>(count: number, self: string, task: unknown): readonly Thread<Question, Answer>[] =>
  Array.from({ length: count }, () => startThread<Question, Answer>(self, task))

/** Every thread reads the scenario for itself; what comes through a pipe can be read once. */
export const threadsFor = (name: string | undefined, wanted: number): number => {
  const found = name === undefined ? undefined : statSync(name, { throwIfNoEntry: false })
  return found === undefined || found.isFile() || found.isDirectory() ? wanted : 1
}
