/** The entry point: everything a process has (arguments, streams, exit code), handed to the program. */
// First of all: a process of the self-check holds the outside world still before anything else is loaded.
import './self-check/surroundings.js'
import { parentPort, workerData } from 'node:worker_threads'
import { bugReport } from './bug-report.js'
import { exitCodes, fileProblem } from './exit-codes.js'
import { runExploreWorker, type ExploreWorkerTask } from './explore-worker.js'
import { runFuzzWorker, type FuzzWorkerTask } from './fuzz-worker.js'
import { runProgram } from './program.js'

const args = process.argv.slice(2)

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe went away (`statefold … | head`): that is no failure of ours.
  if (error.code === 'EPIPE') process.exit(exitCodes.passed)
  process.stderr.write(`${fileProblem('standard output', error).message}\n`)
  process.exit(exitCodes.badInput)
})
// Nowhere to say anything.
process.stderr.on('error', () => process.exit(exitCodes.badInput))

// What goes wrong in a thread is told by the thread that leads it.
if (parentPort === null)
  for (const way of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(way, (error: unknown) => {
      process.stderr.write(bugReport(error, args))
      process.exit(exitCodes.ourBug)
    })

// The same file is the threads of a search.
const task = parentPort === null ? undefined : (workerData as FuzzWorkerTask | ExploreWorkerTask)
if (parentPort !== null && task !== undefined)
  if (task.kind === 'fuzz') runFuzzWorker(task, parentPort)
  else runExploreWorker(task, parentPort)
else
  void runProgram(args).then((code) => {
    process.exitCode = code
  })
