/** Control-C, in real processes: what was found and covered so far is told, and a search can go on from there. */
import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

// Slow machines have time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const runner = fileURLToPath(new URL('../../../tools/statefold.mjs', import.meta.url))
const web = fileURLToPath(new URL('../../../examples/canary/web.yaml', import.meta.url))
// It takes seconds: a search that is over in one would have ended, or not have begun, whenever it is interrupted.
const question = 'questions/scaling-with-a-slow-cache'
const folder = mkdtempSync(join(tmpdir(), 'statefold-'))

// The first start of all bundles the program.
beforeAll(() => execFileSync(process.execPath, [runner, 'version']))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

interface Ended {
  readonly exit: number | null
  readonly signal: string | null
  readonly printed: string
  readonly noted: string
}

const interruptedAfter = (milliseconds: number, args: readonly string[]): Promise<Ended> =>
  new Promise((settle) => {
    const child = spawn(process.execPath, [runner, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let [printed, noted] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      noted += text
    })
    const timer = setTimeout(() => child.kill('SIGINT'), milliseconds)
    child.on('close', (exit, signal) => {
      clearTimeout(timer)
      settle({ exit, signal, printed, noted })
    })
  })

/** Interrupted in the middle, on a machine of whatever speed: later and later, until it has got somewhere. */
const interrupted = async (args: () => readonly string[], hasBegun: (ended: Ended) => boolean): Promise<Ended> => {
  for (let milliseconds = 700; ; milliseconds *= 1.5) {
    const ended = await interruptedAfter(milliseconds, args())
    if (hasBegun(ended) || milliseconds > 60_000) return ended
  }
}

const lastLine = ({ printed }: Pick<Ended, 'printed'>): Record<string, unknown> =>
  // What the program itself prints; nothing when it was too early.
  JSON.parse(printed.trimEnd().split('\n').at(-1) || '{}') as Record<string, unknown>

const covered = ({ states, transitions, depth, complete, findings, marks }: Record<string, unknown>): Record<string, unknown> => ({
  states,
  transitions,
  depth,
  complete,
  findings,
  marks,
})

describe('Control-C', () => {
  it.each(['1', '2'])(
    'ends an exploration with what was covered (%s workers); resumed, it ends as one that was not disturbed',
    async (workers) => {
      const saved = join(folder, `saved-${workers}.json`)
      const args = ['explore', question, '--json', '--workers', workers, '--save', saved]
      const ended = await interrupted(
        () => {
          rmSync(saved, { force: true })
          return args
        },
        (each) => each.exit === 4 && Number(lastLine(each)['states']) > 100,
      )
      expect([ended.exit, ended.signal, ended.noted]).toEqual([4, null, ''])
      const partial = lastLine(ended)
      expect(partial).toMatchObject({ complete: false, limit: 'the user', findings: 0 })
      expect(existsSync(saved)).toBe(true)
      const run = (...more: readonly string[]): Record<string, unknown> =>
        lastLine({ printed: execFileSync(process.execPath, [runner, 'explore', question, '--json', ...more], { encoding: 'utf8' }) })
      const whole = run('--workers', '1')
      expect(Number(partial['states'])).toBeLessThan(Number(whole['states']))
      expect(covered(run('--workers', workers, '--resume', saved))).toEqual(covered(whole))
    },
  )

  it('tells people how a search that it has ended goes on', async () => {
    const saved = join(folder, 'told.json')
    const ended = await interrupted(
      () => ['explore', question, '--save', saved, '--overwrite'],
      ({ printed }) => printed.includes('ended by the user'),
    )
    expect(ended.exit).toBe(4)
    expect(ended.printed).toContain('not complete (ended by the user), within this scope:')
    expect(ended.printed).toContain(`it can go on: statefold explore ${question} --resume ${saved}`)
  })

  it.each(['1', '2'])('ends random histories with those that were run (%s workers)', async (workers) => {
    const ended = await interrupted(
      () => ['fuzz', '--any', '--runs', '100000', '--steps', '3-6', '--workers', workers, '--json'],
      (each) => each.exit === 4 && Number(lastLine(each)['runs']) > 0,
    )
    expect([ended.exit, ended.signal, ended.noted]).toEqual([4, null, ''])
    expect(lastLine(ended)).toMatchObject({ limit: 'the user', findings: 0 })
  })

  it('ends a run at once; of its log whole turns are left, which can be replayed', async () => {
    const long = join(folder, 'long.yaml')
    copyFileSync(web, join(folder, 'web.yaml'))
    writeFileSync(long, 'apiVersion: statefold.dev/v1\nkind: Scenario\nmanifests: [web.yaml]\nsteps:\n  - sleep: 2000h\n')
    let log = ''
    let turn = 0
    const ended = await interrupted(
      () => {
        turn += 1
        log = join(folder, `long-${turn}.ndjson`)
        return ['run', long, '--log', log, '--quiet']
      },
      ({ signal }) => signal === 'SIGINT' && existsSync(log) && readFileSync(log, 'utf8').split('\n').length > 200,
    )
    expect([ended.exit, ended.signal]).toEqual([null, 'SIGINT'])
    const replayed = execFileSync(process.execPath, [runner, 'replay', log, '--json'], { encoding: 'utf8' })
    expect(Number(lastLine({ printed: replayed })['events'])).toBeGreaterThan(100)
  })
})
