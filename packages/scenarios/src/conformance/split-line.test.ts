import * as E from 'fp-ts/lib/Either.js'
import { expect, it } from 'vitest'
import { splitLine } from './split-line.js'

it.each([
  ['get  pods\n-A', ['get', 'pods', '-A']],
  [`patch sts web -p '{"spec": {"replicas": 2}}'`, ['patch', 'sts', 'web', '-p', '{"spec": {"replicas": 2}}']],
  [
    String.raw`get po -o jsonpath={.metadata.labels.app\.io/name}`,
    ['get', 'po', '-o', String.raw`jsonpath={.metadata.labels.app\.io/name}`],
  ],
  [`-o jsonpath={.x}{"\\n"}`, ['-o', 'jsonpath={.x}{\\n}']],
  [`label pod a b=''`, ['label', 'pod', 'a', 'b=']],
  [`x "" ''`, ['x', '', '']],
  ['a\tb', ['a\tb']],
])('%s', (line, words) => expect(splitLine(line)).toEqual(E.right(words)))

it('says which line has an open quote', () => expect(splitLine('get "pods')).toEqual(E.left('open quote in "get \\"pods"')))
