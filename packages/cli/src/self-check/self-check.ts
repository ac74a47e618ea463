/**
 * The determinism self-check: a scenario runs in fresh processes whose surroundings differ, and the logs must be the same, byte for byte. When
 * they are not, halving the surroundings that differ finds the one that makes the difference, and what was read during the run says where.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { exitCodes, Stop, type ExitCode } from '../exit-codes.js'
import { compareTexts, type LogDifference } from './compare-logs.js'
import { factorNames, factorOf, selfRunWord, type Disturbance, type Factor } from './factors.js'
import type { SelfRun } from './self-run.js'
import { makeSourcePlaces } from './source-places.js'
import { isLeakByItself, type Touch } from './surroundings.js'

/** What differs, under which factors. No factor: two runs under the same surroundings differ. */
export interface Leak {
  readonly factors: readonly Factor[]
  readonly difference: LogDifference
  /** Who read what these factors vary, during the run. */
  readonly touched: readonly Touch[]
}

export interface SelfCheck {
  readonly scenario: string
  readonly outcome: string
  readonly events: number
  readonly digest: string
  readonly processes: number
  readonly leaks: readonly Leak[]
  /** Read during the run, without a difference in this one. */
  readonly touched: readonly Touch[]
}

interface Ran extends SelfRun {
  readonly log: string
  readonly text: string
}

const variablesOf = (disturbed: readonly Factor[]): NodeJS.ProcessEnv => {
  const differs = (name: Factor): boolean => disturbed.includes(name)
  const locale = differs('locale') ? 'et_EE.UTF-8' : 'en_US.UTF-8'
  const who = differs('environment') ? 'other' : 'somebody'
  return {
    PATH: process.env['PATH'] ?? '',
    TZ: differs('time-zone') ? 'Pacific/Chatham' : 'UTC',
    LANG: locale,
    LC_ALL: locale,
    HOME: `/home/${who}`,
    USER: who,
    LOGNAME: who,
    HOSTNAME: `${who}.example.com`,
    ...(differs('environment') ? { CI: 'true', DEBUG: '*', NODE_ENV: 'production', EDITOR: 'ed', STATEFOLD_SEED: '99' } : undefined),
  }
}

const nodeFlagsOf = (disturbed: readonly Factor[]): readonly string[] => [
  // Room enough for a small run without a collection, or hardly any.
  ...(disturbed.includes('memory') ? ['--expose-gc', '--max-semi-space-size=1'] : ['--min-semi-space-size=64', '--max-semi-space-size=64']),
  ...(disturbed.includes('engine') ? ['--hash-seed=4711', '--random-seed=4711', '--no-opt'] : []),
]

/** One process. It ends with what the command line would end with when the scenario is refused. */
const runOnce = (
  { program, places }: { readonly program: string; readonly places: (stack: readonly string[]) => readonly string[] },
  scenario: string,
  folder: string,
  disturbance: Omit<Disturbance, 'out'>,
  number: number,
): Promise<Ran> =>
  new Promise((settle, fail) => {
    const out = join(folder, `run-${number}`)
    const { disturbed } = disturbance
    const child = spawn(
      process.execPath,
      [...nodeFlagsOf(disturbed), program, selfRunWord, JSON.stringify({ ...disturbance, out } satisfies Disturbance), scenario],
      { cwd: disturbed.includes('folder') ? '/' : folder, env: variablesOf(disturbed), stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let [printed, noted] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      noted += text
    })
    child.on('error', fail)
    child.on('close', (code, signal) => {
      if (code !== exitCodes.passed) {
        const known = Object.values(exitCodes).find((one) => one === code)
        fail(new Stop(known ?? exitCodes.ourBug, noted.trimEnd() || `a process of the self-check ended with ${code ?? signal}`))
        return
      }
      try {
        const answer = JSON.parse(printed) as SelfRun
        const [log, text] = [readFileSync(`${out}.ndjson`, 'utf8'), readFileSync(`${out}.txt`, 'utf8')]
        const touched = answer.touched.map((touch) => ({ ...touch, stack: places(touch.stack) }))
        settle({ ...answer, touched, log, text })
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)))
      } finally {
        rmSync(`${out}.ndjson`, { force: true })
        rmSync(`${out}.txt`, { force: true })
      }
    })
  })

const differenceOf = (one: Ran, other: Ran): LogDifference | undefined =>
  compareTexts(one.log, other.log, 'a line of the log') ?? compareTexts(one.text, other.text, 'the printed story')

const digestOf = (log: string): string => /"digest":"([0-9a-f]{32,64})"\}\n(?:\{"end".*\n)?$/.exec(log)?.[1] ?? ''

/** At most so many at once. */
const inTurn = <T>(limit: number): ((work: () => Promise<T>) => Promise<T>) => {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= limit)
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
      })
    running += 1
    try {
      return await work()
    } finally {
      running -= 1
      waiting.shift()?.()
    }
  }
}

const mergeTouches = (runs: readonly Ran[]): readonly Touch[] => {
  const byWhat = new Map<string, Touch>()
  for (const { touched } of runs) for (const touch of touched) if (!byWhat.has(touch.what)) byWhat.set(touch.what, touch)
  return [...byWhat.values()]
}

export interface SelfCheckOptions {
  /** The command line's own file. */
  readonly program: string
  readonly seed?: number
  readonly progress?: (text: string) => void
}

export const selfCheck = async (name: string, { program, seed, progress }: SelfCheckOptions): Promise<SelfCheck> => {
  const scenario = existsSync(name) ? resolve(name) : name
  const folder = mkdtempSync(join(tmpdir(), 'statefold-self-'))
  const queue = inTurn<Ran>(Math.max(1, Math.min(4, availableParallelism())))
  const places = makeSourcePlaces()
  let processes = 0
  const run = (disturbed: readonly Factor[]): Promise<Ran> => {
    processes += 1
    const number = processes
    return queue(() => {
      progress?.(`${name}: process ${number}`)
      return runOnce({ program, places }, scenario, folder, { disturbed, ...(seed === undefined ? undefined : { seed }) }, number)
    })
  }
  try {
    const [plain, again, other] = await Promise.all([run([]), run([]), run(factorNames)])
    const leaks: Leak[] = []
    const runs = [plain, other]
    const unnamed = differenceOf(plain, again)
    if (unnamed !== undefined) leaks.push({ factors: [], difference: unnamed, touched: plain.touched })

    /** The fewest of these factors that halving leaves; their run differs. */
    const narrow = async (candidates: readonly Factor[], found: Ran): Promise<readonly [readonly Factor[], Ran]> => {
      if (candidates.length <= 1) return [candidates, found]
      const middle = Math.ceil(candidates.length / 2)
      const halves = [candidates.slice(0, middle), candidates.slice(middle)]
      const tried = await Promise.all(halves.map(run))
      for (const [index, half] of halves.entries()) {
        const ran = tried[index]
        if (ran !== undefined && differenceOf(plain, ran) !== undefined) return narrow(half, ran)
      }
      // Only together do they make a difference.
      return [candidates, found]
    }

    /** Two leaks that show at one place are told one after the other: the second when the first is mended. */
    const isTold = ({ line, fields }: LogDifference): boolean =>
      leaks.some(
        ({ difference }) => difference.line === line && difference.fields.some(({ path }) => fields.some((field) => field.path === path)),
      )
    const tell = (found: readonly Factor[], ran: Ran): boolean => {
      const difference = differenceOf(plain, ran)
      if (difference === undefined || isTold(difference)) return false
      runs.push(ran)
      leaks.push({ factors: found, difference, touched: ran.touched.filter(({ factor }) => found.includes(factor)) })
      return true
    }

    if (unnamed === undefined && differenceOf(plain, other) !== undefined) {
      // Whoever was seen reading the outside world is tried first, alone.
      const suspects = factorNames.filter((name) => other.touched.some(({ factor }) => factor === name))
      let left = factorNames.filter((name) => !suspects.includes(name))
      const [alone, rest] = await Promise.all([
        Promise.all(suspects.map(async (name) => [name, await run([name])] as const)),
        suspects.length === 0 ? other : run(left),
      ])
      for (const [name, ran] of alone) tell([name], ran)
      let differing: Ran | undefined = rest
      while (differing !== undefined) {
        const difference = differenceOf(plain, differing)
        if (difference === undefined || isTold(difference)) break
        const [found, ran] = await narrow(left, differing)
        if (!tell(found, ran)) break
        left = left.filter((factor) => !found.includes(factor))
        differing = left.length === 0 ? undefined : await run(left)
      }
      // Neither alone nor without them: only several together make a difference.
      if (leaks.length === 0) tell(...(await narrow(factorNames, other)))
    }
    const named = new Set(leaks.flatMap((leak) => leak.factors))
    return {
      scenario: name,
      outcome: plain.outcome,
      events: plain.events,
      digest: digestOf(plain.log),
      processes,
      leaks,
      touched: mergeTouches(runs).filter((touch) => isLeakByItself(touch) && !named.has(touch.factor)),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const touchText = ({ what, count, stack }: Touch): string =>
  `    ${what}, ${count} time${count === 1 ? '' : 's'}\n${stack.map((frame) => `      at ${frame}\n`).join('')}`

export interface CheckPaint {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
}

export const formatSelfCheck = (check: SelfCheck, { good, bad }: CheckPaint): string => {
  const { scenario, events, digest, processes, leaks, touched } = check
  if (leaks.length === 0 && touched.length === 0)
    return `${good('the same')}  ${scenario}: ${events} events in ${processes} processes, digest ${digest.slice(0, 16)}…\n`
  const told = leaks.map(({ factors, difference, touched: readers }) => {
    const under =
      factors.length === 0
        ? 'in two processes with the same surroundings'
        : `under ${factors.map((name) => factorOf(name).words).join(' and ')}`
    const kind = factors.length === 0 ? 'nothing that is varied here' : factors.map((name) => factorOf(name).kind).join(' or ')
    const fields = difference.fields.map(({ path, one, other }) => `    ${path === '' ? '' : `${path}: `}${one}  →  ${other}\n`).join('')
    const who = readers.length === 0 ? '' : `  who reads it:\n${readers.map(touchText).join('')}`
    return `${bad('not the same')}  ${scenario}, ${under}\n  line ${difference.line}: ${difference.about}\n${fields}  it comes from ${kind}\n${who}`
  })
  const read =
    touched.length === 0
      ? ''
      : `${bad('reads the outside world')}  ${scenario}, though it made no difference here\n${touched.map(touchText).join('')}`
  return `${told.join('')}${read}`
}

export const exitCodeOfCheck = ({ leaks, touched }: SelfCheck): ExitCode =>
  leaks.length === 0 && touched.length === 0 ? exitCodes.passed : exitCodes.notDeterministic
