// Plants leaks of the outside world into a bundle of the product, one at a time, and says what `statefold verify --self` finds and what it calls it.
// `node tools/leaks.mjs [--only clock,race]`: one JSON line a leak, one for each of two planted bugs (they must end with 70 and a report), then one
// for the product as it is. The planted code is in no other build. `--docs` writes the table of docs/verification.md from the same lines.
import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { bundlePlanted } from './bundle.mjs'

/**
 * What the self-check must call it: the factor that makes the difference, and who reads what.
 * @type {readonly { name: string, factor: string, reads: string | null }[]}
 */
const leaks = [
  { name: 'clock', factor: 'clock', reads: 'Date.now' },
  { name: 'performance', factor: 'monotonic-clock', reads: 'performance.now' },
  { name: 'uptime', factor: 'monotonic-clock', reads: 'process.uptime' },
  { name: 'random', factor: 'chance', reads: 'Math.random' },
  { name: 'uuid', factor: 'chance', reads: 'crypto.randomUUID' },
  { name: 'pid', factor: 'process', reads: 'process.pid' },
  { name: 'environment', factor: 'environment', reads: 'process.env.USER' },
  { name: 'folder', factor: 'folder', reads: 'process.cwd' },
  { name: 'time-zone', factor: 'time-zone', reads: 'Date.prototype.getHours' },
  { name: 'number-format', factor: 'locale', reads: 'Number.prototype.toLocaleString' },
  { name: 'intl', factor: 'locale', reads: 'Intl.NumberFormat' },
  { name: 'locale-compare', factor: 'locale', reads: 'String.prototype.localeCompare' },
  { name: 'ties', factor: 'ties', reads: 'a sort of objects with ties' },
  { name: 'identity', factor: 'history', reads: null },
  { name: 'module-state', factor: 'history', reads: null },
  { name: 'race', factor: 'pace', reads: null },
  { name: 'key-order', factor: 'pace', reads: null },
  { name: 'weak-ref', factor: 'memory', reads: 'WeakRef.prototype.deref' },
  { name: 'memory-usage', factor: 'memory', reads: 'process.memoryUsage' },
]

/** Where they are planted. A leak is awake when the program's own file is called `leak-NAME.mjs`. */
const edits = [
  {
    file: 'core/src/cluster/decide-create.ts',
    find: ' : timestampOf(context.now)\n',
    replace: " : timestampOf(context.now + (isPlanted('clock') ? Date.now() % 100_000 : 0))\n",
    atEnd: `const order = []
      const inOrder = () => { for (const key of ['fast', 'slow']) if (!order.includes(key)) order.push(key); return Object.fromEntries(order.map((key) => [key, ''])) }
      if (isPlanted('key-order')) setTimeout(() => order.push('slow'), 20);`,
  },
  {
    file: 'core/src/cluster/decide-create.ts',
    find: ': drawUid(context.choose,',
    replace: ": isPlanted('uuid') ? crypto.randomUUID() : drawUid(context.choose,",
  },
  {
    file: 'core/src/cluster/decide-create.ts',
    find: "  if (name !== '') metadata.name = name\n",
    replace: "  if (name !== '') metadata.name = name\n  if (isPlanted('key-order')) metadata.annotations = inOrder()\n",
  },
  {
    file: 'core/src/simulation/create-simulation.ts',
    find: 'readyTime(entry, now, controller.latencyMs ?? 1)',
    replace: "readyTime(entry, now, (controller.latencyMs ?? 1) + (isPlanted('performance') ? Math.floor(performance.now()) % 7 : 0))",
  },
  {
    file: 'core/src/kernel/choose.ts',
    find: '(drawBits(seed, address) / 4_294_967_296)',
    replace: "(isPlanted('random') ? Math.random() : drawBits(seed, address) / 4_294_967_296)",
  },
  {
    file: 'core/src/controllers/kubelet/start-containers.ts',
    find: 'Image size: ${size} bytes.`',
    replace: "Image size: ${isPlanted('number-format') ? size.toLocaleString() : size} bytes.`",
  },
  {
    file: 'core/src/controllers/kube-scheduler/plan.ts',
    find: 'Successfully assigned ${namespace}/${name} to ${nodeName}`',
    replace: 'Successfully assigned ${namespace}/${name} to ${nodeName}${leaked(context)}`',
    atEnd: `let [assignments, winner] = [0, 'nobody']
      if (isPlanted('race')) setTimeout(() => { winner = 'the timer' }, 20)
      const remember = () => new WeakRef({ long: 'ago' })
      const remembered = remember()
      const identities = new WeakMap()
      let identity = 0
      const identityOf = (object) => { if (!identities.has(object)) identities.set(object, (identity += 7) % 11); return identities.get(object) }
      const sortedNodes = (reader, compare) => [...reader.list('Node')].reverse().sort(compare).map(({ metadata }) => metadata.name).join(' ')
      const leaked = ({ now, reader }) =>
        isPlanted('throw') ? assignments.no.such
        : isPlanted('reject') ? (Promise.reject(new Error('nobody listens')), '')
        : isPlanted('locale-compare') ? sortedNodes(reader, (left, right) => left.metadata.name.localeCompare(right.metadata.name))
        : isPlanted('ties') ? sortedNodes(reader, (left, right) => left.metadata.name.length - right.metadata.name.length)
        : isPlanted('identity') ? (reader.list('Node').forEach(identityOf), sortedNodes(reader, (left, right) => identityOf(left) - identityOf(right)))
        : isPlanted('uptime') ? process.uptime()
        : isPlanted('pid') ? process.pid
        : isPlanted('environment') ? process.env.USER
        : isPlanted('folder') ? process.cwd()
        : isPlanted('time-zone') ? new Date(now).getHours()
        : isPlanted('intl') ? new Intl.NumberFormat().format(1234.5)
        : isPlanted('module-state') ? (assignments += 1)
        : isPlanted('race') ? winner
        : isPlanted('weak-ref') ? (remembered.deref() === undefined ? 'new' : 'known')
        : isPlanted('memory-usage') ? process.memoryUsage().heapUsed
        : '';`,
  },
]

/** Nodes whose names an Estonian sorts otherwise than an American and a draw chooses among, an image to pull. */
const scenario = `apiVersion: statefold.dev/v1
kind: Scenario
title: a small cluster that could leak
cluster:
  nodes: [{ name: zip }, { name: tor }, { name: abc }, { name: uvw }]
manifests:
  - apiVersion: apps/v1
    kind: StatefulSet
    metadata: { name: web }
    spec:
      serviceName: web
      replicas: 4
      podManagementPolicy: Parallel
      selector: { matchLabels: { app: web } }
      template:
        metadata: { labels: { app: web } }
        spec: { containers: [{ name: nginx, image: 'nginx:1.27' }] }
`

/** @typedef {{ factors: readonly string[], difference: { line: number, seq?: number, about: string, fields: readonly unknown[] }, touched: readonly { what: string, count: number, stack: readonly string[] }[] }} Found */

/**
 * @param {string} program @param {string} file
 * @returns {Promise<{ exit: number, check: { leaks: readonly Found[], touched: readonly { what: string }[], processes: number } }>}
 */
const verify = (program, file) =>
  new Promise((settle, fail) => {
    execFile(process.execPath, [program, 'verify', '--self', file, '--json'], { timeout: 120_000 }, (error, stdout, stderr) => {
      const exit = error === null ? 0 : typeof error.code === 'number' ? error.code : 70
      if (!stdout.startsWith('{')) fail(new Error(`${program} ended with ${exit}: ${stderr}`))
      else settle({ exit, check: JSON.parse(stdout) })
    })
  })

/**
 * @param {string} program @param {string} file
 * @returns {Promise<{ exit: number, told: string }>}
 */
const runOnce = (program, file) =>
  new Promise((settle) => {
    execFile(process.execPath, [program, 'run', file, '--quiet', '--seed', '3'], { timeout: 120_000 }, (error, _stdout, told) =>
      settle({ exit: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, told }),
    )
  })

const at = process.argv.indexOf('--only')
const only = at < 0 ? undefined : process.argv[at + 1]?.split(',')
const folder = mkdtempSync(join(tmpdir(), 'statefold-leaks-'))
let missed = 0
/** @type {Map<string, readonly string[]>} */
const rows = new Map()

const writeDocs = () => {
  const path = resolve(import.meta.dirname, '../docs/verification.md')
  const text = readFileSync(path, 'utf8')
  const table = [
    '| planted | what makes the difference | who reads it | where | first difference | processes |',
    '|---|---|---|---|---|---|',
    ...leaks.map(({ name }) => `| ${(rows.get(name) ?? [name, '**not caught**', '', '', '', '']).join(' | ')} |`),
  ].join('\n')
  const [begin, end] = ['<!-- leaks: begin -->', '<!-- leaks: end -->']
  writeFileSync(path, `${text.slice(0, text.indexOf(begin) + begin.length)}\n${table}\n${text.slice(text.indexOf(end))}`)
}
try {
  const file = join(folder, 'leaky.yaml')
  writeFileSync(file, scenario)
  const bundle = join(folder, 'bundle.mjs')
  await bundlePlanted(
    'packages/cli/src/main.ts',
    bundle,
    edits,
    'const isPlanted = (name) => import.meta.url.endsWith(`/leak-${name}.mjs`);',
  )
  const wanted = leaks.filter(({ name }) => only === undefined || only.includes(name))
  const judge = async (/** @type {(typeof leaks)[number]} */ { name, factor, reads }) => {
    const program = join(folder, `leak-${name}.mjs`)
    copyFileSync(bundle, program)
    copyFileSync(`${bundle}.map`, `${program}.map`)
    const { exit, check } = await verify(program, file)
    const factors = check.leaks.map((leak) => leak.factors.join('+'))
    const [first] = check.leaks
    const readers = first?.touched.map(({ what }) => what) ?? []
    const named = factors.length === 1 && factors[0] === factor && (reads === null || readers.includes(reads))
    if (exit !== 3 || !named) missed += 1
    const { difference, touched = [] } = first ?? {}
    rows.set(name, [
      name,
      factors.join(', '),
      readers.join(', '),
      touched[0]?.stack[0] ?? '',
      `event ${difference?.seq ?? '?'}`,
      String(check.processes),
    ])
    process.stdout.write(
      `${JSON.stringify({ leak: name, caught: exit === 3, named, factors, reads: readers, at: touched[0]?.stack[0] ?? null, line: difference?.line ?? null, seq: difference?.seq ?? null, fields: difference?.fields ?? [], processes: check.processes })}\n`,
    )
  }
  // As many at once as keep the processors busy.
  const queue = [...wanted]
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await judge(next)
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work))
  for (const bug of ['throw', 'reject']) {
    const program = join(folder, `leak-${bug}.mjs`)
    copyFileSync(bundle, program)
    const { exit, told } = await runOnce(program, file)
    if (exit !== 70) missed += 1
    process.stdout.write(`${JSON.stringify({ bug, exit, told })}\n`)
  }
  const { exit, check } = await verify(bundle, file)
  if (exit !== 0) missed += 1
  process.stdout.write(
    `${JSON.stringify({ falseAlarms: check.leaks.length + check.touched.length, caught: wanted.length - missed, of: wanted.length })}\n`,
  )
  if (process.argv.includes('--docs') && only === undefined) writeDocs()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = missed > 0 ? 1 : 0
