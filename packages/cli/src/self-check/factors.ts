/**
 * What surrounds a process and must not show in a log. Each factor is varied alone, everything else held still, so that the one that makes a
 * difference names the kind of leak.
 */
export const factors = [
  { name: 'clock', words: 'another time of day', kind: 'the clock (Date)' },
  { name: 'monotonic-clock', words: 'another uptime', kind: 'the monotonic clock (performance.now, process.hrtime, process.uptime)' },
  { name: 'chance', words: 'other chance', kind: 'chance from outside (Math.random, crypto)' },
  { name: 'process', words: 'another process id', kind: 'the identity of the process (process.pid)' },
  { name: 'environment', words: 'other environment variables', kind: 'an environment variable (process.env)' },
  { name: 'folder', words: 'another working directory', kind: 'the working directory (process.cwd)' },
  { name: 'time-zone', words: 'another time zone', kind: 'the time zone' },
  { name: 'locale', words: 'another locale', kind: 'the locale (localeCompare, Intl, toLocaleString)' },
  { name: 'ties', words: 'ties sorted the other way round', kind: 'a sort without a total order' },
  { name: 'history', words: 'another run before it in the same process', kind: 'something remembered from one run to the next' },
  { name: 'pace', words: 'another pace of the event loop', kind: 'a race between asynchronous work and the run' },
  {
    name: 'memory',
    words: 'a small heap, collected before the run',
    kind: 'the garbage collector (WeakRef, FinalizationRegistry, memoryUsage)',
  },
  { name: 'engine', words: 'other hash and random seeds of V8, no optimisation', kind: 'the JavaScript engine itself' },
] as const

export type Factor = (typeof factors)[number]['name']

export const factorNames: readonly Factor[] = factors.map(({ name }) => name)

export const factorOf = (name: Factor): (typeof factors)[number] => {
  const found = factors.find((factor) => factor.name === name)
  if (found === undefined) throw new Error(`there is no factor ${name}`)
  return found
}

/** What a child process is told, as JSON in its arguments: it is read before anything else is loaded. */
export interface Disturbance {
  readonly disturbed: readonly Factor[]
  readonly seed?: number
  /** Where the child writes: `OUT.ndjson` is the log, `OUT.txt` what a person would see. */
  readonly out: string
}

/** The first argument of a process that checks the program itself. */
export const selfRunWord = 'self-run'
