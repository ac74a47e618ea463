/** The determinism self-check, in real processes: leaks planted into a bundle of the product are caught and called what they are. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compareTexts } from '../src/self-check/compare-logs.js'

const tool = fileURLToPath(new URL('../../../tools/leaks.mjs', import.meta.url))

interface Line {
  readonly leak: string
  readonly caught: boolean
  readonly named: boolean
  readonly factors: readonly string[]
  readonly reads: readonly string[]
  readonly at: string | null
  readonly line: number
  readonly seq: number
}

/** One of each kind; all of them run with `node tools/leaks.mjs`. */
const kinds: Readonly<Record<string, string>> = {
  clock: 'clock',
  performance: 'monotonic-clock',
  random: 'chance',
  pid: 'process',
  environment: 'environment',
  folder: 'folder',
  'time-zone': 'time-zone',
  'number-format': 'locale',
  'locale-compare': 'locale',
  ties: 'ties',
  identity: 'history',
  race: 'pace',
  'key-order': 'pace',
  'weak-ref': 'memory',
}

const kindCount = Object.keys(kinds).length

describe('statefold verify --self', () => {
  it('catches every kind of leak and names it, and finds none in the product', { timeout: 240_000 }, async () => {
    const lines = await new Promise<readonly string[]>((settle) => {
      execFile(process.execPath, [tool, '--only', Object.keys(kinds).join(',')], { timeout: 230_000 }, (_error, stdout, stderr) =>
        settle(`${stdout}${stderr}`.trim().split('\n')),
      )
    })
    const found = lines.slice(0, -3).map((line) => JSON.parse(line) as Line)
    expect(Object.fromEntries(found.map(({ leak, factors }) => [leak, factors.join()]))).toEqual(kinds)
    expect(found.filter(({ caught, named }) => !caught || !named)).toEqual([])
    expect(found.filter(({ line, seq }) => !(line > 0 && seq >= 0))).toEqual([])
    // Whoever reads the outside world is named by its line in the sources.
    expect(found.find(({ leak }) => leak === 'random')?.at).toMatch(/packages\/core\/src\/kernel\/choose\.ts:\d+:\d+/)
    // Whatever throws, wherever: 70, and what to report.
    for (const [line = '{}', words] of [
      [lines.at(-3), "TypeError: Cannot read properties of undefined (reading 'such')"],
      [lines.at(-2), 'Error: nobody listens'],
    ] as const) {
      const { exit, told } = JSON.parse(line) as { exit: number; told: string }
      expect([exit, told]).toEqual([70, expect.stringMatching(/^statefold has a bug.*report:\n {2}command {2}statefold run .*--seed 3\n/)])
      expect(told).toContain(words)
    }
    expect(JSON.parse(lines.at(-1) ?? '{}')).toEqual({ falseAlarms: 0, caught: kindCount, of: kindCount })
  })
})

describe('two logs', () => {
  const event = (seq: number, message: string): string =>
    JSON.stringify({
      seq,
      ...(seq === 1 ? { turn: 4, at: 1_500, by: 1, actor: 'kubelet' } : undefined),
      kind: 'KubernetesEventRecorded',
      message,
    })

  it('are the same', () => {
    expect(compareTexts(event(1, 'a'), event(1, 'a'), 'a line')).toBeUndefined()
  })

  it('differ first at a line, an event, and fields', () => {
    expect(compareTexts(`${event(1, 'a')}\n${event(2, 'b')}`, `${event(1, 'a')}\n${event(2, 'c')}`, 'a line')).toEqual({
      line: 2,
      seq: 2,
      about: 'event 2 (KubernetesEventRecorded by kubelet, turn 4, 1500 ms)',
      fields: [{ path: '/message', one: '"b"', other: '"c"' }],
    })
  })

  it('differ where only the order of keys differs', () => {
    expect(compareTexts('{"a":{"x":1,"y":2}}', '{"a":{"y":2,"x":1}}', 'a line')?.fields).toEqual([
      { path: '/a', one: 'keys in the order x, y', other: 'keys in the order y, x' },
    ])
  })

  it('differ where one goes on, without telling what a Secret holds', () => {
    expect(compareTexts('a', 'a\nb', 'the story')).toMatchObject({ line: 2, fields: [{ one: 'nothing', other: '"b"' }] })
    const secret = (value: string): string => JSON.stringify({ seq: 1, kind: 'ObjectCreated', object: 'Secret/default/a', value })
    expect(JSON.stringify(compareTexts(secret('first'), secret('second'), 'a line'))).not.toMatch(/first|second/)
  })
})
