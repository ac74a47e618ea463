/** The command line as people use it, in process: what is printed, what is written, and how it ends. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { statefold, type Ended } from './statefold.js'

const canary = fileURLToPath(new URL('../../../examples/canary/canary.yaml', import.meta.url))
const web = fileURLToPath(new URL('../../../examples/canary/web.yaml', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'statefold-'))
const file = (name: string, text?: string): string => {
  const path = join(folder, name)
  if (text !== undefined) writeFileSync(path, text)
  return path
}

const log = file('canary.ndjson')
let ran: Ended

beforeAll(async () => {
  ran = await statefold(['run', canary, '--log', log])
})

describe('run', () => {
  it('prints a timeline and a report, and ends with 0', () => {
    expect(ran.exit).toBe(0)
    expect(ran.printed).toContain('── the canary\n')
    expect(ran.printed).toMatch(/✓ \d+ invariants, checked at every event/)
    expect(ran.printed).toContain('PASSED')
  })

  it('runs plain manifests until at rest', async () => {
    const { exit, printed } = await statefold(['run', web, '--quiet'])
    expect([exit, printed]).toEqual([0, expect.stringContaining('StatefulSet default/web  3/3 ready')])
  })

  it('says what it waits for when it is not at rest in time', async () => {
    const { exit, printed } = await statefold(['run', web, '--until', '5s'])
    expect(exit).toBe(2)
    expect(printed).toContain('NOT CONVERGED')
    expect(printed).toMatch(/again: {2}statefold run .*web.yaml --seed 1 --until 5000ms/)
  })

  it('says once what is stored and not simulated', async () => {
    const path = file(
      'stored.yaml',
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\nspec: {podSelector: {}}\n',
    )
    const { exit, printed } = await statefold(['run', path, '--quiet'])
    expect([exit, printed]).toEqual([0, expect.stringContaining('stored, not simulated: NetworkPolicy')])
  })

  it('prints JSON for machines', async () => {
    const { printed } = await statefold(['run', web, '--json', '--seed', '9'])
    expect(JSON.parse(printed)).toMatchObject({ outcome: 'passed', seed: 9, digest: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown })
  })

  it('writes JUnit', async () => {
    const junit = file('junit.xml')
    await statefold(['run', canary, '--junit', junit, '--quiet'])
    expect(readFileSync(junit, 'utf8')).toMatch(/<testsuites tests="\d+" failures="0"/)
  })

  it('never overwrites a log unless told to', async () => {
    const before = readFileSync(log, 'utf8')
    const refused = await statefold(['run', web, '--log', log])
    expect([refused.exit, refused.noted]).toEqual([64, `${log}: it exists already; name another file or add --overwrite\n`])
    expect(readFileSync(log, 'utf8')).toBe(before)
  })

  it.each<readonly [string, string, RegExp]>([
    [
      'negative.yaml',
      readFileSync(web, 'utf8').replace('replicas: 3', 'replicas: -3'),
      /negative\.yaml:22:13: The StatefulSet "web" is invalid: spec\.replicas/,
    ],
    ['broken.yaml', 'a: [', /broken\.yaml:1:\d+: not YAML/],
    [
      'misspelt.yaml',
      'apiVersion: statefold.dev/v1\nkind: Scenario\nsteps: [{kubctl: get pods}]\n',
      /misspelt\.yaml:3:10: steps\[0\]: unknown field "kubctl" in step; did you mean "kubectl"\?/,
    ],
    [
      'outside.yaml',
      'apiVersion: statefold.dev/v1\nkind: Scenario\nmanifests: [link.yaml]\n',
      /outside\.yaml:3:13: link\.yaml: it is outside the scenario's folder/,
    ],
  ])('writes nothing for %s', async (name, text, words) => {
    if (name === 'outside.yaml') symlinkSync(web, file('link.yaml'))
    const written = file(`${name}.ndjson`)
    const { exit, noted } = await statefold(['run', file(name, text), '--log', written])
    expect([exit, existsSync(written)]).toEqual([64, false])
    expect(noted).toMatch(words)
  })

  it.each<readonly [string, () => readonly string[], string]>([
    ['a missing file', () => ['run', 'nowhere.yaml'], 'nowhere.yaml: there is no such file\n'],
    [
      'a name of nothing',
      () => ['run', 'no-such-scenario'],
      'no-such-scenario: there is no such file; nor is there a scenario of that name (statefold scenario list shows them)\n',
    ],
    [
      'a log in a folder that is not there',
      () => ['run', web, '--log', '/nowhere/x.ndjson'],
      '/nowhere/x.ndjson: the folder it should be in does not exist\n',
    ],
    ['a missing log', () => ['replay', 'nowhere.ndjson'], 'nowhere.ndjson: there is no such file\n'],
    ['a full disk', () => ['run', web, '--quiet', '--log', '/dev/full', '--overwrite'], '/dev/full: the disk is full\n'],
    ['a device as a log', () => ['replay', '/dev/zero'], '/dev/zero: a line is longer than 64 MiB; this is not a statefold log\n'],
    ['a device as a scenario', () => ['run', '/dev/zero'], '/dev/zero: it is a device, not a file\n'],
    ['a folder as a log', () => ['replay', folder], `${folder}: it is a folder, not a file\n`],
    [
      'a file that is no log',
      () => ['timeline', file('words.txt', 'hello\n')],
      `${folder}/words.txt:1: line 1 is not JSON; expected the header of a statefold log\n`,
    ],
  ])('%s is a sentence, not a stack trace', async (_name, args, words) => {
    expect(await statefold(args())).toMatchObject({ exit: 64, printed: '', noted: words })
  })

  it('says of an unreadable folder that it may not be read', async () => {
    if (process.getuid?.() === 0) return
    const path = file('secret.yaml', '')
    chmodSync(path, 0o000)
    const closed = file('closed')
    mkdirSync(closed, { mode: 0o000 })
    for (const unreadable of [path, closed])
      expect((await statefold(['run', unreadable])).noted).toBe(`${unreadable}: it may not be read by this user\n`)
  })

  it('refuses flags that nobody knows', async () => {
    const { exit, noted } = await statefold(['run', web, '--sede', '3'])
    expect([exit, noted]).toEqual([64, expect.stringContaining('Did you mean --seed?')])
  })
})

describe('replay and verify', () => {
  it('comes to the digest of the run', async () => {
    const digest = /digest ([0-9a-f]{64})/.exec(ran.printed)?.[1] ?? 'none'
    const { exit, printed } = await statefold(['replay', log])
    expect([exit, printed]).toEqual([0, expect.stringContaining(`digest ${digest}`)])
  })

  it('seeks to a time and to a turn', async () => {
    const early = JSON.parse((await statefold(['replay', log, '--at', '1s', '--json'])).printed) as {
      objects: { kind: string; count: number }[]
    }
    expect(early.objects.find(({ kind }) => kind === 'Pod')?.count).toBe(1)
    expect((await statefold(['replay', log, '--at', '99999'])).exit).toBe(64)
  })

  it('runs again to the same events', async () => {
    expect((await statefold(['verify', log])).exit).toBe(0)
  })

  it('finds a flipped byte and names line and event', async () => {
    const flipped = file('flipped.ndjson', readFileSync(log, 'utf8').replace('"web-1"', '"web-7"'))
    const { exit, noted } = await statefold(['replay', flipped])
    expect(exit).toBe(3)
    expect(noted).toMatch(/flipped\.ndjson:\d+: lines \d+ to \d+: turn \d+ \(events \d+ to \d+\) has been changed/)
  })

  it('ends with 3 wherever a byte of a log was changed', async () => {
    const whole = readFileSync(log)
    const exits = new Set<number>()
    for (let place = 0; place < whole.length - 1; place += Math.floor(whole.length / 25)) {
      const copy = Buffer.from(whole)
      copy[place] = (copy[place] ?? 0) ^ 1
      exits.add((await statefold(['replay', file('changed.ndjson', copy.toString('latin1'))])).exit)
    }
    expect([...exits]).toEqual([3])
  })

  it('counts turns as the report of the run does', async () => {
    const reported = JSON.parse((await statefold(['run', canary, '--json'])).printed) as { turns: number; events: number }
    const replayed = JSON.parse((await statefold(['replay', log, '--json'])).printed) as { turns: number; events: number }
    expect([replayed.turns, replayed.events]).toEqual([reported.turns, reported.events])
  })

  it('opens a torn log at its last whole turn', async () => {
    const whole = readFileSync(log, 'utf8')
    const torn = file('torn.ndjson', whole.slice(0, Math.floor(whole.length / 2)))
    const { exit, noted, printed } = await statefold(['replay', torn])
    expect([exit, noted, printed]).toEqual([
      0,
      expect.stringContaining('this is the log up to its last whole turn'),
      expect.stringContaining('no end is written'),
    ])
  })

  it('refuses an unknown version by name', async () => {
    const future = file('future.ndjson', readFileSync(log, 'utf8').replace('"version":2', '"version":99'))
    expect((await statefold(['replay', future])).noted).toContain('the log has format version 99')
  })
})

describe('looking at a log', () => {
  it('tells its timeline, also about one object only', async () => {
    const { printed } = await statefold(['timeline', log, '--about', 'web-2', '--at', '10s'])
    expect(
      printed
        .split('\n')
        .slice(1)
        .filter((line) => line.includes('web-0 ')),
    ).toEqual([])
  })

  it('explains what is waited for', async () => {
    const { printed } = await statefold(['explain', log, 'web-2', '--at', '4m30s'])
    expect(printed).toContain('what is waited for:')
    expect(printed).toContain('Failed to pull image')
  })

  it.each<readonly [string, RegExp]>([
    ['nosuch', /nothing in the log is called nosuch; there is .*pod\/web-0/],
    ['web-9', /nothing in the log is called web-9; there is pod\/web-0, pod\/web-1, pod\/web-2/],
    ['deployment/web-1', /nothing in the log is called deployment\/web-1; there is pod\/web-1/],
  ])('says of %s that there is no such thing, and what there is', async (name, words) => {
    const { exit, printed, noted } = await statefold(['explain', log, name])
    expect([exit, printed, noted]).toEqual([64, '', expect.stringMatching(words)])
  })

  it('takes kinds as kubectl does', async () => {
    expect((await statefold(['explain', log, 'po/web-1'])).printed).toBe((await statefold(['explain', log, 'pod/web-1'])).printed)
  })

  it('says that no line of a timeline is about a name', async () => {
    expect(await statefold(['timeline', log, '--about', 'nosuch'])).toMatchObject({ exit: 64, printed: '' })
  })

  it('compares two places', async () => {
    const { printed } = await statefold(['diff', `${log}@200`, `${log}@200`])
    expect(printed).toBe('the two states are the same\n')
    expect((await statefold(['diff', `${log}@3m`, `${log}@3m`])).printed).toBe('the two states are the same\n')
    const then = await statefold(['diff', `${log}@3m`, `${log}@3m10s`])
    expect(then.printed).toContain('~ Pod/default/web-2\n')
    const other = await statefold(['diff', `${log}@200`, '--json'])
    expect((JSON.parse(other.printed) as { differences: unknown[] }).differences.length).toBeGreaterThan(0)
  })
})

describe('fork', () => {
  it('continues otherwise, writes a log that verifies, and says what differs', async () => {
    const other = file('fork.ndjson')
    const { exit, printed } = await statefold([
      'fork',
      log,
      '--at',
      '4m30s',
      '--log',
      other,
      '--',
      'kubectl',
      'scale',
      'statefulset/web',
      '--replicas=1',
    ])
    expect(exit).toBe(0)
    expect(printed).toContain('statefulset.apps/web scaled')
    expect(printed).toContain('- Pod/default/web-2')
    expect((await statefold(['verify', other])).exit).toBe(0)
  })
})

describe('shell', () => {
  it('prints both outputs of a line in the order in which they came', async () => {
    const { parts } = await statefold(['shell', web], ['echo before; kubectl get nosuch; echo after'])
    expect(parts.map(([where, text]) => [where, text.trim()])).toEqual([
      ['printed', 'before'],
      ['noted', `error: the server doesn't have a resource type "nosuch"`],
      ['printed', 'after'],
    ])
  })

  it('steps, rewinds, forks and comes back', async () => {
    const { exit, printed } = await statefold(
      ['shell', web],
      [
        ':run 30s',
        'kubectl get pods -o name',
        ':fork',
        'kubectl scale statefulset/web --replicas=1',
        ':rest',
        'kubectl get pods -o name',
        ':back',
        ':rewind 3s',
        'kubectl get pods -o name',
        ':quit',
      ],
    )
    expect(exit).toBe(0)
    expect(printed.split('\n').filter((line) => line.startsWith('pod/'))).toEqual([
      'pod/web-0',
      'pod/web-1',
      'pod/web-2',
      'pod/web-0',
      'pod/web-0',
    ])
  })

  it('begins in the middle of a log, goes back before it, and saves a log that verifies', async () => {
    const saved = file('saved.ndjson')
    const { printed } = await statefold(
      ['shell', log, '--at', '4m30s'],
      ['kubectl delete pod web-2 --wait=false', ':run 20s', `:save ${saved}`, ':rewind 1s', 'kubectl get pods -o name'],
    )
    expect(printed).toContain('web-2 ready')
    expect(printed.trimEnd().split('\n').at(-1)).toBe('pod/web-0')
    expect((await statefold(['verify', saved])).exit).toBe(0)
  })
})

describe('scenario', () => {
  it('writes a scenario that is well formed and passes', async () => {
    const path = file('fresh.yaml')
    expect((await statefold(['scenario', 'new', path])).exit).toBe(0)
    expect((await statefold(['scenario', 'lint', path])).exit).toBe(0)
    expect((await statefold(['run', path])).exit).toBe(0)
    expect((await statefold(['scenario', 'new', path])).exit).toBe(64)
  })

  it('lists the catalog, one line a scenario', async () => {
    const { exit, printed } = await statefold(['scenario', 'list'])
    expect(exit).toBe(0)
    expect(printed.split('\n').filter((line) => line.startsWith(' '))).toEqual([])
  })
})

describe('help', () => {
  it.each([
    'run',
    'replay',
    'verify',
    'timeline',
    'explain',
    'diff',
    'fork',
    'shell',
    'scenario new',
    'scenario lint',
    'conform',
    'completion',
  ])('of %s has examples', async (name) => {
    const { exit, printed } = await statefold([...name.split(' '), '--help'])
    expect([exit, printed]).toEqual([0, expect.stringContaining('Examples:')])
  })

  it.each(['bash', 'zsh', 'fish'])('completes in %s', async (shell) => {
    const { printed } = await statefold(['completion', shell])
    expect(printed).toContain('--overwrite'.slice(shell === 'fish' ? 2 : 0))
    expect(printed).toContain('rollout/forced-rollback-trap')
    expect(printed).not.toContain('self-run')
  })

  it('stops a search at a bound with 4, and goes on from there to the same end', { timeout: 120_000 }, async () => {
    const question = 'questions/partitioned-node'
    const last = ({ printed }: Ended): Readonly<Record<string, unknown>> =>
      JSON.parse(printed.trim().split('\n').at(-1) ?? '') as Readonly<Record<string, unknown>>
    const saved = join(folder, 'search.json')
    const whole = await statefold(['explore', question, '--workers', '1', '--json'])
    const part = await statefold(['explore', question, '--workers', '1', '--json', '--states', '100', '--save', saved])
    const rest = await statefold(['explore', question, '--workers', '1', '--json', '--resume', saved])
    expect([whole.exit, part.exit, rest.exit]).toEqual([0, 4, 0])
    expect(last(part)).toMatchObject({ complete: false, limit: '100 states' })
    const { states, transitions, depth, ends, endings, marks } = last(whole)
    expect(last(rest)).toMatchObject({ complete: true, states, transitions, depth, ends, endings, marks })
    expect(await statefold(['explore', 'questions/stuck-rollout', '--resume', saved])).toMatchObject({
      exit: 64,
      noted: expect.stringContaining('it is of another scenario') as unknown,
    })
    expect(await statefold(['explore', question, '--resume', canary])).toMatchObject({
      exit: 64,
      noted: expect.stringContaining('it is no JSON') as unknown,
    })
    expect(await statefold(['explore', question, '--save', saved])).toMatchObject({
      exit: 64,
      noted: expect.stringContaining('--overwrite') as unknown,
    })
    expect(await statefold(['explore', question, '--workers', '0'])).toMatchObject({ exit: 64 })
  })

  it('completes subcommands, flags, scenarios and files, as bash does it', async () => {
    const script = file('completion.bash', (await statefold(['completion', 'bash'])).printed)
    const completed = (...words: readonly string[]): readonly string[] =>
      execFileSync('bash', [
        '-c',
        `source ${script}; COMP_WORDS=(statefold ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _statefold; printf '%s\\n' "\${COMPREPLY[@]}"`,
      ])
        .toString()
        .trim()
        .split('\n')
    expect(completed('ex')).toEqual(['explain', 'explore'])
    expect(completed('run', '--ov')).toEqual(['--overwrite'])
    expect(completed('run', 'rollout/forced')).toEqual(['rollout/forced-rollback-trap'])
    expect(completed('scenario', 'l')).toEqual(expect.arrayContaining(['lint', 'list']))
  })

  it('names the subcommands when asked about one that is not there', async () => {
    expect(await statefold(['help', 'timline'])).toMatchObject({
      exit: 64,
      printed: '',
      noted: expect.stringMatching(/^there is no subcommand timline: run, replay, /) as unknown,
    })
  })
})
