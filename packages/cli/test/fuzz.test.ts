/** `statefold fuzz` as people use it: what it prints, what it keeps, and that threads change nothing. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { statefold, type Ended } from './statefold.js'

// Slow machines have time.
vi.setConfig({ testTimeout: 300_000 })

const web = fileURLToPath(new URL('../../../examples/canary/web.yaml', import.meta.url))
const runner = fileURLToPath(new URL('../../../tools/statefold.mjs', import.meta.url))

const fuzz = (...args: readonly string[]): Promise<Ended> => statefold(['fuzz', ...args])

interface Counts {
  readonly runs: number
  readonly commands: number
  readonly events: number
  readonly states: number
  readonly marks: readonly string[]
  readonly corpus: number
  readonly findings: number
}

const countsIn = (printed: string): Counts => {
  // What the command itself prints; how long it took differs.
  const { runs, commands, events, states, marks, corpus, findings } = JSON.parse(printed.trim().split('\n').at(-1) ?? '') as Counts
  return { runs, commands, events, states, marks, corpus, findings }
}

describe('fuzz', () => {
  it('keeps what showed something new, and begins with it the next time', async () => {
    const corpus = join(mkdtempSync(join(tmpdir(), 'statefold-')), 'corpus')
    const first = await fuzz('--any', '--runs', '6', '--steps', '3-8', '--corpus', corpus, '--json')
    expect(first.exit).toBe(0)
    const kept = readdirSync(corpus)
    expect(kept.length).toBeGreaterThan(0)
    expect(countsIn(first.printed)).toMatchObject({ runs: 6, findings: 0, corpus: kept.length })
    writeFileSync(join(corpus, 'broken.history.json'), '{"deeds":')
    mkdirSync(join(corpus, 'folder.history.json'))
    const second = await fuzz('--any', '--runs', String(kept.length), '--steps', '3-8', '--corpus', corpus)
    expect([second.exit, second.printed]).toEqual([0, expect.stringContaining(`${kept.length} histories, `)])
    expect(second.noted).toContain('left out of the corpus:')
    expect(second.noted).toContain('broken.history.json')
    expect(second.noted).toContain('folder.history.json: it is a folder, not a file')
  })

  it('takes a scenario or --any, and bounds that make sense', async () => {
    const ends = async (...args: readonly string[]): Promise<readonly [number, string]> => {
      const { exit, noted } = await fuzz(...args)
      return [exit, noted]
    }
    expect(await ends()).toEqual([64, expect.stringContaining('expected a scenario')])
    expect(await ends(web, '--any')).toEqual([64, expect.stringContaining('not both')])
    expect(await ends('--any', '--workers', '0')).toEqual([64, expect.stringContaining('--workers: expected 1 to 64, found 0')])
    expect(await ends('--any', '--steps', '9-3')).toEqual([64, expect.stringContaining('found 9-3')])
    expect(await ends('--any', '--steps', 'many')).toEqual([64, expect.stringContaining('10-300')])
    expect(await ends('--any', '--seed', '4294967296')).toEqual([64, expect.stringContaining('from 0 to 4294967295')])
    expect(await ends('--any', '--corpus', web)).toEqual([64, expect.stringContaining('expected a folder, found a file')])
    // Nobody waits for an hour to hear this.
    expect(await ends('--any', '--write', join(tmpdir(), 'nosuch', 'broken.yaml'))).toEqual([64, expect.stringContaining('does not exist')])
    expect(await ends('--any', '--write', tmpdir())).toEqual([64, expect.stringContaining('it is a folder, not a file')])
  })

  it('knows nothing where nothing was run', async () => {
    expect((await fuzz('--any', '--runs', '0')).exit).toBe(4)
    expect((await fuzz('--any', '--seconds', '0')).exit).toBe(4)
  })

  it('runs the same histories in two threads as in none', async () => {
    const args = ['--any', '--runs', '10', '--steps', '3-8', '--seed', '4', '--json']
    const { printed } = await fuzz(...args)
    const threaded = spawnSync(process.execPath, [runner, 'fuzz', ...args, '--workers', '2'], { encoding: 'utf8' })
    expect(threaded.stderr).toBe('')
    expect(countsIn(threaded.stdout)).toEqual(countsIn(printed))
  })

  it('reads what comes through a pipe once, whatever the workers', () => {
    const line = `cat '${web}' | '${process.execPath}' '${runner}' fuzz /dev/stdin --runs 2 --steps 3 --workers 2 --json`
    const ended = spawnSync('sh', ['-c', line], { encoding: 'utf8' })
    expect([ended.status, ended.stderr]).toEqual([0, ''])
    expect(countsIn(ended.stdout)).toMatchObject({ runs: 2 })
  })
})
