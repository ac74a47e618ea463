/** The entry point: everything a process has (arguments, streams, exit code), handed to the program. */
// First of all: a process of the self-check holds the outside world still before anything else is loaded.
import './self-check/surroundings.js'
import { runProgram } from './program.js'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe went away (`statefold … | head`): that is no failure of ours.
  if (error.code === 'EPIPE') process.exit(0)
})

void runProgram(process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
