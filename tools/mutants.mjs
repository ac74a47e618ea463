// Plants the bugs of packages/scenarios/mutants one at a time in a bundle of the product, searches, and says which property caught them.
// `node tools/mutants.mjs [--json] [--only 1,4] [--baseline] [--seconds N] [--histories N] [--docs]`: one JSON line a bug, then one with the false
// alarms of the product as it is. Ends with 1 when a bug was not caught, a file does not fail by itself, or there was a false alarm. `--docs` writes the
// table of docs/verification.md from the same lines.
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const entry = join(root, 'packages/scenarios/mutants/run-mutant.ts')
const folder = join(tmpdir(), `statefold-mutants-${process.pid}`)
/** @param {string} name */
const flag = (name) => process.argv.includes(name)
/** @param {string} name @param {string} [otherwise] */
const value = (name, otherwise) => (flag(name) ? (process.argv[process.argv.indexOf(name) + 1] ?? '') : otherwise)

const known = ['--json', '--only', '--baseline', '--seconds', '--states', '--histories', '--fuzz-seconds', '--messages', '--docs']
/** @param {string} message @returns {never} */
const refuse = (message) => {
  process.stderr.write(`${message}\n`)
  rmSync(folder, { recursive: true, force: true })
  process.exit(64)
}
for (const word of process.argv.slice(2))
  if (word.startsWith('-') && !known.includes(word)) refuse(`unknown option ${word}; known are ${known.join(', ')}`)
for (const name of ['--seconds', '--states', '--histories', '--fuzz-seconds'])
  if (flag(name) && !/^\d+$/.test(value(name) ?? '')) refuse(`${name}: expected a whole number, found ${JSON.stringify(value(name))}`)

/** @typedef {{ file: string, find: string, replace: string }} Edit */

/** @param {readonly Edit[]} edits @param {string} out */
const bundle = async (edits, out) => {
  /** @type {string[]} */
  const missing = []
  await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@statefold/source'],
    outfile: out,
    logLevel: 'silent',
    absWorkingDir: root,
    banner: { js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);" },
    plugins: [
      {
        name: 'planted-bug',
        setup({ onLoad }) {
          onLoad({ filter: /packages\/(?:core|replay)\/src\/.*\.ts$/ }, ({ path }) => {
            const mine = edits.filter(({ file }) => path.endsWith(`packages/core/src/${file}`) || path.endsWith(`packages/${file}`))
            if (mine.length === 0) return undefined
            let text = readFileSync(path, 'utf8')
            for (const { find, replace, file } of mine) {
              if (text.split(find).length !== 2)
                missing.push(`${file}: expected once, found ${text.split(find).length - 1} times: ${find.split('\n')[0]}`)
              text = text.replace(find, () => replace)
            }
            return { contents: text, loader: 'ts' }
          })
        },
      },
    ],
  })
  if (missing.length > 0) throw new Error(missing.join('\n'))
}

/**
 * What a bundle prints is its own JSON.
 * @param {string} out @param {readonly string[]} args @returns {Promise<any>}
 */
const runBundle = (out, args) =>
  new Promise((settle) => {
    execFile(
      process.execPath,
      ['--max-old-space-size=3000', out, ...args],
      { maxBuffer: 1 << 26, timeout: 300_000 },
      (error, stdout, stderr) => {
        const line = stdout.trim().split('\n').at(-1) ?? ''
        settle(
          line.startsWith('{')
            ? JSON.parse(line)
            : {
                by: [`the process ended: ${(error?.message ?? stderr).split('\n')[0]}`],
                caught: false,
                states: 0,
                transitions: 0,
                seconds: 0,
              },
        )
      },
    )
  })

/** @type {any[]} */
const lines = []
/** @param {any} line */
const print = (line) => {
  lines.push(line)
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** @param {unknown} value */
const cell = (value) => (typeof value === 'string' ? value : JSON.stringify(value ?? '')).replaceAll('|', '\\|')

const writeDocs = () => {
  const path = join(root, 'docs/verification.md')
  const text = readFileSync(path, 'utf8')
  const bugs = lines.filter(({ bug }) => bug !== undefined).sort((left, right) => left.bug - right.bug)
  const summary = lines.find(({ falseAlarms }) => falseAlarms !== undefined)
  /** @param {any} line */
  const row = ({ bug, title, caught, by, exempt, search, situation, states, seconds, decisions, steps, choices }) =>
    exempt === null
      ? `| ${bug} | ${cell(title)} | ${caught ? by.map((/** @type {string} */ name) => `\`${cell(name)}\``).join(', ') : '**not caught**'} | ${search}: ${cell(situation)} | ${states} | ${decisions ?? ''} | ${steps ?? ''} + ${choices ?? ''} | ${seconds} |`
      : `| ${bug} | ${cell(title)} | exempt: ${cell(exempt)} | | | | | |`
  /** @param {readonly any[]} all */
  const filesText = (all) => {
    const written = all.filter(({ failsByItself }) => failsByItself !== null && failsByItself !== undefined)
    return ` ${written.filter(({ failsByItself }) => failsByItself).length} of ${written.length} files fail by themselves with \`statefold run\`; the largest has ${Math.max(0, ...written.map(({ steps }) => steps ?? 0))} commands and faults, and the most choices are ${Math.max(0, ...written.map(({ choices }) => choices ?? 0))}.`
  }
  const table = [
    `${bugs.filter(({ caught }) => caught).length} of ${bugs.length} bugs caught, each by its own property; ${bugs.filter(({ exempt }) => exempt !== null).length} exempt.${filesText(bugs)} On the product as it is: ${summary?.falseAlarms ?? '?'} false alarms in ${summary?.statesExplored ?? '?'} states of the same situations and in ${summary?.histories ?? 0} random histories.`,
    '',
    '| bug | what is planted | properties that fired | found by | states | decisions | file | s |',
    '|---|---|---|---|---|---|---|---|',
    ...bugs.map(row),
  ].join('\n')
  const [begin, end] = ['<!-- seeded bugs: begin -->', '<!-- seeded bugs: end -->']
  writeFileSync(path, `${text.slice(0, text.indexOf(begin) + begin.length)}\n${table}\n${text.slice(text.indexOf(end))}`)
}

mkdirSync(folder, { recursive: true })
try {
  const plain = join(folder, 'plain.mjs')
  await bundle([], plain)
  const { mutants, exempts, situations } = await runBundle(plain, ['--list'])
  const only = value('--only')?.split(',').map(Number)
  const all = mutants.map((/** @type {{ bug: number }} */ { bug }) => bug)
  for (const bug of only ?? [])
    if (!all.includes(bug)) refuse(`--only: expected numbers of planted bugs (${all.join(', ')}), found ${value('--only')}`)
  const seconds = value('--seconds', '60') ?? '60'
  let caught = 0
  let isGood = true
  for (const { bug, title, edits, situation, expectedBy, search = 'explore', states = 20_000 } of mutants.filter(
    (/** @type {{ bug: number }} */ { bug }) => !flag('--baseline') && (only === undefined || only.includes(bug)),
  )) {
    const out = join(folder, `${bug}.mjs`)
    let result
    try {
      await bundle(edits, out)
      result = await runBundle(out, [situation, String(states), seconds, expectedBy, search])
    } catch (error) {
      result = { by: [], caught: false, states: 0, seconds: 0, problem: error instanceof Error ? error.message : String(error) }
    }
    if (result.caught) caught += 1
    isGood &&= result.caught && result.failsByItself !== false
    print({
      bug,
      title,
      caught: result.caught,
      by: result.by ?? [],
      expectedBy,
      exempt: null,
      search,
      situation,
      states: result.states,
      runs: result.runs ?? 0,
      seconds: result.seconds,
      steps: result.steps ?? null,
      choices: result.choices ?? null,
      decisions: result.decisions ?? null,
      failsByItself: result.failsByItself ?? null,
      ...(result.problem === undefined ? {} : { problem: result.problem }),
      ...(flag('--messages') ? { messages: result.messages, complete: result.complete } : {}),
    })
  }
  if (only === undefined && !flag('--baseline'))
    for (const { bug, title, because } of exempts)
      print({
        bug,
        title,
        caught: false,
        by: [],
        expectedBy: null,
        exempt: because,
        search: null,
        states: 0,
        runs: 0,
        seconds: 0,
        steps: null,
      })
  if (only === undefined) {
    let falseAlarms = 0
    let states = 0
    for (const situation of situations.filter((/** @type {string} */ name) => name !== 'the same history again')) {
      const result = await runBundle(plain, [situation, value('--states', '20000') ?? '', seconds ?? ''])
      falseAlarms += result.by?.length ?? 1
      states += result.states ?? 0
      if ((result.by ?? ['?']).length > 0 || flag('--baseline')) print({ situation, ...result })
    }
    for (const search of ['rerun', 'damage']) {
      const { by } = await runBundle(plain, ['the same history again', '0', '0', search, search])
      falseAlarms += by.length
      if (by.length > 0) print({ situation: 'the same history again', search, by })
    }
    const histories = Number(value('--histories', '200'))
    const fuzzed =
      histories === 0
        ? { findings: [], runs: 0 }
        : await runBundle(plain, ['--fuzz', String(histories), value('--fuzz-seconds', histories > 200 ? '86400' : '120') ?? ''])
    falseAlarms += (fuzzed.findings ?? ['?']).length
    if ((fuzzed.findings ?? []).length > 0) print({ fuzz: fuzzed })
    isGood &&= falseAlarms === 0
    print({
      falseAlarms,
      histories: fuzzed.runs ?? 0,
      commands: fuzzed.commands ?? 0,
      statesExplored: states,
      caught,
      exempt: exempts.length,
    })
    if (flag('--docs') && !flag('--baseline')) writeDocs()
  }
  if (!isGood) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
