/** Bugs that break no invariant, planted into bundles of the command line: what a search hands back, and what a run of that says. */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { execFile, execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

// Slow machines have time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const tool = fileURLToPath(new URL('../../../tools/plant.mjs', import.meta.url))

const edits = [
  {
    file: 'core/src/controllers/stateful-set/controller.ts',
    find: "  if (type === 'DELETED') return resolved\n",
    replace: `  if (isPlanted('assertion') && type === 'ADDED' && pod.metadata.name.endsWith('-2')) throw new Error('nobody counts to three')
  if (isPlanted('deaf') && pod.metadata.deletionTimestamp !== undefined) return nobody
  if (type === 'DELETED') return resolved
`,
  },
  {
    file: 'core/src/controllers/stateful-set/plan.ts',
    find: '    const outcome = yield* syncStatefulSet(sync)\n',
    replace: `    const outcome = yield* syncStatefulSet(sync)
    const seen = set.metadata.annotations?.['seen'] === 'once' ? 'again' : 'once'
    if (isPlanted('restless') && replicasOf(set) > 1)
      yield { kind: 'PatchObject', target: { kind: 'StatefulSet', namespace, name: set.metadata.name }, patchType: 'merge', patch: { metadata: { annotations: { seen } } } }
`,
  },
  {
    file: 'cli/src/fuzz-worker.ts',
    find: "  port.on('message', (job: FuzzJob) => {\n",
    replace: "  port.on('message', (job: FuzzJob) => {\n    if (isPlanted('torn')) throw new Error('the thread is torn')\n",
  },
  {
    file: 'cli/src/explore-worker.ts',
    find: "  port.on('message', (request: ExpandRequest) => {\n",
    replace: "  port.on('message', (request: ExpandRequest) => {\n    if (isPlanted('torn')) throw new Error('the thread is torn')\n",
  },
]

const folder = mkdtempSync(join(tmpdir(), 'statefold-'))
const place = (name: string): string => join(folder, name)

beforeAll(() => {
  execFileSync(process.execPath, [tool, place('bundle.mjs')], { input: JSON.stringify(edits) })
  for (const bug of ['assertion', 'deaf', 'restless', 'torn', 'none']) copyFileSync(place('bundle.mjs'), place(`planted-${bug}.mjs`))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

interface Ended {
  readonly exit: number
  readonly printed: string
  readonly noted: string
}

const planted = (bug: string, ...args: readonly string[]): Promise<Ended> =>
  new Promise((settle) => {
    execFile(process.execPath, [place(`planted-${bug}.mjs`), ...args], { maxBuffer: 1 << 26 }, (error, printed, noted) => {
      settle({ exit: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, printed, noted })
    })
  })

/** What `--json` prints, line by line: nothing but JSON. */
const linesOf = ({ printed }: Ended): readonly Record<string, unknown>[] =>
  printed
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const fuzzed = async (bug: string, runs: number): Promise<{ readonly ended: Ended; readonly file: string; readonly story: string }> => {
  const file = place(`${bug}.yaml`)
  const ended = await planted(bug, 'fuzz', '--any', '--runs', String(runs), '--steps', '4-8', '--seed', '3', '--write', file, '--json')
  expect(existsSync(file)).toBe(true)
  return { ended, file, story: readFileSync(place(`${bug}.txt`), 'utf8') }
}

describe('fuzz', () => {
  it('hands back a hot loop, and a run of the file says what repeats', async () => {
    const { ended, file, story } = await fuzzed('restless', 4)
    expect(ended.exit).toBe(1)
    expect(linesOf(ended)[0]).toMatchObject({ property: 'temporal/no-hot-loop', isConfirmed: true })
    const again = await planted('restless', 'run', file)
    expect(again.exit).toBe(1)
    expect(again.printed).toContain('temporal/no-hot-loop was violated')
    expect(again.printed).toMatch(/what repeats \(\d+ times within \d+ ms, and it goes on\): statefulset-controller StatefulSetChanged /)
    expect(story).toContain('temporal/no-hot-loop was violated')
    expect((await planted('none', 'run', file)).exit).toBe(0)
  })

  it('hands back a cluster that does not come to what is wanted, with who misses what', async () => {
    const { ended, file, story } = await fuzzed('deaf', 200)
    expect(ended.exit).toBe(1)
    const [finding] = linesOf(ended)
    expect(finding).toMatchObject({ isConfirmed: true, message: expect.stringMatching(/; nobody says what it waits for$/) as unknown })
    const again = await planted('deaf', 'run', file)
    expect(again.exit).toBe(1)
    for (const text of [again.printed, story]) {
      expect(text).toContain(`${String(finding?.['property'])} was violated`)
      expect(text).toContain(String(finding?.['message']))
    }
    expect((await planted('none', 'run', file)).exit).toBe(0)
  })

  it('hands back an assertion as a bug of the program, and a run of the file reports it', async () => {
    const { ended, file, story } = await fuzzed('assertion', 20)
    expect(ended.exit).toBe(70)
    expect(linesOf(ended)[0]).toMatchObject({ property: 'assertion', isConfirmed: true, message: 'nobody counts to three' })
    expect(ended.noted).toContain('statefold has a bug: nobody counts to three')
    const again = await planted('assertion', 'run', file)
    expect(again).toMatchObject({ exit: 70, noted: expect.stringContaining('nobody counts to three') as unknown })
    expect(again.noted).toContain(`statefold run ${file}`)
    expect(story).toContain('nobody counts to three')
    expect(story).toContain('create StatefulSet')
    expect((await planted('none', 'run', file)).exit).toBe(0)
  })
})

describe('explore', () => {
  it.each([
    ['assertion', 70, 'assertion'],
    ['restless', 1, 'temporal/no-hot-loop'],
  ])('hands back %s too', async (bug, exit, property) => {
    const scope = fileURLToPath(new URL('scopes/growing.yaml', import.meta.url))
    const file = place(`explored-${bug}.yaml`)
    const ended = await planted(bug, 'explore', scope, '--workers', '1', '--write', file, '--json')
    expect(ended.exit).toBe(exit)
    expect(linesOf(ended)[0]).toMatchObject({ property })
    expect((await planted(bug, 'run', file)).exit).toBe(exit)
    expect(readFileSync(place(`explored-${bug}.txt`), 'utf8').length).toBeGreaterThan(100)
    expect((await planted('none', 'run', file)).exit).toBe(0)
  })
})

describe('a thread that ends by itself', () => {
  it.each([
    ['fuzz', '--any', '--runs', '10', '--workers', '2'],
    ['explore', 'questions/scaling-with-a-slow-cache', '--workers', '2'],
  ])('ends %s with a report, not as if all were well', async (...args) => {
    const ended = await planted('torn', ...args)
    expect(ended).toMatchObject({ exit: 70, printed: '', noted: expect.stringContaining('the thread is torn') as unknown })
    expect(ended.noted).toContain(`statefold ${args.join(' ')}`)
  })
})
