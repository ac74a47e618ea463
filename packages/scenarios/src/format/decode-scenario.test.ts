import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { decodeScenario, isScenarioText } from './decode-scenario.js'
import { formatDuration, parseDuration } from './duration.js'
import { formatProblem } from './problem.js'
import { yamlLimits } from './read-yaml.js'

const head = 'apiVersion: statefold.dev/v1\nkind: Scenario\n'

const problemsOf = (body: string): readonly string[] => {
  const decoded = decodeScenario('s.yaml', `${head}${body}`)
  return E.isLeft(decoded) ? decoded.left.map(formatProblem) : []
}

describe('what is wrong with a scenario is said with its place, what was expected and what was found', () => {
  it.each<readonly [string, string, string]>([
    ['an unknown field', 'sede: 1\n', 's.yaml:3:1: unknown field "sede" in scenario; did you mean "seed"?'],
    [
      'an unknown field far from any',
      'expect:\n  - zebra: 1\n',
      's.yaml:4:5: expect[0]: unknown field "zebra" in expectation; known are always, never, eventually, sometimes, within, from, because',
    ],
    ['a wrong type', 'seed: seven\n', 's.yaml:3:7: seed: expected a whole number from 0 to 4294967295, found "seven"'],
    ['an impossible number', 'seed: -1\n', 's.yaml:3:7: seed: expected a whole number from 0 to 4294967295, found -1'],
    ['a fraction', 'seed: 1.5\n', 's.yaml:3:7: seed: expected a whole number from 0 to 4294967295, found 1.5'],
    ['a list where a mapping is meant', 'cluster: []\n', 's.yaml:3:10: cluster: expected cluster (a mapping), found an empty list'],
    [
      'a field deep inside',
      'cluster:\n  nodes:\n    - name: a\n    - nam: b\n',
      's.yaml:6:7: cluster.nodes[1]: unknown field "nam" in node; did you mean "name"?',
    ],
    [
      'a missing field',
      'cluster:\n  nodes:\n    - zone: b\n',
      's.yaml:5:7: cluster.nodes[0]: field "name" is missing in node; expected a node name: lower case letters, digits, "-" and "."',
    ],
    [
      'a step without action',
      'steps:\n  - at: 3s\n',
      's.yaml:4:5: steps[0]: expected action: one of apply, delete, scale, setImage, patch, cordon, uncordon, drain, fault, heal, kubectl, console, settle, sleep, world, dns, writeFile, check',
    ],
    [
      'a step with two actions',
      'steps:\n  - {sleep: 1s, settle: true}\n',
      's.yaml:4:5: steps[0]: expected one action, found 2: settle, sleep',
    ],
    [
      'two times for one step',
      'steps:\n  - {at: 1s, after: 1s, settle: true}\n',
      's.yaml:4:5: steps[0]: expected at most one of at, after, when, found at and after',
    ],
    [
      'a time without unit',
      'steps:\n  - {at: 10, settle: true}\n',
      's.yaml:4:10: steps[0].at: expected a length of time such as 500ms, 30s or 1m30s, found 10',
    ],
    [
      'an unknown fault',
      'steps:\n  - fault: {nodeCrsh: n}\n',
      's.yaml:4:13: steps[0].fault: unknown field "nodeCrsh" in fault; did you mean "nodeCrash"?',
    ],
    [
      'a condition without subject',
      'expect:\n  - always: {ready: true}\n',
      's.yaml:4:13: expect[0].always: expected subject: one of object, count, dns, file, command, event, waiting, atRest, all, any, not',
    ],
    [
      'a bad regular expression',
      "expect:\n  - always: {object: pod/a, path: .x, matches: '('}\n",
      's.yaml:4:48: expect[0].always.matches: expected a regular expression, found "("',
    ],
    [
      'a condition in a condition',
      'expect:\n  - always: {not: {objekt: pod/a}}\n',
      's.yaml:4:20: expect[0].always.not: unknown field "objekt" in condition; did you mean "object"?',
    ],
    ['a key that comes twice', 'seed: 1\nseed: 2\n', 's.yaml:4:1: expected each key once, found it again here'],
    ['no YAML', 'steps: [1\n', 's.yaml:4:1: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ['a forbidden key', 'cluster: {__proto__: {nodes: 3}}\n', 's.yaml:3:11: the key "__proto__" is not allowed'],
  ])('%s', (_name, body, problem) => {
    expect(problemsOf(body)).toEqual([problem])
  })

  it('tells all mistakes of a file, in their order', () => {
    expect(problemsOf('seed: x\nlesson: 3\n').map((problem) => problem.split(': ')[1])).toEqual(['seed', 'lesson'])
  })

  it('refuses a version that it does not know by name', () => {
    const decoded = decodeScenario('s.yaml', 'apiVersion: statefold.dev/v2\nkind: Scenario\n')
    expect(E.isLeft(decoded) ? decoded.left.map(formatProblem) : []).toEqual([
      's.yaml:1:13: apiVersion: this program reads statefold.dev/v1, found "statefold.dev/v2"',
    ])
  })
})

describe('no file takes more than linear time', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x,x]',
    ...'bcdefghijklm'
      .split('')
      .map((name, index) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcdefghijklm'.charAt(index)}`).join(',')}]`),
  ].join('\n')
  it.each<readonly [string, string, RegExp]>([
    ['an alias bomb', bomb, /fewer aliases/],
    ['100,000 brackets', '['.repeat(100_000), /levels of nesting/],
    ['100,000 dashes', '- '.repeat(100_000), /levels of nesting/],
    ['1,000 levels of indentation', Array.from({ length: 1_000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'), /levels of nesting/],
    ['3 MiB', `a: ${'x'.repeat(3 * 1024 * 1024)}`, /at most 2 MiB, found 3.0 MiB/],
  ])('%s is refused', (_name, source, words) => {
    const decoded = decodeScenario('s.yaml', source)
    expect(E.isLeft(decoded) ? decoded.left.map(({ message }) => message).join() : 'accepted').toMatch(words)
  })

  it('reads a file just below the bound', () => {
    expect(problemsOf(`lesson: ${'x'.repeat(yamlLimits.bytesMax - 200)}\n`)).toEqual([])
  })
})

describe('lengths of time', () => {
  it.each<readonly [string, number | undefined]>([
    ['0s', 0],
    ['500ms', 500],
    ['1m30s', 90_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['', undefined],
    ['10', undefined],
    ['1.5s', undefined],
    ['-5s', undefined],
    ['1h xyz', undefined],
    ['9999d', undefined],
  ])('%s', (written, ms) => {
    expect(parseDuration(written)).toBe(ms)
    if (ms !== undefined) expect(parseDuration(formatDuration(ms))).toBe(ms)
  })
})

it('tells scenarios from manifests by their content', () => {
  expect(isScenarioText(head)).toBe(true)
  expect(isScenarioText('# comment\napiVersion: "statefold.dev/v9"\n')).toBe(true)
  expect(isScenarioText('apiVersion: v1\nkind: Service\n')).toBe(false)
})
