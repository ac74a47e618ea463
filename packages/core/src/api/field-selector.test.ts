import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { fieldSelectorRefusal, matchesFieldSelector, parseFieldSelector } from './field-selector.js'

const pod = {
  kind: 'Pod',
  metadata: { name: 'web-0', namespace: 'shop' },
  spec: { nodeName: 'node-1', restartPolicy: 'Always' },
  status: { phase: 'Running', podIP: '10.244.0.3', podIPs: [{ ip: '10.244.0.3' }] },
}
const event = {
  kind: 'Event',
  metadata: { name: 'web-0.1' },
  involvedObject: { kind: 'Pod', name: 'web-0' },
  reason: 'Started',
  type: 'Normal',
  source: { component: 'kubelet' },
}

describe('a field selector', () => {
  it.each([
    [pod, '', true],
    [pod, 'metadata.name=web-0', true],
    [pod, 'metadata.name==web-0,status.phase!=Succeeded,status.phase!=Failed', true],
    [pod, 'metadata.namespace=default', false],
    [pod, 'spec.nodeName=node-1', true],
    [pod, 'spec.host=node-1', true],
    [pod, 'spec.hostNetwork=false', true],
    [pod, 'status.nominatedNodeName=', true],
    [pod, 'status.phase!=Running', false],
    [event, 'involvedObject.name=web-0,involvedObject.kind=Pod', true],
    [event, 'source=kubelet,type!=Warning', true],
    [event, 'reason=Killing', false],
    [{ kind: 'Node', metadata: { name: 'node-1' }, spec: {} }, 'spec.unschedulable=false', true],
  ])('on %j: %j is %s', (object, text, expected) => {
    const selector = parseFieldSelector(text)
    if (E.isLeft(selector)) throw new Error(selector.left)
    expect(fieldSelectorRefusal(object.kind, selector.right)).toBeUndefined()
    expect(matchesFieldSelector(selector.right, object)).toBe(expected)
  })

  it.each([
    ['Pod', 'foo=bar', 'field label not supported: foo'],
    ['Pod', 'metadata.name=a,spec.unknown!=b', 'field label not supported: spec.unknown'],
    ['StatefulSet', 'status.replicas=3', '"status.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ['Job', 'spec.x=1', 'field label "spec.x" not supported for Job'],
    ['Node', 'metadata.namespace=x', 'field label not supported: metadata.namespace'],
  ])('of a %s by %j is refused', (kind, text, refusal) => {
    const selector = parseFieldSelector(text)
    expect(E.isRight(selector) && fieldSelectorRefusal(kind, selector.right)).toBe(refusal)
  })

  it.each([
    ['metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    ['a=b,c', "invalid selector: 'a=b,c'; can't understand 'c'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a=\\b', 'invalid field selector: invalid escape sequence: \\b'],
  ])('%j cannot be understood', (text, error) => {
    expect(parseFieldSelector(text)).toEqual(E.left(error))
  })

  it('knows escapes', () => {
    expect(parseFieldSelector('a=b\\,c\\=d\\\\,e=f')).toEqual(
      E.right([
        { field: 'a', operator: '=', value: 'b,c=d\\' },
        { field: 'e', operator: '=', value: 'f' },
      ]),
    )
  })
})
