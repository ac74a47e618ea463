/** Lines and answers of kubectl v1.36.3 against a real cluster. */
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { makeConsole } from '../../make-console.js'
import { runScenario } from '../../run-scenario.js'
import { scenario } from '../../scenario.js'
import { filesOf } from '../../testing/files-of.js'

const configMap = (name: string, labels = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${labels === '' ? '' : `, labels: {${labels}}`}}\n`
const files = filesOf({
  'one.yaml': configMap('one', 'app: x'),
  'two.yaml': configMap('two', 'app: x'),
  'other.yaml': configMap('other'),
  'service.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: web, labels: {app: x}}\nspec: {ports: [{port: 80}]}\n',
})
const open = () => {
  const result = runScenario(scenario({ steps: [] }, { files }))
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return makeConsole(result.right.simulation, files)
}
const shown = (...lines: readonly string[]): string => {
  const console = open()
  return lines.map((line) => console.run(line).stdout).join('')
}
const refusal = (line: string): string => open().run(line).stderr

describe('kubectl apply --prune', () => {
  it('takes away what was applied with these labels and is no longer named', () =>
    expect(
      shown(
        'kubectl create cm by-hand && kubectl label cm by-hand app=x',
        'kubectl apply -f one.yaml -f service.yaml -f other.yaml',
        'kubectl apply -f two.yaml --prune -l app=x',
        'kubectl get cm,svc -o name',
      ),
    ).toBe(
      'configmap/by-hand created\nconfigmap/by-hand labeled\nconfigmap/one created\nservice/web created\nconfigmap/other created\n' +
        'configmap/two created\nconfigmap/one pruned\nservice/web pruned\n' +
        'configmap/by-hand\nconfigmap/kube-root-ca.crt\nconfigmap/other\nconfigmap/two\nservice/kubernetes\n',
    ))
  it('looks at the kinds that are allowed only, and changes nothing in a dry run', () =>
    expect(
      shown(
        'kubectl apply -f one.yaml -f service.yaml',
        'kubectl apply -f two.yaml --prune --all --prune-allowlist=core/v1/ConfigMap --dry-run=client',
        'kubectl apply -f two.yaml --prune --all --prune-allowlist=core/v1/ConfigMap --dry-run=server',
        'kubectl get cm -l app=x -o name',
      ),
    ).toBe(
      'configmap/one created\nservice/web created\nconfigmap/two created (dry run)\nconfigmap/one pruned (dry run)\n' +
        'configmap/two created (server dry run)\nconfigmap/one pruned (server dry run)\nconfigmap/one\n',
    ))
  it.each([
    ['kubectl apply -f one.yaml --prune', 'error: all resources selected for prune without explicitly passing --all.'],
    ['kubectl apply -f one.yaml --prune --all -l app=x', 'error: cannot set --all and --selector at the same time\n'],
    ['kubectl apply -f one.yaml --prune --all --prune-allowlist=core/v1/Foo', 'error: no matches for kind "Foo" in version "v1"\n'],
    [
      'kubectl apply -f one.yaml --prune --all --prune-allowlist=Foo',
      'error: invalid GroupVersionKind format: Foo, please follow <group/version/kind>\n',
    ],
    ['kubectl apply foo', "error: Unexpected args: [foo]\nSee 'kubectl apply -h' for help and examples\n"],
  ])('%s is refused', (line, text) => {
    expect(refusal(line).startsWith(text)).toBe(true)
    expect(shown(`${line}; kubectl get cm -l app=x -o name`)).toBe('')
  })
})

describe('what was applied last', () => {
  it('is shown, and set', () =>
    expect(
      shown(
        'kubectl apply -f one.yaml && kubectl apply view-last-applied cm one',
        'kubectl apply set-last-applied -f one.yaml && kubectl apply set-last-applied -f one.yaml',
        'kubectl apply view-last-applied cm/one -o json',
      ),
    ).toBe(
      'configmap/one created\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations: {}\n  labels:\n    app: x\n  name: one\n  namespace: default\n' +
        'configmap/one configured\nset-last-applied one: no changes required.\n' +
        '{\n  "apiVersion": "v1",\n  "kind": "ConfigMap",\n  "metadata": {\n    "labels": {\n      "app": "x"\n    },\n    "name": "one",\n    "namespace": "default"\n  }\n}\n',
    ))
  it('is made only when told to', () => {
    expect(refusal('kubectl create cm one >/dev/null; kubectl apply set-last-applied -f one.yaml')).toBe(
      'error: no last-applied-configuration annotation found on resource: one, to create the annotation, run the command with --create-annotation\n',
    )
    expect(shown('kubectl create cm one >/dev/null; kubectl apply set-last-applied --create-annotation -f one.yaml')).toBe(
      'configmap/one configured\n',
    )
  })
  it.each([
    ['kubectl apply view-last-applied', 'error: You must provide one or more resources by argument or filename.'],
    ['kubectl apply view-last-applied deploy/nope', 'Error from server (NotFound): deployments.apps "nope" not found\n'],
    ['kubectl apply view-last-applied cm x -o foo', "error: Unexpected -o output mode: foo, the flag 'output' must be one of yaml|json\n"],
    ['kubectl apply set-last-applied -f one.yaml', 'Error from server (NotFound): configmaps "one" not found\n'],
  ])('%s is refused', (line, text) => expect(refusal(line).startsWith(text)).toBe(true))
})
