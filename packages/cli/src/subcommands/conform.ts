/**
 * `statefold conform`: runs conformance scripts and writes their traces; with `--show`, says what differs from the recordings and who wrote it.
 * A script that cannot be read or run does not stop the others.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { decodeScript, explainDifference, runScript, type ItemDifference, type ScriptRun } from '@statefold/scenarios'
import { badInput, exitCodes, fileProblem, Stop, type ExitCode } from '../exit-codes.js'
import type { Output } from '../output.js'

export interface ConformOptions {
  readonly out: string
  readonly seed: number
  /** Say what differs from the recordings. */
  readonly show?: boolean
  /** Folder of `NAME.json` with the expected items. */
  readonly recordings?: string
}

/** What conformance/compare.mjs offers. */
interface Judge {
  readonly items: (trace: unknown) => ReadonlyMap<string, string>
  readonly compare: (
    expected: Readonly<Record<string, readonly (string | null)[]>>,
    actual: ReadonlyMap<string, string>,
  ) => { readonly equal: number; readonly differ: readonly ItemDifference[]; readonly racy: number }
}

/** The comparison is one program for everybody; it is used from where it lies. */
const loadJudge = (): Judge => {
  const place = new URL('../../../../conformance/compare.mjs', import.meta.url)
  try {
    // The module's own exports have these types; nothing checks them here.
    return createRequire(place)(fileURLToPath(place)) as Judge
  } catch (error) {
    throw badInput(
      `${place.pathname}: the comparison cannot be loaded (${error instanceof Error ? error.message : String(error)}); run statefold from its repository`,
    )
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))

export const conform = (scripts: readonly string[], options: ConformOptions, output: Output): ExitCode => {
  if (options.show === true && options.recordings === undefined)
    throw badInput('--show needs --recordings DIR, the folder with the expected items')
  const judge = options.show === true ? loadJudge() : undefined
  try {
    mkdirSync(options.out, { recursive: true })
  } catch (error) {
    throw fileProblem(options.out, error)
  }
  const written = new Map<string, string>()
  const broken: string[] = []
  let bad = 0
  const complain = (message: string): void => {
    output.progress('')
    output.note(`${message}\n`)
  }
  for (const [index, path] of scripts.entries()) {
    output.progress(`${index + 1}/${scripts.length} ${basename(path)}`)
    const name = basename(path).replace(/\.yaml$/, '')
    const other = written.get(name)
    if (other !== undefined) {
      complain(`${path}: its trace would replace that of ${other}; give one of them another name`)
      bad += 1
      continue
    }
    let source: string
    try {
      source = readFileSync(path, 'utf8')
    } catch (error) {
      complain(fileProblem(path, error).message)
      bad += 1
      continue
    }
    const script = decodeScript(source)
    if (E.isLeft(script)) {
      complain(`${path}:${script.left.line}: ${script.left.message}`)
      bad += 1
      continue
    }
    written.set(name, path)
    let run: ScriptRun
    try {
      run = runScript(name, script.right, { seed: options.seed, keepLog: judge !== undefined })
    } catch (error) {
      complain(`${path}: statefold has a bug: ${wordsOf(error)}`)
      broken.push(name)
      continue
    }
    const file = join(options.out, `${name}.json`)
    try {
      writeFileSync(file, `${JSON.stringify(run.trace)}\n`)
    } catch (error) {
      throw fileProblem(file, error)
    }
    if (judge !== undefined) {
      output.progress('')
      output.print(shown(name, run, judge, options.recordings ?? ''))
    }
  }
  output.progress('')
  if (broken.length > 0) {
    output.note(
      `statefold has a bug: no trace of ${broken.join(', ')} (seed ${options.seed}). Please report this with the scripts and the seed.\n`,
    )
    return exitCodes.ourBug
  }
  return bad === 0 ? exitCodes.passed : exitCodes.badInput
}

const shown = (name: string, run: ScriptRun, judge: Judge, recordings: string): string => {
  const file = join(recordings, `${name}.json`)
  let expected: Parameters<Judge['compare']>[0]
  try {
    expected = expectedIn(readFileSync(file, 'utf8'))
  } catch (error) {
    return `?    ${name}: ${error instanceof SyntaxError ? `${file}: not JSON` : error instanceof Stop ? error.message : fileProblem(file, error).message}\n`
  }
  // The comparison reads traces as they are written.
  const { equal, differ, racy } = judge.compare(expected, judge.items(JSON.parse(JSON.stringify(run.trace))))
  const head = `${differ.length === 0 ? 'same' : 'DIFF'} ${name}: ${equal} equal, ${differ.length} differ, ${racy} racy\n`
  return (
    head +
    differ
      .map((difference) =>
        explainDifference(difference, run)
          .map((line) => `  ${line}\n`)
          .join(''),
      )
      .join('')
  )
}

const expectedIn = (text: string): Parameters<Judge['compare']>[0] => {
  const recording: unknown = JSON.parse(text)
  if (
    typeof recording === 'object' &&
    recording !== null &&
    'expected' in recording &&
    typeof recording.expected === 'object' &&
    recording.expected !== null
  )
    return recording.expected as Parameters<Judge['compare']>[0]
  throw badInput('the recording has no expected items')
}
