/** The repository checks itself: what the types and the linter cannot say. Every message says what to do instead. */
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { engineVersion } from '../packages/core/src/engine-version.js'
import { type Area, areas, confined, formatImportTable, resourceFileOrder, resourceFilesSeenByOthers } from './import-table.js'
import { filesUnder } from './workspace-files.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

interface SourceFile {
  /** From `packages/` on, with forward slashes: `core/src/kernel/agenda.ts`. */
  readonly path: string
  readonly text: string
  readonly imports: readonly string[]
}

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')

/** Static imports and re-exports start a line; dynamic ones and import types have a parenthesis. */
const importsOf = (code: string): readonly string[] =>
  [
    ...code.matchAll(/^(?:import|export)\s+(?:type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?['"]([^'"\n]+)['"]/gm),
    ...code.matchAll(/\bimport\(\s*['"]([^'"\n]+)['"]/g),
  ].map((match) => match[1] ?? '')

const slashes = (path: string): string => path.replaceAll('\\', '/')

const readSource = (file: string): SourceFile => {
  const text = readFileSync(file, 'utf8')
  return { path: slashes(relative(join(root, 'packages'), file)), text, imports: importsOf(withoutComments(text)) }
}

const isCode = (path: string): boolean => /\.(?:ts|tsx|mts|mjs)$/.test(path)
const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path) || /^[^/]+\/test\//.test(path)
const isGenerated = (path: string): boolean => path.includes('/generated/')

const packageFiles = filesUnder(join(root, 'packages'))
const allSources = packageFiles.filter(isCode).map(readSource)
const sources = allSources.filter(({ path }) => !isTest(path) && /^[^/]+\/src\//.test(path))
const known = new Set(allSources.map(({ path }) => path))
const toolFiles = filesUnder(join(root, 'tools'))
const documents = ['docs', 'examples', 'tools'].flatMap((name) => filesUnder(join(root, name)))

/** The file of ours that a relative import means. */
const targetOf = (from: string, specifier: string): string => {
  const written = slashes(join(dirname(from), specifier))
  return [written.replace(/\.js$/, '.ts'), written.replace(/\.js$/, '.tsx'), written].find((path) => known.has(path)) ?? written
}

const isRelative = (specifier: string): boolean => specifier.startsWith('.')
const areaOf = (path: string): Area | undefined => areas.find((area) => area.files.test(path))
const packageOf = (specifier: string): string =>
  specifier.startsWith('@statefold/')
    ? specifier
    : specifier.startsWith('@')
      ? specifier.split('/', 2).join('/')
      : (specifier.split('/')[0] ?? '')

const expectNone = (complaints: readonly string[]): void => expect(complaints, `\n${complaints.join('\n')}\n`).toEqual([])

describe('who may import whom', () => {
  it('gives every source file a place in the table', () =>
    expectNone(
      sources
        .filter(({ path }) => areaOf(path) === undefined)
        .map(
          ({ path }) =>
            `${path}: no part of the picture owns this file; move it into a folder that tools/import-table.ts names, or add a row there.`,
        ),
    ))

  it('lets each part import only the parts its row names', () =>
    expectNone(
      sources.flatMap(({ path, imports }) => {
        const area = areaOf(path)
        return imports.filter(isRelative).flatMap((specifier) => {
          const target = targetOf(path, specifier)
          const other = areaOf(target)
          if (area === undefined || area === other || area.mayImport.includes(other?.name ?? '')) return []
          if (isDecideOfResource(path) && other?.name === 'cluster') return []
          if (path.split('/')[0] !== target.split('/')[0])
            return [`${path}: reaches into another package (${specifier}); import it by its name, for example '@statefold/core'.`]
          return [
            `${path}: ${area.name} may not import ${other?.name ?? target} (${specifier}): ${area.because}. ` +
              `It may import ${area.mayImport.join(', ') || 'nothing of ours'}; move the code to a part that both may see, or pass the value as an argument.`,
          ]
        })
      }),
    ))

  it('lets each part use only the npm packages its row names', () =>
    expectNone(
      sources.flatMap(({ path, imports }) => {
        const area = areaOf(path)
        if (area === undefined) return []
        return imports
          .filter((specifier) => !isRelative(specifier) && !specifier.startsWith('node:'))
          .map(packageOf)
          .filter((name) => !area.packages.includes(name) && !mayUseFreely(path))
          .map(
            (name) =>
              `${path}: ${area.name} may not import '${name}'. It may use ${area.packages.join(', ') || 'no package'}; ` +
              'hide the library behind one function of a part that may, or add it to the row in tools/import-table.ts with a reason.',
          )
      }),
    ))

  it('keeps rxjs, io-ts and node:* where they belong', () =>
    expectNone(
      sources.flatMap(({ path, imports }) =>
        confined
          .filter((rule) => !rule.onlyIn.test(path))
          .filter((rule) =>
            imports.some((specifier) => (rule.package === 'node:' ? specifier.startsWith('node:') : packageOf(specifier) === rule.package)),
          )
          .map((rule) => `${path}: imports ${rule.package}${rule.package === 'node:' ? '*' : ''}; ${rule.instead}.`),
      ),
    ))

  it('shows a resource to its neighbours only by its state, events and queries', () =>
    expectNone(
      sources.flatMap(({ path, imports }) => {
        const here = resourceOf(path)
        if (here === undefined || here === 'meta') return []
        return imports.filter(isRelative).flatMap((specifier) => {
          const target = targetOf(path, specifier)
          const there = resourceOf(target)
          if (there === undefined || there === 'meta') return []
          const name = basename(target, '.ts')
          if (there !== here)
            return resourceFilesSeenByOthers.includes(name)
              ? []
              : [
                  `${path}: looks at ${name} of ${there}; another kind's ${resourceFilesSeenByOthers.join(', ')} are what a neighbour may know.`,
                ]
          const [own, other] = [resourceFileOrder.indexOf(basename(path, '.ts')), resourceFileOrder.indexOf(name)]
          return own >= 0 && other > own
            ? [`${path}: imports ${name} backwards; inside a resource the arrow is ${resourceFileOrder.join(' → ')}.`]
            : []
        })
      }),
    ))

  it('keeps controllers apart from each other', () =>
    expectNone(
      sources.flatMap(({ path, imports }) => {
        const folder = /^core\/src\/controllers\/([^/]+)\//.exec(path)?.[1]
        // Who puts the cluster together names them all; tests try them as they are.
        if (!path.startsWith('core/src/controllers/')) return []
        return imports
          .filter(isRelative)
          .map((specifier) => targetOf(path, specifier))
          .filter((target) => /^core\/src\/controllers\/[^/]+\//.test(target))
          .filter((target) => folder === undefined || !target.startsWith(`core/src/controllers/${folder}/`))
          .map(
            (target) =>
              `${path}: imports the controller in ${target}; controllers meet only in the cluster: move what both need beside controllers/controller.ts, or to api/, resources/ or kernel/.`,
          )
      }),
    ))

  it('keeps the testing entry point inside tests', () =>
    expectNone(
      sources
        .filter(({ path }) => !path.startsWith('core/src/testing/'))
        .filter(({ imports }) => imports.includes('@statefold/core/testing'))
        .map(
          ({ path }) =>
            `${path}: imports @statefold/core/testing; only tests do. Move the import to a test, or the thing itself out of testing.`,
        ),
    ))

  it('has no cycles, not even of types', () => expectNone(findCycles()))

  it('is printed in ARCHITECTURE.md as it is', () => {
    const architecture = join(root, 'ARCHITECTURE.md')
    if (!existsSync(architecture)) return
    expect(
      readFileSync(architecture, 'utf8').includes(formatImportTable()),
      `ARCHITECTURE.md prints an import table that is no longer true; replace it by:\n\n${formatImportTable()}\n`,
    ).toBe(true)
  })
})

describe('the kernel', () => {
  it('has no Kubernetes words', () =>
    expectNone(
      sources
        .filter(({ path }) => path.startsWith('core/src/kernel/'))
        .flatMap(({ path, text }) =>
          [...new Set(withoutComments(text).match(/\w*(?:pod(?!i)|stateful_?set|kube|daemonset|replicaset)\w*/gi))].map(
            (word) => `${path}: '${word}' is a Kubernetes word; the kernel takes such things as type parameters or arguments.`,
          ),
        ),
    ))
})

describe('files', () => {
  it('are named after what they hold', () => {
    const homeless = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'shared', 'stuff'])
    expectNone(
      ownFiles()
        .filter((path) => path.split('/').some((part) => homeless.has(part.split('.')[0] ?? '')))
        .map((path) => `${path}: this name says nothing; name the file after its main export, for example kernel/sim-time.ts.`),
    )
  })

  it('have no abbreviations and no vague words in their names', () => {
    const instead: Readonly<Record<string, string>> = {
      sts: 'stateful-set',
      rs: 'replica-set',
      pvc: 'persistent-volume-claim (or claim)',
      pv: 'persistent-volume',
      svc: 'service',
      ns: 'namespace',
      ctx: 'context',
      obj: 'object',
      tmp: 'what it is',
      data: 'what it is',
      info: 'what it tells',
      handler: 'what it does',
      manager: 'what it does',
      process: 'what it does',
      util: 'what it does',
    }
    expectNone(
      ownFiles().flatMap((path) =>
        path
          .split(/[/.-]/)
          .filter((word) => Object.hasOwn(instead, word))
          .map((word) => `${path}: '${word}' is not a word of the glossary; write ${instead[word]}.`),
      ),
    )
  })

  it('are in kebab-case', () =>
    expectNone(
      ownFiles()
        .filter((path) => isCode(path) && !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)*$/.test(basename(path)))
        .map((path) => `${path}: file names are kebab-case, after their main export (plan-rollout.ts holds planRollout).`),
    ))

  it('of a resource are the six that every resource has', () =>
    expectNone(
      sources
        .filter(({ path }) => ![undefined, 'meta'].includes(resourceOf(path)))
        .filter(({ path }) => !resourceFileOrder.includes(basename(path, '.ts')))
        .map(
          ({ path }) =>
            `${path}: a resource has ${resourceFileOrder.join(', ')} and no seventh file; fold it into one of them, or write an ADR and add it to tools/import-table.ts.`,
        ),
    ))
})

describe('exports', () => {
  it('are named one by one', () =>
    expectNone(
      allSources.flatMap(({ path, text }) => {
        const code = withoutComments(text)
        return [
          ...(/^export\s+(?:type\s+)?\*/m.test(code) ? [`${path}: 'export *' hides what is public; name the exports.`] : []),
          ...(/^export\s+default\b/m.test(code) || /\bas default\s*[,}]/.test(code)
            ? [`${path}: has a default export; give it a name.`]
            : []),
        ]
      }),
    ))

  it('do not pass through barrels inside a package', () =>
    expectNone(
      sources
        .filter(({ path }) => !/^[^/]+\/src\/(?:index|node|testing\/index)\.ts$/.test(path))
        .filter(({ path, text }) => basename(path) === 'index.ts' || holdsOnlyReExports(text))
        .map(
          ({ path }) => `${path}: a barrel; import from the file that defines the thing, and make it public in the package's src/index.ts.`,
        ),
    ))
})

describe('comments', () => {
  it('leave nothing for later', () => {
    const later = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'X'.repeat(3)].join('|')})\\b`)
    expectNone(
      [...packageFiles, ...toolFiles, ...filesUnder(join(root, 'examples'))]
        .filter((file) => isCode(file) && !isGenerated(slashes(file)))
        .filter((file) => later.test(readFileSync(file, 'utf8')))
        .map(
          (file) =>
            `${slashes(relative(root, file))}: something is left for later; do it now, or write an issue and say in the comment what is true today.`,
        ),
    )
  })

  it('about differences from Kubernetes have their rows in docs/fidelity.md', () => {
    const fidelity = join(root, 'docs/fidelity.md')
    const rows = existsSync(fidelity)
      ? readFileSync(fidelity, 'utf8')
          .split('\n')
          .filter((line) => line.startsWith('|'))
      : []
    const mark = 'Differs from' + ' Kubernetes:'
    expectNone(
      sources.flatMap(({ path, text }) => {
        const said = text.split(mark).length - 1
        const listed = rows.filter((row) => row.includes(path)).length
        return said > listed
          ? [
              `${path}: says '${mark}' ${said} times, docs/fidelity.md has ${listed} rows that name ${path}; add a row for each: what differs, why, where.`,
            ]
          : []
      }),
    )
  })

  it('rows of docs/fidelity.md name files that exist', () => {
    const fidelity = join(root, 'docs/fidelity.md')
    if (!existsSync(fidelity)) return
    expectNone(
      [...new Set(readFileSync(fidelity, 'utf8').match(/\b(?:core|scenarios|replay|server|cli|studio)\/src\/[\w./-]+\.tsx?/g))]
        .filter((path) => !known.has(path))
        .map((path) => `docs/fidelity.md names ${path}, which is gone; name the file that holds the rule today, or delete the row.`),
    )
  })
})

describe('versions', () => {
  it('say the same in the code and in every package.json', () =>
    expectNone(
      [join(root, 'package.json'), ...packageFiles.filter((file) => basename(file) === 'package.json')].flatMap((file) => {
        const { version } = JSON.parse(readFileSync(file, 'utf8'))
        return version === engineVersion
          ? []
          : [`${slashes(relative(root, file))}: says ${version}, core/src/engine-version.ts says ${engineVersion}; make them equal.`]
      }),
    ))
})

function resourceOf(path: string): string | undefined {
  return /^core\/src\/resources\/([^/]+)\//.exec(path)?.[1]
}

function isDecideOfResource(path: string): boolean {
  return resourceOf(path) !== undefined && basename(path) === 'decide.ts'
}

/** Shells may take what they need: a web framework, a drawing library. Their own package.json says which. */
function mayUseFreely(path: string): boolean {
  return /^(?:server|studio)\//.test(path)
}

/** Files whose names we chose: not generated, not recorded elsewhere. */
function ownFiles(): readonly string[] {
  return [...packageFiles, ...documents]
    .map((file) => slashes(relative(root, file)))
    .filter((path) => /^(?:packages\/[^/]+\/(?:src|test)|tools|examples|docs)\//.test(path) && !isGenerated(path))
}

function holdsOnlyReExports(text: string): boolean {
  const code = withoutComments(text)
  const reExport = /^export\s+(?:type\s+)?\{[^}]*\}\s*from\s*['"][^'"]+['"];?/gm
  const rest = code
    .replace(reExport, '')
    .replace(/^import\s[^'"]*['"][^'"]+['"];?/gm, '')
    .replace(/^export\s*(?:type\s*)?\{[^}]*\};?/gm, '')
  return rest.trim() === '' && code !== rest && /\bexport\b/.test(code) && !/^export\s*\{\s*\}\s*$/.test(code.trim())
}

/** Each cycle once, as the way round. */
function findCycles(): readonly string[] {
  const edges = new Map(
    sources.map(({ path, imports }) => [path, imports.filter(isRelative).map((specifier) => targetOf(path, specifier))]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      const round = [...trail.slice(trail.indexOf(path)), path]
      cycles.push(`${round.join(' → ')}: a cycle; move what both sides need into a file of its own, below both.`)
      return
    }
    if (done.has(path)) return
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return cycles
}
