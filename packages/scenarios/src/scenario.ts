/** A scenario that is ready to run: decoded, with its manifests read. In TypeScript it is written with `scenario({ … })`. */
import * as E from 'fp-ts/lib/Either.js'
import { allInvariants, type JsonObject } from '@statefold/core'
import type { ConsoleFiles } from './console/cluster-console.js'
import { decodeScenario, isScenarioText } from './format/decode-scenario.js'
import { closest, formatProblems, type Problem } from './format/problem.js'
import { inlineManifest, readManifests, type PlacedManifest } from './format/read-manifests.js'
import type { YamlSource } from './format/read-yaml.js'
import { scenarioApiVersion, scenarioFile, type ScenarioFile, type WrittenScenario } from './format/scenario-codec.js'
import { asOne, runsCommands } from './evaluate-condition.js'
import { promiseNames } from './promises.js'

/** The files that a scenario may name: those below its folder. */
export interface ScenarioFiles extends ConsoleFiles {
  /** The text, or why it cannot be had (`there is no such file`). */
  readonly read: (path: string) => E.Either<string, string>
  /** Names of the YAML and JSON files in a folder, or undefined when it is none. */
  readonly manifestsIn: (path: string) => readonly string[] | undefined
}

export const noScenarioFiles: ScenarioFiles = {
  readFile: () => undefined,
  listFiles: () => undefined,
  read: () => E.left('this scenario has no folder; write the objects inline'),
  manifestsIn: () => undefined,
}

export interface Scenario {
  /** As the user named it: `canary.yaml`. */
  readonly file: string
  readonly source: string
  readonly written: ScenarioFile
  readonly manifests: readonly PlacedManifest[]
  /** The manifests of each `apply` step, by the step's index. */
  readonly applied: ReadonlyMap<number, readonly PlacedManifest[]>
  /** Objects of a real cluster that the run starts from. */
  readonly imported: readonly PlacedManifest[]
  readonly files: ScenarioFiles
  /** Where the value at this path of the scenario is written. */
  readonly placeOf: YamlSource['placeOf']
  /** Plain manifests: applied, run until at rest. */
  readonly isPlain: boolean
}

type Problems = readonly Problem[]
type Place = { readonly line: number; readonly column: number }

const readNamed = (files: ScenarioFiles, holder: string, place: Place, path: string): E.Either<Problems, readonly PlacedManifest[]> => {
  const inFolder = files.manifestsIn(path)
  if (inFolder !== undefined) {
    const all: PlacedManifest[] = []
    for (const name of inFolder) {
      const read = readNamed(files, holder, place, `${path.replace(/\/$/, '')}/${name}`)
      if (E.isLeft(read)) return read
      all.push(...read.right)
    }
    return all.length > 0
      ? E.right(all)
      : E.left([{ file: holder, ...place, message: `${path}: expected .yaml, .yml or .json files in it, found none` }])
  }
  const text = files.read(path)
  return E.isLeft(text)
    ? E.left([{ file: holder, ...place, message: `${path}: ${text.left}` }])
    : readManifests(besides(holder, path), text.right)
}

/** The path as somebody who named the scenario's file would name it. */
const besides = (holder: string, path: string): string =>
  holder.includes('/') ? `${holder.slice(0, holder.lastIndexOf('/'))}/${path}` : path

type WrittenManifest = string | JsonObject

const gather = (
  file: string,
  files: ScenarioFiles,
  yaml: YamlSource,
  entries: readonly { readonly manifest: WrittenManifest; readonly path: readonly string[] }[],
): E.Either<Problems, readonly PlacedManifest[]> => {
  const found: PlacedManifest[] = []
  const problems: Problem[] = []
  for (const { manifest, path } of entries) {
    const place = yaml.placeOf(path)
    if (typeof manifest === 'string') {
      const read = readNamed(files, file, place, manifest)
      if (E.isLeft(read)) problems.push(...read.left)
      else found.push(...read.right)
      continue
    }
    const object: JsonObject = manifest
    const missing = ['apiVersion', 'kind'].find((field) => typeof object[field] !== 'string')
    if (missing === undefined) found.push(inlineManifest(file, object, yaml, path))
    else problems.push({ file, ...place, message: `expected a Kubernetes object with apiVersion and kind, found no ${missing}` })
  }
  return problems.length > 0 ? E.left(problems) : E.right(found)
}

const isManifestList = (written: WrittenManifest | readonly WrittenManifest[]): written is readonly WrittenManifest[] =>
  Array.isArray(written)

const unknownInvariants = (file: string, written: ScenarioFile, yaml: YamlSource): Problems => {
  const known = [...allInvariants.map(({ name }) => name), ...promiseNames]
  return (written.invariants?.except ?? []).flatMap((name, index) => {
    if (known.includes(name)) return []
    const meant = known.find((candidate) => candidate.endsWith(`/${name}`)) ?? closest(name, known)
    return [
      {
        file,
        ...yaml.placeOf(['invariants', 'except', String(index)]),
        message: `invariants.except[${index}]: there is no invariant ${JSON.stringify(name)}${meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`}`,
      },
    ]
  })
}

/** Mistakes that the form alone cannot tell. */
const misuses = (file: string, written: ScenarioFile, yaml: YamlSource): Problems => [
  ...unknownInvariants(file, written, yaml),
  ...(written.expect ?? []).flatMap((expectation, index) => {
    for (const kind of ['always', 'never', 'sometimes'] as const) {
      const conditions = expectation[kind]
      if (conditions !== undefined && runsCommands(asOne(conditions)))
        return [
          {
            file,
            ...yaml.placeOf(['expect', String(index), kind]),
            message: `expect[${index}].${kind}: expected conditions that can be looked at after every turn, found a command; use a console step, a check step or eventually`,
          },
        ]
    }
    return []
  }),
]

const assemble = (
  file: string,
  source: string,
  written: ScenarioFile,
  yaml: YamlSource,
  files: ScenarioFiles,
): E.Either<Problems, Scenario> => {
  const problems: Problem[] = [...misuses(file, written, yaml)]
  const keep = (read: E.Either<Problems, readonly PlacedManifest[]>): readonly PlacedManifest[] => {
    if (E.isRight(read)) return read.right
    problems.push(...read.left)
    return []
  }
  const manifests = keep(
    gather(
      file,
      files,
      yaml,
      (written.manifests ?? []).map((manifest, index) => ({ manifest, path: ['manifests', String(index)] })),
    ),
  )
  const applied = new Map<number, readonly PlacedManifest[]>()
  for (const [index, { apply }] of (written.steps ?? []).entries()) {
    if (apply === undefined) continue
    const path = ['steps', String(index), 'apply']
    const entries = isManifestList(apply)
      ? apply.map((manifest, position) => ({ manifest, path: [...path, String(position)] }))
      : [{ manifest: apply, path }]
    applied.set(index, keep(gather(file, files, yaml, entries)))
  }
  const from = written.cluster?.from
  const sources = from === undefined ? [] : typeof from === 'string' ? [from] : from
  const imported = keep(
    gather(
      file,
      files,
      yaml,
      sources.map((manifest) => ({ manifest, path: ['cluster', 'from'] })),
    ),
  )
  return problems.length > 0
    ? E.left(problems)
    : E.right({ file, source, written, manifests, applied, imported, files, placeOf: yaml.placeOf, isPlain: false })
}

/** Reads a scenario or plain manifests, told apart by their content. */
export const loadScenario = (file: string, source: string, files: ScenarioFiles): E.Either<Problems, Scenario> => {
  if (!isScenarioText(source)) return loadManifests(file, source, files)
  const decoded = decodeScenario(file, source)
  return E.isLeft(decoded) ? decoded : assemble(file, source, decoded.right.scenario, decoded.right.yaml, files)
}

const plainScenario: ScenarioFile = { apiVersion: scenarioApiVersion, kind: 'Scenario' }

const plain = (file: string, source: string, manifests: readonly PlacedManifest[], files: ScenarioFiles): Scenario => ({
  file,
  source,
  written: plainScenario,
  manifests,
  applied: new Map(),
  imported: [],
  files,
  placeOf: () => ({ line: 1, column: 1 }),
  isPlain: true,
})

/** Plain manifests as a scenario: apply them and run until at rest. */
export const loadManifests = (file: string, source: string, files: ScenarioFiles): E.Either<Problems, Scenario> => {
  const manifests = readManifests(file, source)
  return E.isLeft(manifests) ? manifests : E.right(plain(file, source, manifests.right, files))
}

/** A folder of manifests, in the order of the names, as kubectl reads it. */
export const loadFolder = (folder: string, files: ScenarioFiles): E.Either<Problems, Scenario> => {
  const names = files.manifestsIn('.') ?? []
  const manifests: PlacedManifest[] = []
  const problems: Problem[] = []
  let source = ''
  for (const name of names) {
    const file = `${folder.replace(/\/+$/, '')}/${name}`
    const text = files.read(name)
    if (E.isLeft(text)) {
      problems.push({ file, line: 1, column: 1, message: text.left })
      continue
    }
    source += `${source === '' ? '' : '---\n'}# ${name}\n${text.right.replace(/\n?$/, '\n')}`
    const read = readManifests(file, text.right)
    if (E.isLeft(read)) problems.push(...read.left)
    else manifests.push(...read.right)
  }
  if (names.length === 0)
    problems.push({ file: folder, line: 1, column: 1, message: 'expected .yaml, .yml or .json files in this folder, found none' })
  return problems.length > 0 ? E.left(problems) : E.right(plain(folder, source, manifests, files))
}

const inCode = (written: unknown, name: string, files: ScenarioFiles): E.Either<Problems, Scenario> => {
  const source = `${JSON.stringify(written, null, 2)}\n`
  // JSON is YAML, so mistakes are shown at their line of this text.
  const decoded = decodeScenario(name, source)
  return E.isLeft(decoded) ? decoded : assemble(name, source, decoded.right.scenario, decoded.right.yaml, files)
}

/** A scenario in TypeScript, in the same form as the YAML file has it (without apiVersion and kind). Throws what is wrong with it. */
export const scenario = (
  written: Omit<WrittenScenario, 'apiVersion' | 'kind'>,
  { name = 'scenario', files = noScenarioFiles }: { readonly name?: string; readonly files?: ScenarioFiles } = {},
): Scenario => {
  const made = inCode({ apiVersion: scenarioApiVersion, kind: 'Scenario', ...written }, name, files)
  if (E.isRight(made)) return made.right
  throw new Error(formatProblems(made.left))
}

/** A decoded scenario as people write it: for generated files. */
export const writeScenario = (written: ScenarioFile): WrittenScenario => scenarioFile.encode(written)

/** The title for people: the scenario's own, or the file's name. */
export const titleOf = ({ written, file }: Scenario): string => written.title ?? file
