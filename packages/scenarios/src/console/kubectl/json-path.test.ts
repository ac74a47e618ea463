import * as E from 'fp-ts/lib/Either.js'
import type { Json } from '@statefold/core'
import { describe, expect, it } from 'vitest'
import { executeJsonPath, parseJsonPath, relaxedJsonPath } from './json-path.js'

const list: Json = {
  kind: 'List',
  items: [
    {
      metadata: { name: 'web-0', labels: { app: 'nginx', 'a.b/c': 'd' } },
      spec: { n: 1, containers: [{ image: 'nginx:1.27' }, { image: 'side:1' }] },
      status: { ready: true },
    },
    {
      metadata: { name: 'web-1', labels: { app: 'nginx' } },
      spec: { n: 2, containers: [{ image: 'nginx:1.28' }] },
      status: { ready: false },
    },
    { metadata: { name: 'db-0', labels: { app: 'db' } }, spec: { n: 3, containers: [] } },
  ],
}

const run = (template: string, input: Json = list): string => {
  const parsed = parseJsonPath(template)
  if (E.isLeft(parsed)) return `! ${parsed.left}`
  const result = executeJsonPath(parsed.right, input, true)
  return E.isLeft(result) ? `! ${result.left}` : result.right
}

describe('jsonpath', () => {
  it.each<[template: string, text: string]>([
    ['{.kind}', 'List'],
    ['kind is {.kind}!', 'kind is List!'],
    ['{.items[*].metadata.name}', 'web-0 web-1 db-0'],
    ['{.items[0].metadata.name}', 'web-0'],
    ['{.items[-1].metadata.name}', 'db-0'],
    ['{.items[-1:].metadata.name}', 'db-0'],
    ['{.items[0:2].metadata.name}', 'web-0 web-1'],
    ['{.items[::2].metadata.name}', 'web-0 db-0'],
    ['{.items[0,2].metadata.name}', 'web-0 db-0'],
    ["{.items[*]['metadata.name']}", ''],
    ["{.items[0].metadata.labels['a.b/c']}", 'd'],
    ['{.items[0].metadata.labels.a\\.b/c}', 'd'],
    ["{.items[*]['spec']['n']}", '1 2 3'],
    ['{.items[*].spec.containers[*].image}', 'nginx:1.27 side:1 nginx:1.28'],
    ['{..image}', 'nginx:1.27 side:1 nginx:1.28'],
    ['{.items[?(@.metadata.name=="web-1")].spec.n}', '2'],
    ['{.items[?(@.spec.n>1)].metadata.name}', 'web-1 db-0'],
    ['{.items[?(@.spec.n<=2)].metadata.name}', 'web-0 web-1'],
    ['{.items[?(@.metadata.labels.app!="nginx")].metadata.name}', 'db-0'],
    ['{.items[?(@.status)].metadata.name}', 'web-0 web-1'],
    ['{.items[?(@.status.ready==true)].metadata.name}', 'web-0'],
    ['{range .items[*]}{.metadata.name}={.spec.n}{"\\n"}{end}', 'web-0=1\nweb-1=2\ndb-0=3\n'],
    ["{range .items[*]}{.metadata.name}{'\\t'}{end}", 'web-0\tweb-1\tdb-0\t'],
    [
      '{range .items[*]}{.metadata.name}:{range .spec.containers[*]}[{.image}]{end} {end}',
      'web-0:[nginx:1.27][side:1] web-1:[nginx:1.28] db-0: ',
    ],
    ['{.items[1].metadata}', '{"labels":{"app":"nginx"},"name":"web-1"}'],
    ['{.missing}', ''],
    ['{.items[*].status.ready}', 'true false'],
    ['{.items[0].metadata.name}{" "}{.items[1].metadata.name}', 'web-0 web-1'],
    ['{$.kind}', 'List'],
    ['{.kind', '! unclosed action'],
    ['{.items[9].metadata}', ''],
  ])('%s gives %j', (template, text) => {
    expect(run(template)).toBe(text)
  })

  it('keeps quiet about what is missing only when told to', () => {
    const parsed = parseJsonPath('{.nowhere.else}')
    if (E.isLeft(parsed)) throw new Error(parsed.left)
    expect(executeJsonPath(parsed.right, list, true)).toEqual(E.right(''))
    expect(executeJsonPath(parsed.right, list, false)).toEqual(E.left('nowhere is not found'))
  })

  it.each([
    ['metadata.name', '{.metadata.name}'],
    ['.metadata.name', '{.metadata.name}'],
    ['{metadata.name}', '{.metadata.name}'],
    ['{.metadata.name}', '{.metadata.name}'],
  ])('reads %s as %s', (source, path) => {
    expect(relaxedJsonPath(source)).toEqual(E.right(path))
  })
})
