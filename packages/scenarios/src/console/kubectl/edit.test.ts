import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { makeConsole } from '../../make-console.js'
import { runScenario } from '../../run-scenario.js'
import { scenario } from '../../scenario.js'

const shown = (...lines: readonly string[]): string => {
  const result = runScenario(scenario({ steps: [] }))
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  const console = makeConsole(result.right.simulation)
  for (const name of ['good', 'same']) console.run(`kubectl create cm ${name} --from-literal=a=b`)
  return lines.map((line) => console.run(line).shown.replace(/kubectl-edit-\d+/, 'kubectl-edit-N')).join('')
}
const kept = 'A copy of your changes has been stored to "/tmp/kubectl-edit-N.yaml"\n'
const invalid = `error: configmaps "good" is invalid\n${kept}error: Edit cancelled, no valid changes were saved.\n`
const content = "kubectl get cm good -o jsonpath='{.data}'"

describe('kubectl edit', () => {
  it('sends what the editor has changed, and leaves no file behind', () =>
    expect(shown('KUBE_EDITOR="sed -i 7s/b/c/" kubectl edit cm good', content, 'ls /tmp')).toBe('configmap/good edited\n{"a":"c"}'))
  it('lets a shell read an editor with quotes, and EDITOR stand in', () =>
    expect(shown(`export EDITOR="sed -i -e 's/a: b/a: c d/'"`, 'kubectl edit cm good', content)).toBe('configmap/good edited\n{"a":"c d"}'))
  it('opens several objects as one list', () =>
    expect(shown('KUBE_EDITOR="sed -i 9s/b/c/" kubectl edit cm good same')).toBe('configmap/good edited\nconfigmap/same skipped\n'))
  it('shows the object beneath a word about what to do', () =>
    expect(shown('KUBE_EDITOR="cat" kubectl edit cm good')).toMatch(
      /^# Please edit the object below\. Lines beginning with a '#' will be ignored,\n(?:#.*\n)+apiVersion: v1\ndata:\n {2}a: b\nkind: ConfigMap\n/,
    ))
  it.each([
    ['KUBE_EDITOR=true kubectl edit cm good', 'Edit cancelled, no changes made.\n'],
    ['KUBE_EDITOR="sed -i s/^data:/dataa:/" kubectl edit cm good', invalid],
    ['KUBE_EDITOR="sed -i s/kind:/kindd:/" kubectl edit cm good', invalid],
    ['KUBE_EDITOR=false kubectl edit cm good', 'error: there was a problem with the editor "false"\n'],
    [
      `KUBE_EDITOR="sed -i 's/name: good/name: other/'" kubectl edit cm good`,
      `${kept}error: At least one of apiVersion, kind and name was changed\n`,
    ],
    ['KUBE_EDITOR=true kubectl edit cm nope', 'Error from server (NotFound): configmaps "nope" not found\n'],
  ])('%s', (line, text) => expect(shown(line)).toBe(text))
  it('writes into the file why the server refused, for the editor that is asked again', () => {
    const script = `printf '%s\\n' 'grep "was not valid" -A1 $1' 'sed -i "s/^data:/dataa:/" $1' > /tmp/change.sh`
    expect(shown(script, 'KUBE_EDITOR="sh /tmp/change.sh" kubectl edit cm good')).toBe(
      'error: configmaps "good" is invalid\n# configmaps "good" was not valid:\n' +
        '# * patch: Invalid value: "map[data:<nil> dataa:map[a:b]]": strict decoding error: unknown field "dataa"\n' +
        `${kept}error: Edit cancelled, no valid changes were saved.\n`,
    )
  })
  it('gives up an editor that is never done', () =>
    expect(shown('echo \'echo " : [" >> $1\' > /tmp/e.sh', 'KUBE_EDITOR="sh /tmp/e.sh" kubectl edit cm good')).toBe(
      `${'error: configmaps "good" is invalid\n'.repeat(5)}${kept}error: Edit cancelled, no valid changes were saved.\n`,
    ))
  it('without an editor says what to do', () => expect(shown('kubectl edit cm good')).toContain('KUBE_EDITOR="sed -i s/before/after/"'))
})
