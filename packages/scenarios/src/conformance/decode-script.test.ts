import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { decodeScript, type ScriptError, type ScriptStep } from './decode-script.js'

const stepsOf = (steps: string): readonly ScriptStep[] | ScriptError => {
  const decoded = decodeScript(`steps:\n${steps}`)
  return E.isRight(decoded) ? decoded.right.steps : decoded.left
}

describe('a script is read as the recorder reads it', () => {
  it.each([
    ['- kubectl: get pods', [{ kubectl: 'get pods', input: '' }]],
    ['- {kubectl: apply -f -, input: "kind: Pod"}', [{ kubectl: 'apply -f -', input: 'kind: Pod' }]],
    ['- {Settle: 0, SLEEP: 5}', [{ settle: 0 }]],
    ["- {kubectl: '', settle: 1_500}", [{ settle: 1500 }]],
    ['- {settle: null, sleep: 2e3}', [{ sleep: 2000 }]],
    ['- world: {pod: 7, ready: no, crash: on, start: anything}', [{ world: { pod: '7', ready: false, crash: true, start: 'anything' } }]],
    ['- world: {pod: web-0, node: of web-1, up: false}', [{ world: { pod: 'web-0', node: 'of web-1', up: false } }]],
    ['- dns: {name: web-0.nginx}', [{ dns: { name: 'web-0.nginx', type: '' } }]],
    ['- &one {sleep: 3}\n- *one\n- {<<: *one}', [{ sleep: 3 }, { sleep: 3 }, { sleep: 3 }]],
  ])('%s', (steps, expected) => expect(stepsOf(steps)).toEqual(expected))

  it.each([
    ['', { nodes: 3, zones: false, fastFailures: false, steps: [] }],
    ['cluster: {nodes: 0, Zones: yes}', { nodes: 3, zones: true, fastFailures: false, steps: [] }],
    ['cluster: {nodes: 5}\n---\nanything: else', { nodes: 5, zones: false, fastFailures: false, steps: [] }],
  ])('as a whole: %j', (source, expected) => expect(decodeScript(source)).toEqual(E.right(expected)))
})

describe('what the recorder refuses is refused with its line', () => {
  it.each([
    ['- settle: 0\n- sleep: 0', 3, 'step 1 does nothing'],
    ['- kubectl: get pods\n  stdin: x', 3, "there is no field 'stdin'"],
    ['- settle: "0"', 2, 'a whole number was expected'],
    ['- settle: 1.5', 2, 'a whole number was expected'],
    ['- world: {node: node-1}', 2, 'needs up: true or false'],
    ['- world: {pod: web-0, ready: "true"}', 2, 'true or false was expected'],
    [`- kubectl: get pods -l 'app`, 2, 'open quote'],
    ['- {sleep: 1, sleep: 2}', 2, 'unique'],
    ['- [sleep, 1]', 2, 'a map was expected'],
  ])('%s', (steps, line, message) => expect(stepsOf(steps)).toEqual({ line, message: expect.stringContaining(message) }))
})
