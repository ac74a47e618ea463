/** The part of this package that touches files: a scenario's folder, the catalog, and scenarios as vitest tests. */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import type { Invariant } from '@statefold/core'
import { formatProblems } from './format/problem.js'
import { formatRunReport, plainReportPaint } from './format-run-report.js'
import { runScenario, type RunOptions, type ScenarioRun } from './run-scenario.js'
import { loadFolder, loadScenario, type Scenario, type ScenarioFiles } from './scenario.js'

const codeOf = (error: unknown): string => (typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '')

const words: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read by this user',
  EPERM: 'it may not be read by this user',
  EISDIR: 'it is a folder, not a file',
  ENOTDIR: 'a part of its path is not a folder',
  ELOOP: 'its links lead in a circle',
}

export const fileWords = (error: unknown): string => words[codeOf(error)] ?? (error instanceof Error ? error.message : 'it cannot be read')

const isManifestName = (name: string): boolean => /\.(?:ya?ml|json)$/.test(name)

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The files below a folder, and no others: links are resolved before it is decided. */
export const filesBelow = (folder: string): ScenarioFiles => {
  const root = realpathSync(folder)
  const inside = (path: string): E.Either<string, string> => {
    if (isAbsolute(path)) return E.left('expected a path relative to the scenario')
    let real: string
    try {
      real = realpathSync(resolve(root, path))
    } catch (error) {
      return E.left(fileWords(error))
    }
    const way = relative(root, real)
    return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) ? E.left("it is outside the scenario's folder") : E.right(real)
  }
  const read = (path: string): E.Either<string, string> => {
    const real = inside(path)
    if (E.isLeft(real)) return real
    try {
      return E.right(readFileSync(real.right, 'utf8'))
    } catch (error) {
      return E.left(fileWords(error))
    }
  }
  const list = (path: string): readonly string[] | undefined => {
    const real = inside(path)
    if (E.isLeft(real)) return undefined
    try {
      return readdirSync(real.right).sort(byName)
    } catch {
      // No folder, or one that may not be read: the caller says which path it was.
      return undefined
    }
  }
  return {
    read,
    readFile: (path) => {
      const text = read(path)
      return E.isRight(text) ? text.right : undefined
    },
    listFiles: list,
    manifestsIn: (path) => list(path)?.filter(isManifestName),
  }
}

/** A file that cannot be had. */
export interface FileTrouble {
  readonly kind: 'file'
  readonly path: string
  readonly message: string
}

export const readScenarioFile = (
  path: string,
): E.Either<FileTrouble | { readonly kind: 'problems'; readonly message: string }, Scenario> => {
  let loaded: ReturnType<typeof loadScenario>
  try {
    const status = statSync(path)
    // It may have no end.
    if (status.isCharacterDevice() && realpathSync(path) !== realpathSync('/dev/stdin'))
      return E.left({ kind: 'file', path, message: 'it is a device, not a file' })
    // Says what the file system has against it; what is in it is listed below.
    if (status.isDirectory()) readdirSync(path)
    loaded = status.isDirectory()
      ? loadFolder(path, filesBelow(path))
      : loadScenario(path, readFileSync(path, 'utf8'), filesBelow(dirname(path)))
  } catch (error) {
    // Only the file system throws here: reading what was read answers with problems.
    if (codeOf(error) === '') throw error
    return E.left({ kind: 'file', path, message: fileWords(error) })
  }
  return E.isLeft(loaded) ? E.left({ kind: 'problems', message: formatProblems(loaded.left) }) : loaded
}

// ---------------------------------------------------------------- the catalog

/** `packages/scenarios/catalog`, found from this source file. */
export const catalogFolder: string = join(dirname(dirname(fileURLToPath(import.meta.url))), 'catalog')

export interface CatalogEntry {
  /** `rollout/forced-rollback-trap` */
  readonly name: string
  readonly path: string
}

const entriesBelow = (folder: string, prefix: string): readonly CatalogEntry[] => {
  let names: readonly string[]
  try {
    names = readdirSync(folder).sort(byName)
  } catch {
    // No catalog beside this build: it lists nothing.
    return []
  }
  return names.flatMap((name): readonly CatalogEntry[] => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return entriesBelow(path, `${prefix}${name}/`)
    const isScenario = /\.ya?ml$/.test(name) && /^apiVersion:\s*["']?statefold\.dev\//m.test(readFileSync(path, 'utf8'))
    return isScenario ? [{ name: `${prefix}${name.replace(/\.ya?ml$/, '')}`, path }] : []
  })
}

export const listCatalog = (folder: string = catalogFolder): readonly CatalogEntry[] => entriesBelow(folder, '')

/** By its full name, or by its last part where that is unique. */
export const findInCatalog = (name: string, folder: string = catalogFolder): CatalogEntry | undefined => {
  const all = listCatalog(folder)
  const exact = all.find((entry) => entry.name === name)
  if (exact !== undefined) return exact
  const short = all.filter((entry) => basename(entry.name) === name)
  return short.length === 1 ? short[0] : undefined
}

// ---------------------------------------------------------------- scenarios as tests

/** Runs the scenario of a file and throws its report unless it passed; the same seed twice must give the same events. */
export const runScenarioFile = (path: string, options: RunOptions = {}): ScenarioRun => {
  const loaded = readScenarioFile(path)
  if (E.isLeft(loaded)) throw new Error('path' in loaded.left ? `${loaded.left.path}: ${loaded.left.message}` : loaded.left.message)
  const run = runScenario(loaded.right, options)
  if (E.isLeft(run)) throw new Error(formatProblems(run.left))
  if (run.right.report.outcome !== 'passed') throw new Error(formatRunReport(run.right.report, plainReportPaint))
  return run.right
}

export interface ScenarioTestOptions extends RunOptions {
  readonly invariants?: readonly Invariant[]
}

/** A scenario as a test, in one line: `test('canary', scenarioTest('examples/canary/canary.yaml'))`. */
export const scenarioTest =
  (path: string, options: ScenarioTestOptions = {}): (() => void) =>
  () => {
    const first = runScenarioFile(path, options)
    const second = runScenarioFile(path, options)
    const [one, other] = [first.simulation.log(), second.simulation.log()]
    const differs = one.findIndex((recorded, index) => JSON.stringify(recorded) !== JSON.stringify(other[index]))
    if (differs >= 0 || one.length !== other.length)
      throw new Error(
        `${path} is not deterministic: the first difference is event ${differs < 0 ? Math.min(one.length, other.length) : differs}`,
      )
  }
