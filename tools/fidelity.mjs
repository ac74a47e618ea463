// How faithful the simulator is, measured: runs the recorded scripts and compares them with a real Kubernetes.
//
//   node tools/fidelity.mjs             seed 1; puts the measured table into docs/fidelity.md
//   node tools/fidelity.mjs --seeds 20  seeds 1 to 20; prints which items a seed changes; exit 1 when one does
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compare, items, kindOf } from '../conformance/compare.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const scripts = readdirSync(join(root, 'conformance/scripts'))
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.slice(0, -'.yaml'.length))

/**
 * @param {string} path
 * @returns {any} JSON of our own making
 */
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))
const expected = new Map(scripts.map((name) => [name, readJson(join(root, 'conformance/expected', `${name}.json`)).expected]))

/**
 * Runs all scripts with a seed.
 * @param {number} seed
 */
const runAll = (seed) => {
  const folder = mkdtempSync(join(tmpdir(), 'statefold-conformance-'))
  try {
    const paths = scripts.map((name) => join(root, 'conformance/scripts', `${name}.yaml`))
    const { status } = spawnSync(
      process.execPath,
      [join(root, 'tools/statefold.mjs'), 'conform', ...paths, '--out', folder, '--seed', String(seed)],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    )
    // What went wrong has been said on stderr.
    if (status !== 0) process.exit(status ?? 70)
    return new Map(scripts.map((name) => [name, items(readJson(join(folder, `${name}.json`)))]))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const writeTable = () => {
  const actual = runAll(1)
  /** @type {Map<string, { equal: number, differ: number, racy: number }>} */
  const kinds = new Map()
  /** @param {string} key @param {'equal' | 'differ' | 'racy'} field */
  const count = (key, field) => {
    const counted = kinds.get(kindOf(key)) ?? { equal: 0, differ: 0, racy: 0 }
    kinds.set(kindOf(key), { ...counted, [field]: counted[field] + 1 })
  }
  let same = 0
  for (const name of scripts) {
    const found = actual.get(name) ?? new Map()
    const { differ } = compare(expected.get(name), found)
    if (differ.length === 0) same += 1
    for (const { key } of differ) {
      count(key, 'differ')
      console.log(`${name}: ${key}`)
    }
    for (const [key, values] of Object.entries(expected.get(name)))
      if (values.length > 1) count(key, 'racy')
      else if ((found.get(key) ?? null) === values[0]) count(key, 'equal')
  }
  const rows = [...kinds].map(([kind, { equal, differ, racy }]) => `| \`${kind}\` | ${equal} | ${differ} | ${racy} |`)
  /** @param {'equal' | 'differ' | 'racy'} field */
  const sum = (field) => [...kinds.values()].reduce((total, one) => total + one[field], 0)
  const table = [
    '| items | equal | different | racy |',
    '|---|---|---|---|',
    ...rows,
    `| all | ${sum('equal')} | ${sum('differ')} | ${sum('racy')} |`,
    '',
    `${same} of ${scripts.length} scripts are the same.`,
  ].join('\n')
  const path = join(root, 'docs/fidelity.md')
  const page = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    page.replace(/<!-- measured -->[\s\S]*<!-- \/measured -->/, () => `<!-- measured -->\n${table}\n<!-- /measured -->`),
  )
  console.log(`${same} of ${scripts.length} scripts the same; docs/fidelity.md holds the table`)
}

/** @param {number} last */
const trySeeds = (last) => {
  /** @type {Map<string, number[]>} */
  const changed = new Map()
  for (let seed = 1; seed <= last; seed += 1) {
    const actual = runAll(seed)
    let same = 0
    for (const name of scripts) {
      const { differ } = compare(expected.get(name), actual.get(name) ?? new Map())
      if (differ.length === 0) same += 1
      for (const { key } of differ) changed.set(`${name}: ${key}`, [...(changed.get(`${name}: ${key}`) ?? []), seed])
    }
    console.log(`seed ${seed}: ${same} of ${scripts.length} scripts the same`)
  }
  for (const [item, seeds] of changed) console.log(`${item} (seeds ${seeds.join(', ')})`)
  console.log(`${changed.size} items changed by a seed`)
  if (changed.size > 0) process.exitCode = 1
}

const at = process.argv.indexOf('--seeds')
if (at > 0) trySeeds(Number(process.argv[at + 1] ?? 20))
else writeTable()
