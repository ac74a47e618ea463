import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { makeConsole } from '../../make-console.js'
import { runScenario } from '../../run-scenario.js'
import { scenario } from '../../scenario.js'

const shown = (...lines: readonly string[]): string => {
  const result = runScenario(scenario({ steps: [] }))
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  const console = makeConsole(result.right.simulation)
  return lines.map((line) => console.run(line).shown).join('')
}

describe('kubectl config', () => {
  it('remembers a namespace from line to line', () =>
    expect(
      shown(
        'kubectl create ns team',
        'kubectl config set-context --current --namespace=team',
        'kubectl create cm mine',
        'kubectl get cm mine -n team -o name; kubectl get cm mine -n default',
        'kubectl config view --minify -o jsonpath=\'{..namespace}{"\\n"}\'',
        'kubectl config unset contexts.statefold.namespace',
        'kubectl get cm mine',
      ),
    ).toBe(
      'namespace/team created\nContext "statefold" modified.\nconfigmap/mine created\nconfigmap/mine\n' +
        'Error from server (NotFound): configmaps "mine" not found\nteam\nProperty "contexts.statefold.namespace" unset.\n' +
        'Error from server (NotFound): configmaps "mine" not found\n',
    ))
  it('does not hold a manifest to that namespace, as it does with -n', () => {
    const apply = (flag: string): string =>
      `kubectl apply ${flag} -f - <<'END'\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: theirs, namespace: default}\nEND`
    const choose = 'kubectl config set-context --current --namespace=team'
    expect(shown(choose, apply(''))).toContain('configmap/theirs created\n')
    expect(shown(apply('-n team'))).toContain('does not match the namespace "team"')
  })
  it('lists its one context', () =>
    expect(shown('kubectl config get-contexts', 'kubectl config get-clusters')).toBe(
      'CURRENT   NAME        CLUSTER     AUTHINFO    NAMESPACE\n*         statefold   statefold   statefold   \nNAME\nstatefold\n',
    ))
  it.each([
    ['kubectl config use-context other', 'error: no context exists with the name: "other"\n'],
    ['kubectl get pods --context=other', 'Error in configuration: context was not found for specified context: other\n'],
    ['kubectl config get-contexts other --no-headers', '\nerror: context other not found\n'],
    ['kubectl config set-context --current x', 'error: you cannot specify both a context name and --current\n'],
  ])('%s is refused', (line, text) => expect(shown(line)).toBe(text))
  it('says of what it does not do what to do', () =>
    expect(shown('kubectl config set-context other --namespace=x')).toContain('kubectl config set-context --current --namespace=NAME\n'))
})
