import { describe, expect, it } from 'vitest'
import { runLine } from './testing/fake-cluster.js'

const run = (line: string) => runLine(line.split(' '), { objects: [] })
const lines = (text: string): readonly string[] => text.split('\n')

describe('kubectl explain', () => {
  it('shows a kind and its fields in the order and form of the template', () =>
    expect(run('explain sts').stdout).toBe(
      'GROUP:      apps\nKIND:       StatefulSet\nVERSION:    v1\n\nDESCRIPTION:\n    <empty>\nFIELDS:\n' +
        '  apiVersion\t<string>\n    <no description>\n\n  kind\t<string>\n    <no description>\n\n' +
        '  metadata\t<ObjectMeta>\n    <no description>\n\n  spec\t<StatefulSetSpec>\n    <no description>\n\n' +
        '  status\t<StatefulSetStatus>\n    <no description>\n\n\n',
    ))
  it('follows a path through lists, and shows which fields must be there and what they may hold', () => {
    const shown = run('explain pod.spec.containers.livenessProbe.httpGet --recursive').stdout
    expect(shown).toContain('KIND:       Pod\nVERSION:    v1\n\nFIELD: httpGet <HTTPGetAction>\n\n\nDESCRIPTION:\n')
    expect(shown).toContain(
      'FIELDS:\n  host\t<string>\n  httpHeaders\t<[]HTTPHeader>\n    name\t<string> -required-\n    value\t<string> -required-\n' +
        '  path\t<string>\n  port\t<IntOrString> -required-\n  scheme\t<string>\n  enum: HTTP, HTTPS\n\n',
    )
  })
  it('lists all values of one field, and four of one among others', () => {
    expect(run('explain pod.spec.volumes.hostPath.type').stdout).toContain(
      'FIELD: type <string>\nENUM:\n    ""\n    BlockDevice\n    CharDevice\n',
    )
    expect(lines(run('explain pod.spec.volumes.hostPath').stdout)).toContain('  enum: "", BlockDevice, CharDevice, Directory, ....')
  })
  it('tells a map, a list and a scalar apart', () => {
    const shown = lines(run('explain pvc.spec --recursive').stdout)
    expect(shown).toContain('  accessModes\t<[]string>')
    expect(shown).toContain('    requests\t<map[string]Quantity>')
    expect(lines(run('explain pod.metadata.labels').stdout)).toContain('FIELD: labels <map[string]string>')
  })
  it('calls a type as the server does where two groups have one of that name', () =>
    expect(run('explain endpointslices').stdout).toContain('  ports\t<[]EndpointPort>\n'))
  it.each([
    [
      'explain',
      'error: You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.\n',
    ],
    ['explain sts spec', 'error: We accept only this format: explain RESOURCE\n'],
    ['explain foo.spec', 'the server doesn\'t have a resource type "foo"\n'],
    ['explain pod/web-0', 'the server doesn\'t have a resource type "pod/web-0"\n'],
    ['explain pods.spec.nope.more', 'error: field "more" does not exist\n'],
    ['explain pod.metadata.labels.x', 'error: field "x" does not exist\n'],
    ['explain deploy --api-version=apps/v2', 'error: couldn\'t find resource for "apps/v2, Resource=deployments"\n'],
    ['explain pod..spec', 'error: invalid jsonpath syntax, first node must be field node\n'],
    [
      'explain ing',
      'error: explain ingresses is not supported here: the fields of networking.k8s.io/v1 Ingress are not known; its objects are stored as they are\n',
    ],
  ])('%s is refused', (line, stderr) => expect(run(line)).toMatchObject({ exit: 1, stderr }))
  it('knows a group only behind the plural', () => {
    expect(run('explain statefulsets.apps.spec').stdout).toContain('FIELD: spec <StatefulSetSpec>')
    expect(run('explain sts.apps.spec')).toMatchObject({ exit: 1, stderr: 'error: field "spec" does not exist\n' })
  })
})
